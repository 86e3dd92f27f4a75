"""Closing a space or a room. Refused while live bookings stand in it: nobody's booking is ever destroyed."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from coworking.models import Booking, Closure, Room, Space
from orne_accueil.accounts.models import Person
from orne_accueil.common.db import LOCK_SPACE, advisory_lock, constraints_as_errors, retry_on_deadlock
from orne_accueil.common.errors import DomainError
from orne_accueil.common.text import NBSP


class ClosureBlocked(DomainError):
    """Live bookings stand in the way; `bookings` lists them in order."""

    def __init__(self, bookings: Sequence[Booking]) -> None:
        count = len(bookings)
        word = "réservation tombe" if count == 1 else "réservations tombent"
        super().__init__(
            f"{count}{NBSP}{word} dans cette fermeture. Déplacez-les ou annulez-les d’abord, avec un mot.",
            code="bookings_stand",
        )
        self.bookings = list(bookings)


@retry_on_deadlock
def close_space(
    *, space: Space, room: Room | None, start: datetime, end: datetime, reason: str, by: Person, at: datetime
) -> Closure:
    """Close the space, or one room of it, for [start, end). Raises ClosureBlocked with the bookings in the way."""
    if room is not None and room.space_id != space.pk:
        raise DomainError("Cette salle est d’un autre lieu.", code="other_space", field="room")
    if end <= at:
        raise DomainError("Cette fermeture est déjà passée.", code="past", field="ends_at")
    with transaction.atomic():
        advisory_lock(LOCK_SPACE, [space.pk])
        standing = bookings_in(space=space, room=room, start=start, end=end)
        if standing:
            raise ClosureBlocked(standing)
        with constraints_as_errors():
            return Closure.objects.create(
                space=space,
                room=room,
                starts_at=start,
                ends_at=end,
                reason=reason.strip(),
                closed_by=by,
                created_at=at,
            )


def bookings_in(*, space: Space, room: Room | None, start: datetime, end: datetime) -> list[Booking]:
    """The live bookings that a closure would touch: of the room and of those that include it, or of the whole space."""
    bookings = Booking.objects.live().overlapping(start, end).filter(room__space=space)
    if room is not None:
        bookings = bookings.filter(Q(room=room) | Q(room__includes=room)).distinct()
    return list(bookings.select_related("room__space", "person").order_by("starts_at", "pk"))


def reopen_space(*, closure: Closure, by: Person, at: datetime) -> None:
    """Take a closure back. What people read and booked around stays as it is."""
    with transaction.atomic():
        advisory_lock(LOCK_SPACE, [closure.space_id])
        closure.delete()
