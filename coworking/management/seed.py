"""Volume data for benchmarks: spaces, rooms, people, and years of bookings that never overlap. Reproducible."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model

from coworking.actions.spaces import LANDMARK_KIND, landmark_of
from coworking.enums import BookingMode, BookingState, Presence, RoomKind, SpaceKind, Usage
from coworking.models import Booking, Equipment, Occupation, Room, Space, Unit
from coworking.rules import hours
from orne_accueil.accounts.models import Person
from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError
from orne_accueil.territory.actions import upsert_landmarks
from orne_accueil.territory.models import Commune

PER_ROOM_AND_WEEK = 10_000 / (60 * 52)
"""3.2 bookings: the density of the peers' measurements, whatever the volume."""
WEEKS_AHEAD = 8
CHUNK = 50_000

SLUG = "charge-"
EXPRESSIONS = (
    "Mo-Fr 09:00-12:30,13:30-18:00", "Mo-Fr 08:30-12:00,14:00-18:00", "Mo-Fr 09:00-18:00",
    "Mo-Fr 09:00-12:00,13:30-17:30",
)  # fmt: skip
KINDS = (
    (RoomKind.DESK, BookingMode.HALF_DAY, 6, 1), (RoomKind.MEETING, BookingMode.FREE, 1, 10),
    (RoomKind.OFFICE, BookingMode.HALF_DAY, 1, 2),
)  # fmt: skip
"""Kind, mode, units and capacity of the rooms, in turn."""


@dataclass(frozen=True)
class Volume:
    """How much to make. What is not given follows from the density."""

    bookings: int
    rooms: int
    spaces: int
    years: int
    seed: int = 61

    @classmethod
    def of(cls, bookings: int, *, rooms: int | None, spaces: int | None, years: int | None, seed: int) -> "Volume":
        """Fill in what is missing: a year up to 100,000 bookings, ten beyond; three rooms a space."""
        years = years or (1 if bookings < 100_000 else 10)
        rooms = rooms or max(1, round(bookings / (PER_ROOM_AND_WEEK * 52 * years)))
        return cls(bookings, rooms, spaces or max(1, rooms // 3), years, seed)


def seed(volume: Volume, *, at: datetime, say: Callable[[str], None]) -> None:
    """Write the volume beside what is there already, in one transaction, then ANALYZE.

    1. spaces and their landmarks, rooms, units; 2. people; 3. bookings with their occupations, by COPY, under the
    exclusion constraint like any other. Raises DomainError without communes, or when the rooms could not hold so many.
    """
    first = Space.objects.filter(slug__startswith=SLUG).count()
    chance = random.Random(f"{volume.seed}/{first}")  # noqa: S311 - reproducible, not secret
    with transaction.atomic():
        rooms = _places(volume, first)
        say(f"{volume.spaces} espaces, {len(rooms)} salles.")
        people = _people(max(50, min(20_000, volume.bookings // 50)))
        say(f"{len(people)} personnes.")
        written = 0
        rows = _bookings(volume, rooms, people, chance, at)
        while chunk := list(islice(rows, CHUNK)):
            _write(chunk)
            written += len(chunk)
            say(f"{written} réservations.")
    with connection.cursor() as cursor:
        tables = [model._meta.db_table for model in (Space, Room, Unit, Person, Booking, Occupation)]
        cursor.execute(f"ANALYZE {', '.join(tables)}")


# --- Places and people ---


@dataclass(frozen=True)
class _Room:
    """What the generator needs to know of a room."""

    pk: int
    units: tuple[int, ...]
    mode: str
    expression: str


def _places(volume: Volume, first: int) -> list[_Room]:
    communes = list(Commune.objects.order_by("code_insee"))
    if not communes:
        raise DomainError("Chargez d’abord les communes : manage.py load_territory.", code="no_territory")
    spaces = Space.objects.bulk_create(
        _space(first + number, communes[(first + number) % len(communes)]) for number in range(volume.spaces)
    )
    upsert_landmarks(kind=LANDMARK_KIND, landmarks=[landmark_of(space) for space in spaces])
    rooms = Room.objects.bulk_create(_room(spaces[number % len(spaces)], number) for number in range(volume.rooms))
    units = Unit.objects.bulk_create(
        Unit(room=room, position=position)
        for number, room in enumerate(rooms)
        for position in range(1, KINDS[number % len(KINDS)][2] + 1)
    )
    screen, _ = Equipment.objects.get_or_create(slug="ecran", defaults={"name": "Écran"})
    screen.rooms.add(*rooms[::2])
    keys: dict[int, list[int]] = {}
    for unit in units:
        keys.setdefault(unit.room_id, []).append(unit.pk)
    return [_Room(room.pk, tuple(keys[room.pk]), room.mode, room.space.opening_hours) for room in rooms]


def _space(number: int, commune: Commune) -> Space:
    return Space(
        name=f"Espace de charge {number + 1}",
        slug=f"{SLUG}{number + 1}",
        kind=SpaceKind.EPN,
        commune=commune,
        address="1 place de la Mairie",
        postal_code=commune.postal_code or "61000",
        latitude=commune.latitude,
        longitude=commune.longitude,
        opening_hours=EXPRESSIONS[number % len(EXPRESSIONS)],
    )


def _room(space: Space, number: int) -> Room:
    kind, mode, _, capacity = KINDS[number % len(KINDS)]
    return Room(
        space=space, name=f"{kind.label} {number + 1}", kind=kind, mode=mode, capacity=capacity, position=number % 10
    )  # fmt: skip


def _people(count: int) -> list[int]:
    first = Person.objects.filter(email__endswith="@charge.test").count()
    people = Person.objects.bulk_create(
        Person(name=f"Personne {number}", email=f"personne-{number}@charge.test")
        for number in range(first, first + count)
    )
    return [person.pk for person in people]


# --- Bookings ---


@dataclass(frozen=True)
class _Row:
    """A booking and its one occupation."""

    booking: dict[str, Any]
    unit: int
    live: bool


def _bookings(
    volume: Volume, rooms: Sequence[_Room], people: Sequence[int], chance: random.Random, at: datetime
) -> Iterator[_Row]:
    """Week by week and room by room, as many bookings as the density asks, each in a slot of its own."""
    today = clock.local(at).date()
    weeks = 52 * volume.years
    monday = today - timedelta(days=today.weekday()) - timedelta(weeks=weeks - WEEKS_AHEAD)
    places = weeks * len(rooms)
    made = wanted = 0.0
    for week in range(weeks):
        for room in rooms:
            wanted += volume.bookings / places
            free = _slots(room, monday + timedelta(weeks=week))
            count = min(round(wanted - made), len(free) * len(room.units))
            for index in chance.sample(range(len(free) * len(room.units)), count):
                start, end = free[index // len(room.units)]
                yield _row(room, room.units[index % len(room.units)], start, end, chance.choice(people), chance, at)
            made += count
    if made < volume.bookings:
        raise DomainError(
            f"Ces salles ne peuvent porter que {made:.0f} réservations sur {volume.years} an(s) : "
            "donnez plus de salles ou plus d’années.",
            code="too_dense",
        )


def _slots(room: _Room, monday: date) -> list[tuple[datetime, datetime]]:
    """The half-days of a week, or the two-hour times of a room booked freely; none on public holidays."""
    slots = []
    for offset in range(5):
        halves = hours.half_days(room.expression, monday + timedelta(days=offset))
        for half in filter(None, (halves.morning, halves.afternoon)):
            if room.mode == BookingMode.HALF_DAY:
                slots.append((half.start, half.end))
            else:
                slots.append((half.start + timedelta(minutes=30), half.start + timedelta(minutes=150)))
    return slots


def _row(
    room: _Room, unit: int, start: datetime, end: datetime, person: int, chance: random.Random, at: datetime
) -> _Row:
    asked_at = min(start, at) - timedelta(hours=chance.randrange(1, 21 * 24))
    draw = chance.random()
    booking = {
        "reference": UUID(int=chance.getrandbits(128), version=4),
        "room_id": room.pk,
        "person_id": person,
        "starts_at": start,
        "ends_at": end,
        "usage": (Usage.OCCASIONAL, Usage.SECOND_HOME, Usage.SETTLED, Usage.OTHER)[int(draw * 1000) % 4].value,
        "state": BookingState.CONFIRMED.value,
        "created_at": asked_at,
        "confirmed_at": asked_at,
        "reminder_for": start,
        "access_for": start,
    }
    if draw < 0.08:
        booking |= {"state": BookingState.CANCELLED.value, "ended_at": asked_at + timedelta(minutes=30), "revision": 1}
    elif draw < 0.09:
        booking |= {
            "state": BookingState.REFUSED.value, "ended_at": asked_at + timedelta(minutes=40), "revision": 1,
            "reason": "La salle est prise par un atelier.", "confirmed_at": None,
            "asked_at": asked_at, "answer_due_at": asked_at + timedelta(days=2),
            "answered_at": asked_at + timedelta(minutes=40), "outcome": "refused",
        }  # fmt: skip
    elif start > at and draw < 0.11:
        booking |= {
            "state": BookingState.PENDING.value, "confirmed_at": None, "reminder_for": None, "access_for": None,
            "asked_at": asked_at, "answer_due_at": asked_at + timedelta(days=2),
            "next_step_at": max(at, asked_at) + timedelta(days=1), "lapses_at": start - timedelta(hours=1),
        }  # fmt: skip
    elif start > at:
        booking |= {"reminder_for": None, "access_for": None}
    else:
        booking["presence"] = (Presence.ABSENT if draw > 0.95 else Presence.PRESENT).value
    return _Row(booking, unit, booking["state"] in (BookingState.CONFIRMED.value, BookingState.PENDING.value))


def _write(rows: Sequence[_Row]) -> None:
    first = _reserve_keys(Booking, len(rows))
    _copy(Booking, ({"id": first + number, **row.booking} for number, row in enumerate(rows)))
    keys = _reserve_keys(Occupation, len(rows))
    _copy(
        Occupation,
        (
            {
                "id": keys + number,
                "unit_id": row.unit,
                "booking_id": first + number,
                "occupies": f"[{row.booking['starts_at'].isoformat()},{row.booking['ends_at'].isoformat()})",
                "live": row.live,
            }
            for number, row in enumerate(rows)
        ),
    )


def _reserve_keys(model: type[Model], count: int) -> int:
    """The first of that many primary keys, taken from the table's sequence."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [model._meta.db_table])
        (sequence,) = cursor.fetchone()
        cursor.execute(
            "SELECT setval(%s, nextval(%s) + %s)", [sequence, sequence, count - 1]
        )  # fmt: skip
        return int(cursor.fetchone()[0]) - count + 1


def _copy(model: type[Model], rows: Iterable[dict[str, Any]]) -> None:
    """Write rows by COPY: columns that a row does not name take the model's defaults."""
    fields = model._meta.concrete_fields
    defaults = {field.attname: field.get_default() for field in fields if field.attname != "reference"}
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    names = [field.attname for field in fields]
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {connection.ops.quote_name(model._meta.db_table)} ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row([row[name] if name in row else defaults[name] for name in names])
