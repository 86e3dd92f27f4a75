"""Reads of bookings: a person's, and an animator's day, week and waiting list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Sum

from coworking.enums import BookingState
from coworking.models import Booking, BookingQuerySet, Closure, Room, Space
from orne_accueil.accounts.models import Person
from orne_accueil.common import clock
from orne_accueil.common.holidays import holiday_name


@dataclass(frozen=True)
class DaySheet:
    """A space's day on one page: arrivals in order, what waits, what closes it."""

    space: Space
    day: date
    holiday: str | None
    bookings: Sequence[Booking]
    waiting: Sequence[Booking]
    closures: Sequence[Closure]


@dataclass(frozen=True)
class OwnBookings:
    """A person's bookings: what comes, soonest first; what is over, latest first."""

    coming: Sequence[Booking]
    past: Sequence[Booking]


def bookings_of(person: Person, *, at: datetime, past_limit: int = 20) -> OwnBookings:
    """Everything a person booked. Two queries."""
    bookings = Booking.objects.of(person).select_related("room__space__commune")
    coming = bookings.live().filter(ends_at__gt=at).order_by("starts_at", "pk")
    over = bookings.exclude(pk__in=coming.values("pk")).order_by("-starts_at", "-pk")[:past_limit]
    return OwnBookings(list(coming), list(over))


def answerers_of(space: Space) -> list[Person]:
    """Who answers for a space: its animators, or the coordination where it has none."""
    animators = list(Person.objects.filter(animated_spaces__space=space).order_by("pk"))
    return animators or coordinators()


def coordinators() -> list[Person]:
    """The people of the coordination, with whom every chase ends."""
    return list(Person.objects.filter(user__is_superuser=True, user__is_active=True).order_by("pk"))


def day_sheet(space: Space, day: date) -> DaySheet:
    """The day of a space. Three queries."""
    start, end = clock.day_bounds(day)
    bookings = (
        _of_space(space)
        .overlapping(start, end)
        .filter(state__in=[BookingState.CONFIRMED, BookingState.PENDING, BookingState.HELD])
    )
    rows = list(bookings.order_by("starts_at", "room__position", "pk"))
    return DaySheet(
        space=space,
        day=day,
        holiday=holiday_name(day),
        bookings=[b for b in rows if b.state == BookingState.CONFIRMED],
        waiting=[b for b in rows if b.state != BookingState.CONFIRMED],
        closures=list(space.closures.overlapping(start, end)),
    )


def space_week(space: Space, monday: date, room: Room | None = None) -> list[Booking]:
    """The live bookings of a space's week, or of one room's. One query."""
    start, end = clock.day_bounds(monday)[0], clock.day_bounds(monday + timedelta(days=6))[1]
    bookings = _of_space(space).live().overlapping(start, end)
    if room is not None:
        bookings = bookings.filter(room=room)
    return list(bookings.order_by("starts_at", "room__position", "pk"))


def waiting_for(spaces: Sequence[Space]) -> list[Booking]:
    """The requests that wait for these spaces' animators, the most urgent first. One query."""
    bookings = Booking.objects.filter(state=BookingState.PENDING, room__space__in=spaces)
    return list(bookings.select_related("room__space", "person").order_by("answer_due_at", "starts_at", "pk"))


def upcoming_closures(spaces: Sequence[Space], *, at: datetime) -> list[Closure]:
    """The closures that are on or to come, soonest first. One query."""
    closures = Closure.objects.filter(space__in=spaces, ends_at__gt=at)
    return list(closures.select_related("space", "room").order_by("starts_at", "pk"))


def half_days_left(room: Room, person: Person, day: date) -> int | None:
    """How many half-days the person may still book in that room that month; None without a quota."""
    if room.quota_half_days is None:
        return None
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    used = (
        Booking.objects.of(person)
        .live()
        .filter(room=room, starts_at__gte=clock.day_bounds(first)[0], starts_at__lt=clock.day_bounds(following)[0])
        .aggregate(total=Sum("half_days"))["total"]
    )
    return max(room.quota_half_days - (used or 0), 0)


def _of_space(space: Space) -> BookingQuerySet:
    return Booking.objects.filter(room__space=space).select_related("room__space", "person", "typed_by")
