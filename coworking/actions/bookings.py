"""Booking, changing, freeing, deciding. Every writer holds the space's lock."""

from datetime import datetime, timedelta

from auditlog.context import disable_auditlog
from django.db import transaction
from django.db.models import Sum

from coworking import notifications
from coworking.enums import (
    CANCELLABLE_STATES,
    CHANGEABLE_STATES,
    DECIDABLE_STATES,
    PRESENCE_STATES,
    BookingState,
    Presence,
)
from coworking.models import Booking, Occupation, Room
from coworking.permissions import manages
from coworking.rules import hours, slots
from coworking.selectors import ground
from orne_accueil.accounts.models import Person
from orne_accueil.common import clock
from orne_accueil.common.db import LOCK_SPACE, advisory_lock, constraints_as_errors, retry_on_deadlock
from orne_accueil.common.errors import DomainError
from orne_accueil.common.text import NBSP, date_range

from . import audit
from .messages import tell_animators, tell_booker


class SlotTaken(DomainError):
    """Somebody else has the room then."""

    def __init__(self, room: Room, start: datetime, end: datetime) -> None:
        super().__init__(slots.taken_sentence(room.name, start, end), code="taken")


class AlreadyBooked(DomainError):
    """The same person has this very slot: the form was sent twice. `booking` is the one she has."""

    def __init__(self, booking: Booking) -> None:
        when = date_range(booking.starts_at, booking.ends_at)
        super().__init__(f"Vous avez déjà «{NBSP}{booking.room.name}{NBSP}» {when}.", code="already_booked")
        self.booking = booking


@retry_on_deadlock
def book_room(
    *,
    room: Room,
    person: Person,
    wish: slots.Wish,
    usage: str,
    attendees: int = 1,
    note: str = "",
    by: Person,
    at: datetime,
) -> Booking:
    """Give a person the room, confirmed or awaiting the animator's word, and take its units.

    1. lock the space; 2. read the room, its hours and closures afresh; 3. let the rules decide; 4. find the units,
    re-seating interchangeable neighbours if need be; 5. write booking and occupations; 6. enqueue the messages.
    Raises DomainError (SlotTaken, AlreadyBooked, closed, quota, …) or Busy.
    """
    with transaction.atomic():
        _lock(room)
        start, end = slots.requested_range(wish, mode=room.mode, expression=room.space.opening_hours)
        by_staff = by != person and manages(by, room.space)
        hers = ground.already_hers(person.pk, room, start, end)
        if hers.same is not None and not by_staff:
            # A form sent twice is one booking. Somebody who wants a second desk has it from the animator.
            hers.same.room = room
            raise AlreadyBooked(hers.same)
        _check(room, person, start, end, attendees=attendees, at=at, by_staff=by_staff, ignoring=None)
        booking = Booking(
            room=room,
            person=person,
            starts_at=start,
            ends_at=end,
            half_days=hours.half_day_count(start, end),
            attendees=attendees,
            usage=usage,
            note=note.strip(),
            typed_by=by if by != person else None,
            created_at=at,
            is_first_visit=not hers.has_any,
        )
        _settle(booking, needs_approval=room.needs_approval and not by_staff, at=at)
        with constraints_as_errors(), disable_auditlog():
            booking.save(force_insert=True)
        audit.booked(booking, by=by, at=at)
        _occupy(booking)
        _announce(booking, by=by, at=at, changed=None)
        return booking


@retry_on_deadlock
def change_booking(
    *,
    booking: Booking,
    room: Room,
    wish: slots.Wish,
    usage: str,
    attendees: int,
    note: str,
    by: Person,
    at: datetime,
) -> Booking:
    """Move a booking to another time or room of the same space, keeping its reference and calendar event.

    Freed and taken in one transaction: if the new time is refused, the old one is kept. An approved booking whose time
    or room changes asks for approval again, unless the animator changes it. Raises DomainError or Busy.
    """
    with transaction.atomic():
        _lock(room)
        booking = _relock(booking)
        if booking.room.space_id != room.space_id:
            raise DomainError("On change de lieu par une nouvelle réservation.", code="other_space", field="room")
        if booking.state not in CHANGEABLE_STATES:
            raise DomainError(_over(booking), code="not_changeable")
        by_staff = manages(by, room.space)
        terms = booking.room.terms.for_staff() if by_staff else booking.room.terms
        slots.check_change_limit(terms, booking.starts_at, at=at, gesture="la modifier")
        start, end = slots.requested_range(wish, mode=room.mode, expression=room.space.opening_hours)
        _check(room, booking.person, start, end, attendees=attendees, at=at, by_staff=by_staff, ignoring=booking)
        before = {"room": booking.room.name, "when": date_range(booking.starts_at, booking.ends_at)}
        moved = (booking.room_id, booking.starts_at, booking.ends_at) != (room.pk, start, end)
        booking.room, booking.starts_at, booking.ends_at = room, start, end
        booking.half_days = hours.half_day_count(start, end)
        booking.usage, booking.attendees, booking.note = usage, attendees, note.strip()
        booking.revision += 1
        if moved and not by_staff:
            _settle(booking, needs_approval=room.needs_approval, at=at)
        with constraints_as_errors():
            booking.save()
        if moved:
            booking.occupations.filter(live=True).update(live=False)
            _occupy(booking)
        _announce(booking, by=by, at=at, changed=before)
        return booking


@retry_on_deadlock
def cancel_booking(*, booking: Booking, by: Person, at: datetime, reason: str = "") -> Booking:
    """Free the room at once, and tell whoever did not do it. Raises DomainError past the stated limit or when over."""
    with transaction.atomic():
        booking = _relock(booking)
        if booking.state not in CANCELLABLE_STATES:
            raise DomainError(_over(booking), code="already_over")
        by_staff = by != booking.person and manages(by, booking.room.space)
        terms = booking.room.terms.for_staff() if by_staff else booking.room.terms
        slots.check_change_limit(terms, booking.starts_at, at=at, gesture="l’annuler")
        _end(booking, BookingState.CANCELLED, by=by, at=at, reason=reason)
        tell_booker(notifications.BookingCancelled, booking, at=at, data={"by_staff": by_staff})
        return booking


@retry_on_deadlock
def approve_booking(*, booking: Booking, by: Person, at: datetime) -> Booking:
    """Say yes to a pending booking. Raises DomainError when it no longer waits."""
    with transaction.atomic():
        booking = _relock(booking)
        _must_wait(booking)
        booking.state = BookingState.CONFIRMED
        booking.confirmed_at = at
        booking.decided_by = by
        booking.revision += 1
        booking.stop_clock(outcome="succeeded", at=at)
        booking.save()
        tell_booker(notifications.BookingConfirmed, booking, at=at)
        return booking


@retry_on_deadlock
def refuse_booking(*, booking: Booking, by: Person, at: datetime, reason: str) -> Booking:
    """Say no, with the reason that the person will read, and free the room. Raises DomainError without a reason."""
    if not reason.strip():
        raise DomainError(
            "Un refus se motive : la personne doit pouvoir comprendre.", code="reason_missing", field="reason"
        )
    with transaction.atomic():
        booking = _relock(booking)
        _must_wait(booking)
        booking.decided_by = by
        booking.stop_clock(outcome="refused", at=at)
        _end(booking, BookingState.REFUSED, by=by, at=at, reason=reason)
        tell_booker(notifications.BookingRefused, booking, at=at)
        return booking


@retry_on_deadlock
def lapse_booking(*, booking: Booking, at: datetime) -> Booking:
    """Nobody answered in time: free the slot and own up to it. Does nothing if it no longer waits."""
    with transaction.atomic():
        booking = _relock(booking)
        if booking.state not in DECIDABLE_STATES:
            return booking
        booking.stop_clock(outcome="expired", at=at)
        _end(booking, BookingState.LAPSED, by=None, at=at, reason="")
        tell_booker(notifications.BookingLapsed, booking, at=at)
        return booking


def mark_presence(*, booking: Booking, presence: str, by: Person, at: datetime) -> Booking:
    """Note that the person came or not; may be corrected. Raises DomainError before the day or when not confirmed."""
    with transaction.atomic():
        booking = _relock(booking)
        if booking.state not in PRESENCE_STATES:
            raise DomainError("Seule une réservation confirmée se pointe.", code="not_confirmed")
        if presence != Presence.UNKNOWN and clock.local(booking.starts_at).date() > clock.local(at).date():
            raise DomainError("La présence se note le jour même.", code="too_early")
        booking.presence = presence
        booking.save(update_fields=["presence"])
        return booking


# --- Steps ---


def _lock(room: Room) -> None:
    """Take the space's lock, then read into the room what it is now."""
    advisory_lock(LOCK_SPACE, [room.space_id])
    if not ground.refresh(room):
        raise DomainError("Cette salle ne se réserve plus.", code="not_bookable", field="room")


def _relock(booking: Booking) -> Booking:
    """Take the lock of the booking's space, then read the booking as it is now."""
    advisory_lock(LOCK_SPACE, [booking.room.space_id])
    return (
        Booking.objects.select_related("room__space__commune", "person")
        .select_for_update(of=("self",), no_key=True)
        .get(pk=booking.pk)
    )


def _check(
    room: Room,
    person: Person,
    start: datetime,
    end: datetime,
    *,
    attendees: int,
    at: datetime,
    by_staff: bool,
    ignoring: Booking | None,
) -> None:
    terms = room.terms.for_staff() if by_staff else room.terms
    slots.check_length(terms, start, end)
    slots.check_moment(terms, start, at=at)
    slots.check_open(room.space.opening_hours, ground.closed_times(room, start, end), start, end)
    slots.check_attendees(terms, attendees)
    if terms.quota_half_days is not None:
        used = _half_days_used(room, person, start, ignoring)
        slots.check_quota(terms, used=used, asked=hours.half_day_count(start, end))


def _half_days_used(room: Room, person: Person, start: datetime, ignoring: Booking | None) -> int:
    first = clock.local(start).date().replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    bookings = (
        Booking.objects.of(person)
        .live()
        .filter(room=room, starts_at__gte=clock.day_bounds(first)[0], starts_at__lt=clock.day_bounds(following)[0])
    )
    if ignoring is not None:
        bookings = bookings.exclude(pk=ignoring.pk)
    return bookings.aggregate(total=Sum("half_days"))["total"] or 0


def _settle(booking: Booking, *, needs_approval: bool, at: datetime) -> None:
    """Confirmed at once, or pending with its clock started."""
    if needs_approval:
        booking.state = BookingState.PENDING
        booking.confirmed_at = None
        booking.start_clock(at=at, before=booking.starts_at)
    else:
        booking.state = BookingState.CONFIRMED
        booking.confirmed_at = at
        booking.stop_clock(outcome="succeeded", at=at)


def _occupy(booking: Booking) -> None:
    """Take one unit of the room and every unit of the rooms it includes, under the constraint."""
    room = booking.room
    start, end = slots.taken_range(room.terms, booking.starts_at, booking.ends_at)
    seats = ground.seats_of(room, start, end)
    if not seats.own:
        raise DomainError("Cette salle n’a pas de place en service.", code="no_unit", field="room")
    seating = slots.seat(seats.own, seats.taken, start, end)
    if seating is None:
        raise SlotTaken(room, booking.starts_at, booking.ends_at)
    if seating.moves:
        _reseat(seating.moves)
    taken = [seating.unit, *seats.included]
    try:
        with constraints_as_errors():
            Occupation.objects.take(taken, booking, start, end)
    except DomainError as error:
        if error.code != "occupation_never_overlaps":
            raise
        raise SlotTaken(room, booking.starts_at, booking.ends_at) from error


def _reseat(moves: dict[int, int]) -> None:
    """Give seated people another identical unit: all leave, then all sit, so that no two cross."""
    rows = {row.pk: row for row in Occupation.objects.filter(pk__in=moves)}
    Occupation.objects.filter(pk__in=moves).update(live=False)
    for key, unit in moves.items():
        rows[key].unit_id = unit
        rows[key].live = True
    Occupation.objects.bulk_update(rows.values(), ["unit", "live"])


def _end(booking: Booking, state: str, *, by: Person | None, at: datetime, reason: str) -> None:
    booking.state = state
    booking.ended_by = by
    booking.ended_at = at
    booking.reason = reason.strip()
    booking.revision += 1
    booking.stop_clock(outcome="withdrawn", at=at)
    with constraints_as_errors():
        booking.save()
    booking.occupations.filter(live=True).update(live=False)


def _must_wait(booking: Booking) -> None:
    if booking.state not in DECIDABLE_STATES:
        raise DomainError(
            f"Cette demande n’attend plus de réponse{NBSP}: elle est {booking.get_state_display().lower()}.",
            code="not_waiting",
        )


def _over(booking: Booking) -> str:
    return f"Cette réservation est déjà {booking.get_state_display().lower()}{NBSP}: il n’y a plus rien à faire."


def _announce(booking: Booking, *, by: Person, at: datetime, changed: dict[str, str] | None) -> None:
    data = {"before": changed, "by_staff": by != booking.person} if changed else {"by_staff": by != booking.person}
    if booking.state == BookingState.PENDING:
        tell_booker(notifications.BookingReceived, booking, at=at, data=data)
        tell_animators(notifications.ApprovalNeeded, booking, at=at)
    elif changed:
        tell_booker(notifications.BookingChanged, booking, at=at, data=data)
    else:
        tell_booker(notifications.BookingConfirmed, booking, at=at, data=data)
