"""Every address × every role, GET and POST: what is written in `table.txt` is what each of them gets.

A new address without a line fails, and so does a line without an address. After a deliberate change, write the table
anew with `python -m tests.permissions.write` and read its diff: a 200 that appears in a stranger's column is a leak.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from coworking import actions, notifications
from orne_accueil.accounts.models import Person
from orne_accueil.common import clock
from orne_accueil.common.links import make_token
from orne_accueil.outbox.models import Message
from tests.conftest import ClientFor
from tests.factories import make_commune, make_mandate
from tests.factories_coworking import NOW, half_day, make_booking, make_room, make_space

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]

TABLE = Path(__file__).with_name("table.txt")
ROLES = ("visitor", "david", "alice", "chloe", "bob", "mayor", "no_factor", "coordinator")
"""A visitor; David, a stranger with bookings of his own; Alice, whose booking it is; Chloé, who runs another space;
Bob, who runs this one; a mayor; an animator of this space without second factor; the coordination."""


def addresses() -> list[tuple[str, dict[str, Any]]]:
    """Every named address with the names of its arguments, in the order of the resolver, once."""
    found: dict[str, dict[str, Any]] = {}

    def walk(patterns: Any, namespace: str) -> None:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                inner = ":".join(filter(None, [namespace, pattern.namespace]))
                walk(pattern.url_patterns, inner)
            elif isinstance(pattern, URLPattern) and pattern.name:
                found.setdefault(":".join(filter(None, [namespace, pattern.name])), pattern.pattern.converters)

    walk(get_resolver().url_patterns, "")
    return list(found.items())


class World:
    """One object of each kind, Alice's and Bob's, and a full portfolio for everybody else."""

    def __init__(self, people: dict[str, Person]) -> None:
        bob, chloe, alice, david = (people[name] for name in ("bob", "chloe", "alice", "david"))
        self.space = make_space(animators=(bob, people["no_factor"]), slug="epn-de-bob")
        self.room = make_room(self.space, units=2)
        self.booking = make_booking(self.room, alice)
        other = make_space(animators=(chloe,))
        make_booking(make_room(other, needs_approval=True), david)
        start, end = clock.day_bounds(half_day().day.replace(day=2))
        self.closure = actions.close_space(
            space=self.space, room=None, start=start, end=end, reason="Inventaire", by=bob, at=NOW
        )
        make_mandate(people["mayor"], commune=make_commune())
        self.people = people
        self.message = Message.objects.about(self.booking).first()

    def arguments(self, name: str, converters: dict[str, Any]) -> dict[str, Any] | None:
        """Values for an address's arguments; None where it cannot be reversed by name."""
        return {argument: self._value(name, argument) for argument in converters}

    def _value(self, name: str, argument: str) -> Any:
        by_name = {
            "slug": self.space.slug,
            "reference": self.booking.reference,
            "code_insee": self.space.commune.code_insee,
            "space_id": self.space.pk,
            "room_id": self.room.pk,
            "closure_id": self.closure.pk,
            "person_id": self.people["bob"].pk,
            "name": "message",
            "number": 1,
            "token": self._token(name),
            "content_type_id": 1,
            "url": "rien",
        }
        if argument in by_name:
            return by_name[argument]
        holders = {
            "space": self.space,
            "room": self.room,
            "booking": self.booking,
            "person": self.people["alice"],
            "user": self.people["alice"].user,
            "message": self.message,
            "commune": self.space.commune,
        }
        return next((row.pk for key, row in holders.items() if f"_{key}_" in f"{name}_" and row), 0)

    def _token(self, name: str) -> str:
        purpose = {"coworking:release": notifications.RELEASE, "coworking:decide": notifications.DECIDE}.get(name, "?")
        detail = str(self.people["bob"].pk)
        return make_token(purpose, str(self.booking.reference), expires_at=self.booking.ends_at, detail=detail)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever the request did is taken back. Marked as the test's own, for actions that must be outermost."""
    around = transaction.atomic()
    around._from_testcase = True
    with around:
        yield
        transaction.set_rollback(True)


def ask(client: Client, method: str, address: str) -> str:
    """The status, and where a redirect leads when it is the sign-in or the second factor."""
    cookies = deepcopy(client.cookies)
    with undone():
        answer = getattr(client, method)(address)
        if answer.streaming:
            b"".join(answer.streaming_content)
        for close in answer._resource_closers:  # answer.close() would also close the test's connection
            close()
    client.cookies = cookies  # a POST may have signed her out
    target = answer.headers.get("Location", "")
    for word, mark in (("/compte/login/", "login"), ("/compte/2fa/", "2fa"), ("/compte/reauthenticate", "again")):
        if word in target and word not in address:
            return mark
    return str(answer.status_code)


def measure(world: World, clients: dict[str, Client]) -> list[str]:
    """The lines of the table as they are now."""
    lines = []
    for name, converters in addresses():
        try:
            address = reverse(name, kwargs=world.arguments(name, converters))
        except NoReverseMatch:
            lines.append(f"{name} (unreachable)")
            continue
        for method in ("get", "post"):
            answers = " ".join(f"{ask(clients[role], method, address):>6}" for role in ROLES)
            lines.append(f"{name:<48} {method.upper():<5} {answers}")
    return lines


@pytest.fixture
def measured(
    clock_at: Any,
    alice: Person,
    bob: Person,
    chloe: Person,
    david: Person,
    coordinator: Person,
    client_for: ClientFor,
) -> list[str]:
    clock_at("2026-11-24 10:00")
    from tests.factories import make_person

    people = {
        "alice": alice,
        "bob": bob,
        "chloe": chloe,
        "david": david,
        "coordinator": coordinator,
        "mayor": make_person("Maire", user=True),
        "no_factor": make_person("Sans second facteur", user=True),
    }
    clients: dict[str, Client] = {"visitor": client_for(None)}
    world = World(people)
    for name, person in people.items():
        clients[name] = client_for(person, second_factor=name != "no_factor")
    return measure(world, clients)


def test_every_address_answers_every_role_as_written(measured: list[str]) -> None:
    expected = [line for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]

    assert [line for line in measured if " 500" in line] == []
    surprises = sorted(set(measured) ^ set(expected))
    assert surprises == [], "\n".join(surprises)


@pytest.mark.parametrize("role", ["visitor", "david"])
def test_the_table_shows_a_stranger_no_back_office(role: str) -> None:
    column = ROLES.index(role)
    for line in TABLE.read_text().splitlines():
        name, *rest = line.split()
        if name.startswith("admin:") and rest[0] != "(unreachable)":
            assert rest[1 + column] in {"login", "404"}, line
