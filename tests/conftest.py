"""What every test may ask for: the cast, browsers signed in as one of them, a clock that stands still.

Alice owns, Bob is her colleague, Chloé holds the same role elsewhere *with files of her own*, David is a
stranger with a full portfolio; the coordinator sees everything. Each area gives them what they hold.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
import time_machine
from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from orne_accueil.accounts import roles
from orne_accueil.accounts.models import Person, User
from orne_accueil.common.clock import PARIS
from tests.factories import make_person, make_second_factor

pytest_plugins = ["tests.plugins", "tests.plugins_smtp"]

ClientFor = Callable[..., Client]


# --- The cast ---


@pytest.fixture
def alice(db: None) -> Person:
    """She owns what the test is about."""
    return make_person("Alice Martin", user=True, email="alice@exemple.test")


@pytest.fixture
def bob(db: None) -> Person:
    """Alice's colleague, where there can be one."""
    return make_person("Bob Leroy", user=True, email="bob@exemple.test")


@pytest.fixture
def chloe(db: None) -> Person:
    """The same role as Alice's, elsewhere."""
    return make_person("Chloé Petit", user=True, email="chloe@exemple.test")


@pytest.fixture
def david(db: None) -> Person:
    """A stranger to all of them."""
    return make_person("David Moreau", user=True, email="david@exemple.test")


@pytest.fixture
def coordinator(db: None) -> Person:
    """The Département's coordinator: superuser."""
    person = make_person("Colette Roy", user=True, email="coordination@exemple.test")
    User.objects.filter(pk=person.user_id).update(is_staff=True, is_superuser=True)
    person.user.refresh_from_db()
    return person


# --- Signed in ---


def sign_in(client: Client, person: Person, *, second_factor: bool = True) -> Client:
    """Open a session for that person; with `second_factor`, one that her authenticator application confirmed.

    The factor is only given to those who need one: holders of a post.
    """
    assert person.user is not None, f"{person} has no account"
    client.force_login(person.user, backend=settings.AUTHENTICATION_BACKENDS[0])
    if second_factor and roles.needs_second_factor(person.user):
        factor = make_second_factor(person.user)
        session = client.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [
            {"method": "mfa", "at": time.time(), "id": factor.pk, "type": factor.type}
        ]
        session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(person.user.pk)
        session.save()
    return client


@pytest.fixture
def client_for() -> ClientFor:
    """`client_for(person, second_factor=True)`: a browser signed in as her; `client_for(None)`: a visitor."""

    def open_client(person: Person | None, *, second_factor: bool = True, **options: bool) -> Client:
        client = Client(**options)
        return client if person is None else sign_in(client, person, second_factor=second_factor)

    return open_client


# --- Time ---


def paris(text: str) -> datetime:
    """An instant written as a clock in the Orne shows it: `paris("2026-12-01 14:00")`."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.fixture
def clock_at() -> Iterator[Callable[[str], time_machine.Traveller]]:
    """`clock_at("2026-12-01 14:00")` stops the clock there, in the Orne's time; call it again to move on."""
    travels: list[time_machine.travel] = []

    def stop(text: str) -> time_machine.Traveller:
        if travels:
            travels.pop().stop()
        travel = time_machine.travel(paris(text), tick=False)
        traveller = travel.start()
        travels.append(travel)
        return traveller

    yield stop
    for travel in travels:
        travel.stop()


@pytest.fixture(autouse=True)
def forget_rate_limits(request: pytest.FixtureRequest) -> Iterator[None]:
    """Rate limits live in the cache table: a test that commits must not leave its own to the next."""
    marker = request.node.get_closest_marker("django_db")
    commits = bool(marker and marker.kwargs.get("transaction")) or "transactional_db" in request.fixturenames
    if commits:
        request.getfixturevalue("transactional_db")
    yield
    if commits:
        cache.clear()
