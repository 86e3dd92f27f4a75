"""Messages enqueued with the fact, and those that the day's facts call for."""

from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from coworking import notifications
from coworking.enums import AccessType, BookingState
from coworking.models import Booking
from coworking.selectors import answerers_of
from orne_accueil.common import clock
from orne_accueil.outbox.actions import enqueue
from orne_accueil.outbox.registry import Notification

REMINDER_HOUR = time(18)
"""The day before, at 18:00: one still has the evening to free the seat."""
ACCESS_HOUR = time(7)
"""On the day, at 7:00: the code travels as late as is useful."""


def tell_booker(
    kind: type[Notification], booking: Booking, *, at: datetime, data: dict[str, Any] | None = None
) -> None:
    """Enqueue a message to the person who booked; one per kind and revision."""
    enqueue(
        kind,
        subject=booking,
        recipient=booking.person.recipient,
        occurrence=str(booking.revision),
        data=data or {},
        at=at,
        expires_at=booking.ends_at if booking.is_live else None,
    )


def tell_animators(kind: type[Notification], booking: Booking, *, at: datetime, step: str = "asked") -> None:
    """Enqueue a message to whoever answers for the space; the coordination where it has no animator."""
    for person in answerers_of(booking.room.space):
        enqueue(
            kind,
            subject=booking,
            recipient=person.recipient,
            occurrence=f"{booking.revision}:{step}",
            at=at,
            expires_at=booking.starts_at,
        )


def write_reminders(*, at: datetime, limit: int = 500) -> int:
    """Enqueue the reminder of every confirmed booking of tomorrow, from 18:00 on; returns how many.

    A booking confirmed after that hour gets none: its confirmation says the same. Safe to run twice, or late: the
    message is unique per start, and worthless once the booking has begun.
    """
    today = clock.local(at).date()
    moment = clock.at_local(today, REMINDER_HOUR)
    if at < moment:
        return 0
    start, end = clock.day_bounds(today + timedelta(days=1))
    return _write(
        notifications.BookingReminder,
        Booking.objects.filter(confirmed_at__lt=moment, starts_at__gte=start, starts_at__lt=end),
        field="reminder_for",
        at=at,
        limit=limit,
    )


def write_access_messages(*, at: datetime, limit: int = 500) -> int:
    """Enqueue the access of the day (with the code, if there is one), from 7:00 on or at once for today."""
    today = clock.local(at).date()
    if at < clock.at_local(today, ACCESS_HOUR):
        return 0
    _, end = clock.day_bounds(today)
    wanted = (
        Q(room__access_type__in=[AccessType.CODE, AccessType.KEY]) | ~Q(room__access_note="") | Q(is_first_visit=True)
    )
    return _write(
        notifications.BookingAccess,
        Booking.objects.filter(wanted, ends_at__gt=at, starts_at__lt=end, starts_at__gt=at - timedelta(days=1)),
        field="access_for",
        at=at,
        limit=limit,
    )


def _write(kind: type[Notification], bookings: Any, *, field: str, at: datetime, limit: int) -> int:
    """Enqueue one message per booking that has not had it for its present start."""
    with transaction.atomic():
        due = list(
            bookings.filter(Q(**{field: None}) | ~Q(**{field: F("starts_at")}), state=BookingState.CONFIRMED)
            .select_related("person", "room__space")
            .order_by("starts_at", "pk")
            .select_for_update(of=("self",), no_key=True, skip_locked=True)[:limit]
        )
        for booking in due:
            enqueue(
                kind,
                subject=booking,
                recipient=booking.person.recipient,
                occurrence=booking.starts_at.isoformat(),
                at=at,
                expires_at=booking.starts_at if kind is notifications.BookingReminder else booking.ends_at,
            )
            setattr(booking, field, booking.starts_at)
        Booking.objects.bulk_update(due, [field])
    return len(due)
