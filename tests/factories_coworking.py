"""Spaces, rooms and bookings, with what a test does not care about filled in."""

import itertools
from datetime import date, datetime, time
from typing import Any

from coworking import actions
from coworking.enums import Period, RoomKind, Usage
from coworking.models import Booking, Room, Space
from coworking.rules.slots import Wish
from orne_accueil.accounts.models import Person
from orne_accueil.common import clock
from tests.factories import make_commune, make_person

_numbers = itertools.count(1)

OFFICE_HOURS = "Mo-Fr 09:00-12:30,13:30-18:00"
TUESDAY = date(2026, 12, 1)
NOW = clock.at_local(date(2026, 11, 24), time(10))
"""A Tuesday morning, a week before TUESDAY."""


def make_space(*, animators: tuple[Person, ...] = (), **fields: Any) -> Space:
    """A published space, open in office hours, run by those animators."""
    number = next(_numbers)
    commune = fields.pop("commune", None) or make_commune()
    space = Space(
        **{
            "name": f"EPN {number}",
            "slug": f"epn-{number}",
            "commune": commune,
            "address": "1 place de la Mairie",
            "postal_code": "61200",
            "latitude": commune.latitude,
            "longitude": commune.longitude,
            "opening_hours": OFFICE_HOURS,
        }
        | fields
    )
    actions.save_space(space=space, changed=["name"], by=None, at=NOW)
    for person in animators:
        actions.add_animator(space=space, person=person, by=None, at=NOW)
    return space


def make_room(space: Space | None = None, *, units: int = 1, includes: tuple[Room, ...] = (), **fields: Any) -> Room:
    """A room of desks by half-days unless told otherwise."""
    space = space or make_space()
    room = Room(**{"space": space, "name": f"Salle {next(_numbers)}", "kind": RoomKind.DESK} | fields)
    return actions.add_room(room=room, units=units, includes=includes, by=make_person(), at=NOW)


def half_day(day: date = TUESDAY, period: str = Period.AFTERNOON) -> Wish:
    return Wish(day, period)


def hours(start: str, end: str, day: date = TUESDAY) -> Wish:
    """`hours("14:00", "16:00")`: two wall times of one day."""
    return Wish(
        day,
        starts_at=clock.at_local(day, time.fromisoformat(start)),
        ends_at=clock.at_local(day, time.fromisoformat(end)),
    )


def make_booking(
    room: Room | None = None,
    person: Person | None = None,
    wish: Wish | None = None,
    *,
    by: Person | None = None,
    at: datetime = NOW,
    **fields: Any,
) -> Booking:
    """A booking made through its action."""
    person = person or make_person()
    return actions.book_room(
        room=room or make_room(),
        person=person,
        wish=wish or half_day(),
        by=by or person,
        at=at,
        **{"usage": Usage.OCCASIONAL} | fields,
    )
