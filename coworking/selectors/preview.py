"""What a booking would meet, asked before it is made: the same rules as the action's, without lock nor writing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from coworking.enums import BookingMode, Period
from coworking.models import Booking, Closure, Room
from coworking.rules import hours, slots
from orne_accueil.accounts.models import Person
from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError

from .availability import Cell, Range, _cells, _Grid
from .bookings import half_days_left
from .ground import already_hers


@dataclass(frozen=True)
class Choice:
    """One half-day, or the day, that a room offers: free, or why not (taken, closed, past, soon, far)."""

    period: str
    state: str
    start: datetime | None
    end: datetime | None

    @property
    def is_free(self) -> bool:
        return self.state == "free"


@dataclass(frozen=True)
class RoomDay:
    """What a room offers on a day: half-days, or free stretches where it is booked by the hour."""

    choices: Sequence[Choice]
    stretches: Sequence[Range]


def room_day(room: Room, day: date, *, at: datetime) -> RoomDay:
    """What is free in a room that day. Three queries."""
    from .availability import DayColumn

    start, end = clock.day_bounds(day)
    closures = list(Closure.objects.concerning(room).overlapping(start, end))
    column = DayColumn(
        day=day,
        openings=hours.openings(room.space.opening_hours, day),
        holiday=None,
        closures=tuple(c for c in closures if c.room_id is None),
        is_today=False,
        is_past=False,
    )
    cells = list(_cells(room.space, room, column, closures, _Grid.of([room], start, end), at))
    if room.mode == BookingMode.FREE:
        return RoomDay((), [(cell.start, cell.end) for cell in cells if cell.is_free and cell.start and cell.end])
    return RoomDay(_choices(cells), ())


def _choices(halves: Sequence[Cell]) -> list[Choice]:
    """The open half-days, and the day where both are open: free if both are, else why the first is not."""
    choices = [Choice(cell.period, cell.state, cell.start, cell.end) for cell in halves if cell.start is not None]
    if len(choices) == 2:
        blocked = next((choice.state for choice in choices if not choice.is_free), "free")
        choices.append(Choice(str(Period.DAY), blocked, choices[0].start, choices[1].end))
    return choices


def live_booking_of(person: Person, room: Room, wish: slots.Wish) -> Booking | None:
    """Her own live booking of exactly that slot, if she has it. Two queries at most."""
    try:
        start, end = slots.requested_range(wish, mode=room.mode, expression=room.space.opening_hours)
    except DomainError:
        return None
    return already_hers(person.pk, room, start, end).same


def would_book(
    room: Room,
    wish: slots.Wish,
    *,
    person: Person | None,
    attendees: int,
    at: datetime,
    ignoring: Booking | None = None,
) -> Range:
    """The range that booking this wish would take. Raises the DomainError that the action would.

    A stranger (`person` None) is not asked for her quota: nobody knows yet who she is. Five queries at most.
    """
    start, end = slots.requested_range(wish, mode=room.mode, expression=room.space.opening_hours)
    terms = room.terms
    slots.check_length(terms, start, end)
    slots.check_moment(terms, start, at=at)
    closures = Closure.objects.concerning(room).overlapping(start, end)
    slots.check_open(room.space.opening_hours, [c.as_closed_time() for c in closures], start, end)
    slots.check_attendees(terms, attendees)
    if person is not None and terms.quota_half_days is not None:
        left = half_days_left(room, person, clock.local(start).date()) or 0
        slots.check_quota(terms, used=terms.quota_half_days - left, asked=hours.half_day_count(start, end))
    if not _Grid.of([room], start, end).free_units(room, start, end):
        raise DomainError(slots.taken_sentence(room.name, start, end), code="taken")
    return start, end
