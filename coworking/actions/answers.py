"""What the answer clock does when nobody decides on a booking: remind, tell the coordination, lapse."""

from datetime import datetime

from coworking import notifications
from coworking.models import Booking
from coworking.selectors import coordinators
from orne_accueil.common.db import LOCK_SPACE, advisory_lock
from orne_accueil.outbox.actions import enqueue

from .bookings import lapse_booking
from .messages import tell_animators


def lock_space_of(booking: Booking) -> None:
    """What every writer of bookings takes before the row."""
    advisory_lock(LOCK_SPACE, [booking.room.space_id])


def remind_animators(booking: Booking, *, at: datetime) -> None:
    """After a day: whoever answers for the space is reminded."""
    tell_animators(notifications.ApprovalNeeded, booking, at=at, step=f"reminder{booking.answer_step}")


def tell_coordination(booking: Booking, *, at: datetime) -> None:
    """After two days, and again every working day: the coordination is told."""
    for person in coordinators():
        enqueue(
            notifications.ApprovalOverdue,
            subject=booking,
            recipient=person.recipient,
            occurrence=f"{booking.revision}:coordinator{booking.answer_step}",
            at=at,
            expires_at=booking.starts_at,
        )


def lapse(booking: Booking, *, at: datetime) -> None:
    """Too near the start: the slot is freed and the person told that the silence is ours."""
    lapse_booking(booking=booking, at=at)


HANDLERS = {"reminder": remind_animators, "coordinator": tell_coordination, "lapse": lapse}
