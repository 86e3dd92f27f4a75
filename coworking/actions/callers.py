"""Booking for somebody on the phone: name and phone suffice, and who typed it is recorded."""

from datetime import datetime, timedelta

from django.db import transaction

from coworking.models import Booking, Room
from coworking.rules.slots import Wish, requested_range
from orne_accueil.accounts.actions import correct_person, person_for_contact
from orne_accueil.accounts.models import Person
from orne_accueil.accounts.rules import normal_email
from orne_accueil.common.db import LOCK_SPACE, advisory_lock, retry_on_deadlock

from .bookings import AlreadyBooked, book_room

DOUBLE_CLICK = timedelta(minutes=1)


@retry_on_deadlock
def book_for_caller(
    *,
    room: Room,
    person: Person | None,
    name: str,
    phone: str,
    email: str,
    wish: Wish,
    usage: str,
    attendees: int,
    note: str,
    by: Person,
    at: datetime,
) -> Booking:
    """Book for somebody on the phone: `person` where she was recognised, else whoever these words describe.

    1. lock the space; 2. find or write down the person, filling in what was not known of her; 3. find the same gesture
    made a moment ago (a double click) and raise AlreadyBooked; 4. book the room. A refusal leaves nothing behind, not
    even a new person. Raises what book_room and person_for_contact raise.
    """
    with transaction.atomic():
        advisory_lock(LOCK_SPACE, [room.space_id])
        if person is None:
            person = person_for_contact(name=name, email=email, phone=phone, by=by, at=at)
        else:
            _fill_in(person, phone=phone, email=email, by=by, at=at)
        _refuse_double_click(room, person, wish, by=by, at=at)
        return book_room(
            room=room,
            person=person,
            wish=wish,
            usage=usage,
            attendees=attendees,
            note=note,
            by=by,
            at=at,
        )


def _refuse_double_click(room: Room, person: Person, wish: Wish, *, by: Person, at: datetime) -> None:
    """Two desks for one person are two gestures, but not within a minute of each other."""
    start, end = requested_range(wish, mode=room.mode, expression=room.space.opening_hours)
    same = Booking.objects.live().filter(room=room, person=person, starts_at=start, ends_at=end, typed_by=by)
    booking = same.filter(created_at__gt=at - DOUBLE_CLICK).select_related("room__space", "person").first()
    if booking is not None:
        raise AlreadyBooked(booking)


def _fill_in(person: Person, *, phone: str, email: str, by: Person, at: datetime) -> None:
    """Add the number or the address that she just gave, where we had none. What we had stays hers."""
    new_phone = person.phone or phone
    new_email = person.email or (normal_email(email) if person.user_id is None else None)
    if (new_phone, new_email) != (person.phone, person.email):
        correct_person(person, name=person.name, email=new_email, phone=new_phone, commune=person.commune, by=by, at=at)
