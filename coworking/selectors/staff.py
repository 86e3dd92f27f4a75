"""Reads for the animator's admin: her day, her week, who is calling, what leaves as CSV. Staff may read names."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import CharField, Count, Exists, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from coworking.enums import BookingMode, BookingState, Period
from coworking.models import Booking, Closure, Room, Space
from coworking.rules import hours, reception
from orne_accueil.accounts.models import Person
from orne_accueil.accounts.rules import normal_email, normal_phone
from orne_accueil.common import clock
from orne_accueil.common.holidays import holiday_name
from orne_accueil.common.text import NBSP, clock_time, fold, joined, long_date

from .availability import Cell, DayColumn, RoomWeek, week_of
from .bookings import space_week


@dataclass(frozen=True)
class Arrival:
    """Somebody who comes that day, and what the animator prepares."""

    booking: Booking
    prepare: str

    @classmethod
    def of(cls, booking: Booking) -> "Arrival":
        has_email = bool(booking.person.email)
        return cls(booking, reception.to_prepare(booking.room.access_type, has_email=has_email))


@dataclass(frozen=True)
class SpaceDay:
    """One space's day: who comes, what waits inside it, what closes it, in words."""

    space: Space
    day: date
    arrivals: Sequence[Arrival]
    waiting: Sequence[Booking]
    closures: Sequence[Closure]
    opening: str
    has_rooms: bool

    @property
    def holiday(self) -> str | None:
        return holiday_name(self.day)

    @property
    def closing_words(self) -> str:
        """Why the space, or a part of it, is closed that day; empty when nothing closes it."""
        words = [f"{c.room.name if c.room else 'Fermé'}{NBSP}: {c.reason.rstrip('.')}." for c in self.closures]
        if self.holiday:
            words.insert(0, f"Jour férié ({self.holiday}).")
        return " ".join(words)


def days_of(spaces: Sequence[Space], day: date) -> list[SpaceDay]:
    """That day in each of these spaces, in their order. Three queries whatever their number."""
    start, end = clock.day_bounds(day)
    arrivals: dict[int, list[Arrival]] = defaultdict(list)
    waiting: dict[int, list[Booking]] = defaultdict(list)
    bookings = (
        Booking.objects.live()
        .overlapping(start, end)
        .filter(room__space__in=spaces)
        .select_related("room__space", "person", "typed_by")
        .order_by("starts_at", "room__position", "room__name", "pk")
    )
    for booking in bookings:
        if booking.state == BookingState.CONFIRMED:
            arrivals[booking.room.space_id].append(Arrival.of(booking))
        else:
            waiting[booking.room.space_id].append(booking)
    closures: dict[int, list[Closure]] = defaultdict(list)
    for closure in Closure.objects.overlapping(start, end).filter(space__in=spaces).select_related("room"):
        closures[closure.space_id].append(closure)
    with_rooms = set(Room.objects.filter(space__in=spaces, is_active=True).values_list("space_id", flat=True))
    return [
        SpaceDay(
            space=space,
            day=day,
            arrivals=arrivals[space.pk],
            waiting=waiting[space.pk],
            closures=closures[space.pk],
            opening=opening_words(space, day),
            has_rooms=space.pk in with_rooms,
        )
        for space in spaces
    ]


def opening_words(space: Space, day: date) -> str:
    """« Ouvert de 9 h à 12 h 30 et de 13 h 30 à 18 h », « Fermé ce jour-là », by the opening hours alone."""
    spans = [
        f"de{NBSP}{clock_time(opening.start)} à{NBSP}{clock_time(opening.end)}"
        for opening in hours.openings(space.opening_hours, day)
    ]
    return f"Ouvert {joined(spans)}" if spans else "Fermé ce jour-là"


# --- The week, with names ---


@dataclass(frozen=True)
class Offer:
    """A half-day, or a stretch of free time, that may still be given to somebody."""

    label: str
    day: date
    period: str
    start: datetime
    free_units: int


@dataclass(frozen=True)
class StaffCell:
    """One room, one day: who has it, what is left of it, why it is closed."""

    column: DayColumn
    bookings: Sequence[Booking]
    offers: Sequence[Offer]
    closed: str

    @property
    def is_empty(self) -> bool:
        return not self.bookings and not self.offers


@dataclass(frozen=True)
class StaffRow:
    room: Room
    units: int
    cells: Sequence[StaffCell]


@dataclass(frozen=True)
class StaffWeek:
    """A space's week as its animator reads it; a day that is closed and empty for every room may be left out."""

    monday: date
    columns: Sequence[DayColumn]
    rows: Sequence[StaffRow]

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    @property
    def words(self) -> str:
        return f"du {long_date(self.monday)} au {long_date(self.sunday, year=True)}"


def staff_week(space: Space, monday: date, *, at: datetime, room: Room | None = None) -> StaffWeek:
    """The week of a space, or of one of its rooms, with the names. Six queries whatever the bookings.

    A room out of service shows while somebody still has it that week.
    """
    week = week_of(space, monday, at=at)
    bookings = space_week(space, monday, room)
    taken: dict[tuple[int, date], list[Booking]] = defaultdict(list)
    for booking in bookings:
        for day in _days_touched(booking, monday):
            taken[booking.room_id, day].append(booking)
    rows = [one for one in week.rooms if room is None or one.room.pk == room.pk]
    known = {one.room.pk for one in rows}
    former = {b.room_id: b.room for b in bookings if b.room_id not in known}
    rows += [RoomWeek(old, 0, tuple(() for _ in week.days)) for old in former.values()]
    shown = [
        index
        for index, column in enumerate(week.days)
        if index < 5 or column.openings or any(taken[one.room.pk, column.day] for one in rows)
    ]
    return StaffWeek(
        monday=monday,
        columns=[week.days[index] for index in shown],
        rows=[
            StaffRow(
                one.room,
                one.units,
                [_staff_cell(one, week.days[index], one.days[index], taken) for index in shown],
            )
            for one in rows
        ],
    )


def _staff_cell(
    row: RoomWeek, column: DayColumn, cells: Sequence[Cell], taken: dict[tuple[int, date], list[Booking]]
) -> StaffCell:
    offers = [_offer(cell, column.day) for cell in cells if cell.state in ("free", "soon", "far")]
    reasons = {cell.reason or "Fermé" for cell in cells if cell.state == "closed"}
    every = bool(cells) and all(cell.state == "closed" for cell in cells)
    return StaffCell(
        column=column,
        bookings=taken[row.room.pk, column.day],
        offers=[offer for offer in offers if offer is not None],
        closed=", ".join(sorted(reasons)) if every else "",
    )


def _offer(cell: Cell, day: date) -> Offer | None:
    if cell.start is None or cell.end is None or not cell.free_units:
        return None
    label = Period(cell.period).label if cell.period else f"{clock_time(cell.start)}{NBSP}–{NBSP}{clock_time(cell.end)}"
    return Offer(label, day, cell.period, cell.start, cell.free_units)


def _days_touched(booking: Booking, monday: date) -> Iterator[date]:
    first = clock.local(booking.starts_at).date()
    last = clock.local(booking.ends_at - timedelta(microseconds=1)).date()
    for offset in range(7):
        day = monday + timedelta(days=offset)
        if first <= day <= last:
            yield day


# --- Who is calling ---


class Folded(Func):
    """A name without accents nor capitals, as `common.text.fold` writes it, hyphens and apostrophes kept."""

    output_field = CharField()
    template = "lower(regexp_replace(normalize(%(expressions)s, NFD), '[\u0300-\u036f]', '', 'g'))"


def callers_like(
    known: QuerySet[Person], *, text: str = "", name: str = "", phone: str = "", email: str = "", limit: int = 8
) -> list[Person]:
    """Persons who may be the one on the phone, those whose address or number is the same first. One query.

    Among `known` (permissions.callers_known_to) by the words of the name; among everybody by the whole address or
    the whole number, which the caller told. `text` is any of the three, as one types.
    """
    number, address = normal_phone(phone or text) or "", normal_email(email or text) or ""
    exact = Q(pk=None)
    if number:
        exact |= Q(phone=number)
    if "@" in address:
        exact |= Q(email=address)
    words = fold(name or text).split()
    close = Q(pk=None)
    if words and len("".join(words)) >= 2:
        close = Q(pk__in=_by_words(known, words).values("pk")[:200])
    found = Person.objects.annotate(is_exact=Exists(Person.objects.filter(exact, pk=OuterRef("pk"))))
    return list(found.filter(exact | close).order_by("-is_exact", "name", "pk")[:limit])


def _by_words(known: QuerySet[Person], words: Sequence[str]) -> QuerySet[Person]:
    found = known.annotate(folded=Folded(Concat("name", Value(" "), "phone")))
    for word in words:
        found = found.filter(folded__contains=word)
    return found.order_by("name", "pk")


# --- What leaves, and what is still to do ---


def bookings_between(spaces: QuerySet[Space], first: date, last: date) -> QuerySet[Booking]:
    """Every booking of these spaces that begins between two days included, whatever became of it, in order."""
    return (
        Booking.objects.filter(
            room__space__in=spaces.values("pk"),
            starts_at__gte=clock.day_bounds(first)[0],
            starts_at__lt=clock.day_bounds(last)[1],
        )
        .select_related("room__space", "person", "typed_by")
        .order_by("starts_at", "pk")
    )


def period_of(booking: Booking) -> str:
    """The half-day that a booking is, in its space's hours; empty when it is made of free times."""
    if booking.room.mode == BookingMode.FREE:
        return ""
    halves = hours.half_days(booking.room.space.opening_hours, clock.local(booking.starts_at).date())
    for period in Period:
        half = halves.get(period)
        if half is not None and (half.start, half.end) == (booking.starts_at, booking.ends_at):
            return str(period)
    return ""


def spaces_with_counts(spaces: QuerySet[Space]) -> list[Space]:
    """Spaces with `room_count` (in service) and `animator_count`, those with neither first. One query."""
    return list(
        spaces.select_related("commune")
        .annotate(
            room_count=Count("rooms", filter=Q(rooms__is_active=True), distinct=True),
            animator_count=Count("animators", distinct=True),
        )
        .order_by("animator_count", "room_count", "name", "pk")
    )
