"""Plain functions that make one row each, with what a test does not care about filled in.

Each area adds its own in `tests/factories_<area>.py`.
"""

import itertools
from datetime import date
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from orne_accueil.accounts.models import Delegation, Mandate, Organisation, Person, User
from orne_accueil.common import clock
from orne_accueil.common.text import fold
from orne_accueil.territory.models import Commune, Epci

_numbers = itertools.count(1)


def make_epci(**fields: Any) -> Epci:
    number = next(_numbers)
    return Epci.objects.create(**{"siren": f"24{number:07}", "name": f"du Pays {number}", "kind": "CC"} | fields)


def make_commune(name: str = "", **fields: Any) -> Commune:
    """A commune of the Orne that is in no official file, at Argentan's position unless told otherwise."""
    number = next(_numbers)
    name = name or f"Bourg-{number}"
    defaults = {
        "code_insee": f"61{number % 1000:03}",
        "name": name,
        "official_name": name,
        "folded_name": fold(name),
        "postal_codes": ["61200"],
        "population": 1200,
        "latitude": 48.7443,
        "longitude": -0.0202,
    }
    return Commune.objects.create(**defaults | fields)


def make_user(email: str = "", password: str | None = None, *, confirmed: bool = True, **fields: Any) -> User:
    """An account whose address was proven, without a Person."""
    email = email or f"compte{next(_numbers)}@exemple.test"
    user = User.objects.create_user(email, password, **{"confirmed_at": clock.now() if confirmed else None} | fields)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=confirmed)
    return user


def make_person(name: str = "", *, user: bool = False, **fields: Any) -> Person:
    """Somebody. With `user`, she has an account at her address."""
    number = next(_numbers)
    name = name or f"Personne {number}"
    if "email" not in fields:
        fields["email"] = f"{fold(name).replace(' ', '.')}.{number}@exemple.test"
    if user:
        fields["user"] = make_user(fields["email"])
    return Person.objects.create(name=name, **fields)


def make_organisation(**fields: Any) -> Organisation:
    return Organisation.objects.create(**{"kind": "association", "name": f"Association {next(_numbers)}"} | fields)


def make_mandate(person: Person, *, starts_on: date = date(2026, 3, 22), **fields: Any) -> Mandate:
    """A mandate that holds since March 2026, for a commune of its own unless told otherwise."""
    if not fields.keys() & {"commune", "epci", "is_departmental"}:
        fields["commune"] = make_commune()
    return Mandate.objects.create(person=person, starts_on=starts_on, **{"title": "maire"} | fields)


def make_delegation(mandate: Mandate, delegate: Person, **fields: Any) -> Delegation:
    return Delegation.objects.create(mandate=mandate, delegate=delegate, **{"starts_on": mandate.starts_on} | fields)


def make_second_factor(user: User) -> Authenticator:
    """The authenticator application of that account."""
    found = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    return found or TOTP.activate(user, generate_totp_secret()).instance
