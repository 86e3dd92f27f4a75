"""Who must sign in with a second factor, and where. Domains add their own posts and pages."""

from collections.abc import Callable
from datetime import date

from django.contrib.auth.models import AnonymousUser

from orne_accueil.common import clock

from . import selectors
from .models import Person, User

Predicate = Callable[[Person, date], bool]

_staff_roles: list[Predicate] = []
_prefixes: list[str] = ["/admin/", "/mairie/"]


def register_staff_role(predicate: Predicate) -> Predicate:
    """Declare a post of a domain: `predicate(person, day)` says whether she holds it. Also a decorator."""
    if predicate not in _staff_roles:
        _staff_roles.append(predicate)
    return predicate


def guard_prefix(prefix: str) -> None:
    """Declare that addresses starting with `prefix` (with both slashes) belong to those who hold a post."""
    if prefix not in _prefixes:
        _prefixes.append(prefix)


def guarded_prefixes() -> tuple[str, ...]:
    return tuple(_prefixes)


def is_coordinator(user: User | AnonymousUser | None) -> bool:
    """Whether she coordinates for the Département: sees and may do everything."""
    return bool(user and user.is_authenticated and user.is_active and user.is_superuser)


def needs_second_factor(user: User | AnonymousUser) -> bool:
    """Whether she acts for others: staff, an active mandate or delegation, or a domain's post."""
    if not isinstance(user, User):
        return False
    if user.is_staff or user.is_superuser:
        return True
    person = selectors.person_of(user)
    if person is None:
        return False
    today = clock.today()
    return bool(selectors.powers(person, today)) or any(holds(person, today) for holds in _staff_roles)
