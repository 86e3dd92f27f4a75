"""What is free: one space's week, and rooms across spaces. One range query each, never one per slot."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from coworking.enums import BookingMode, Period
from coworking.models import Closure, Room, Space
from coworking.rules import hours, slots
from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError
from orne_accueil.common.holidays import holiday_name
from orne_accueil.territory.geo import great_circle_km

from .rows import bookable_rooms, closures_between, taken_units

Range = tuple[datetime, datetime]


@dataclass(frozen=True)
class Cell:
    """One half-day, or one free stretch, of a room in the week's table.

    `state` is free, taken, closed, past, soon (within the room's notice) or far (beyond its horizon).
    """

    state: str
    period: str = ""
    start: datetime | None = None
    end: datetime | None = None
    free_units: int = 0
    units: int = 0
    reason: str = ""

    @property
    def is_free(self) -> bool:
        return self.state == "free"


@dataclass(frozen=True)
class DayColumn:
    """One day of the week: its opening hours, its public holiday, what closes the whole space."""

    day: date
    openings: tuple[hours.Opening, ...]
    holiday: str | None
    closures: tuple[Closure, ...]
    is_today: bool
    is_past: bool


@dataclass(frozen=True)
class RoomWeek:
    """One room's week: for each day, its cells (two half-days, or the free stretches of the day)."""

    room: Room
    units: int
    days: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Week:
    """One space's week, Monday to Sunday, without the closed days at its end that no room uses."""

    monday: date
    days: tuple[DayColumn, ...]
    rooms: tuple[RoomWeek, ...]

    @property
    def iso(self) -> str:
        """« 2026-W49 », as in the address."""
        year, week, _ = self.monday.isocalendar()
        return f"{year}-W{week:02d}"

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)


def week_of(space: Space, monday: date, *, at: datetime) -> Week:
    """The week of a space. Three queries: rooms with `equipment_names`, closures, units with their occupations."""
    rooms = bookable_rooms(space)
    start, end = clock.day_bounds(monday)[0], clock.day_bounds(monday + timedelta(days=6))[1]
    closures = closures_between(space, start, end)
    grid = _Grid.of(rooms, start, end)
    today = clock.local(at).date()
    days = []
    for offset in range(7):
        day = monday + timedelta(days=offset)
        day_start, day_end = clock.day_bounds(day)
        days.append(
            DayColumn(
                day=day,
                openings=hours.openings(space.opening_hours, day),
                holiday=holiday_name(day),
                closures=tuple(
                    c for c in closures if c.room_id is None and c.starts_at < day_end and day_start < c.ends_at
                ),
                is_today=day == today,
                is_past=day < today,
            )
        )
    return Week(
        monday=monday,
        days=tuple(days),
        rooms=tuple(
            RoomWeek(
                room=room,
                units=grid.count(room),
                days=tuple(tuple(_cells(space, room, column, closures, grid, at)) for column in days),
            )
            for room in rooms
        ),
    )


def _cells(
    space: Space, room: Room, column: DayColumn, closures: Sequence[Closure], grid: "_Grid", at: datetime
) -> Iterable[Cell]:
    if room.mode == BookingMode.HALF_DAY:
        halves = hours.half_days(space.opening_hours, column.day)
        for period, half in ((Period.MORNING, halves.morning), (Period.AFTERNOON, halves.afternoon)):
            yield _half_day_cell(space, room, column, str(period), half, closures, grid, at)
    else:
        yield from _free_cells(room, column, closures, grid, at)


def _half_day_cell(
    space: Space,
    room: Room,
    column: DayColumn,
    period: str,
    half: hours.Opening | None,
    closures: Sequence[Closure],
    grid: "_Grid",
    at: datetime,
) -> Cell:
    units = grid.count(room)
    if half is None:
        return Cell("closed", period, units=units, reason=column.holiday or "")
    closure = _closing(room, closures, half.start, half.end, grid)
    if closure is not None:
        return Cell("closed", period, half.start, half.end, units=units, reason=closure.reason)
    free = grid.free_units(room, half.start, half.end)
    state = _moment_state(room, half.start, at) or ("free" if free else "taken")
    return Cell(state, period, half.start, half.end, free, units)


def _free_cells(
    room: Room, column: DayColumn, closures: Sequence[Closure], grid: "_Grid", at: datetime
) -> Iterable[Cell]:
    whole: list[Range] = [(o.start, o.end) for o in column.openings]
    for closure in closures:
        if closure.room_id is None or grid.touches(room, closure.room_id):
            whole = [
                piece for open_range in whole for piece in _minus(open_range, (closure.starts_at, closure.ends_at))
            ]
    if not whole:
        reason = column.closures[0].reason if column.closures else column.holiday or ""
        yield Cell("closed", units=grid.count(room), reason=reason)
        return
    shortest = timedelta(minutes=room.min_minutes)
    earliest = at + timedelta(minutes=room.notice_minutes)
    found = False
    for start, end in grid.gaps(room, whole):
        start = max(start, earliest) if start < earliest else start
        if end - start >= shortest and start <= at + timedelta(days=room.horizon_days):
            found = True
            yield Cell("free", "", _round_up(start), end, grid.free_units(room, start, end), grid.count(room))
    if not found:
        state = _moment_state(room, whole[-1][1] - shortest, at) or "taken"
        yield Cell(state, "", whole[0][0], whole[-1][1], 0, grid.count(room))


def _round_up(instant: datetime) -> datetime:
    """To the next quarter of an hour: nobody books from 14:07."""
    rest = (instant.minute % 15, instant.second, instant.microsecond)
    if rest == (0, 0, 0):
        return instant
    return instant.replace(second=0, microsecond=0) + timedelta(minutes=15 - instant.minute % 15)


def _minus(whole: Range, hole: Range) -> list[Range]:
    if hole[1] <= whole[0] or hole[0] >= whole[1]:
        return [whole]
    return [(a, b) for a, b in ((whole[0], hole[0]), (hole[1], whole[1])) if a < b]


def _moment_state(room: Room, start: datetime, at: datetime) -> str:
    try:
        slots.check_moment(room.terms, start, at=at)
    except DomainError as error:
        return {"past": "past", "notice": "soon", "horizon": "far"}[error.code]
    return ""


def _closing(room: Room, closures: Sequence[Closure], start: datetime, end: datetime, grid: "_Grid") -> Closure | None:
    for closure in closures:
        concerned = closure.room_id is None or grid.touches(room, closure.room_id)
        if concerned and closure.starts_at < end and start < closure.ends_at:
            return closure
    return None


@dataclass
class _Grid:
    """Live occupations of some rooms' units over a range, read once and asked many times."""

    own: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    all_of: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    rooms_of: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    taken: dict[int, list[Range]] = field(default_factory=lambda: defaultdict(list))
    buffers: dict[int, tuple[timedelta, timedelta]] = field(default_factory=dict)

    @classmethod
    def of(cls, rooms: Sequence[Room], start: datetime, end: datetime) -> "_Grid":
        """One query: the units that these rooms take, with their live occupations."""
        grid = cls()
        for room in rooms:
            grid.buffers[room.pk] = (
                timedelta(minutes=room.buffer_before_minutes),
                timedelta(minutes=room.buffer_after_minutes),
            )
        margin = max((sum(pair, timedelta()) for pair in grid.buffers.values()), default=timedelta())
        seen: set[tuple[int, datetime]] = set()
        known = set(grid.buffers)
        for unit, own_room, larger, first, last in taken_units(list(grid.buffers), start - margin, end + margin):
            if own_room in known and unit not in grid.own[own_room]:
                grid.own[own_room].append(unit)
            if larger is not None:
                if unit not in grid.all_of[larger]:
                    grid.all_of[larger].append(unit)
                grid.rooms_of[larger].add(own_room)
            if first is not None and last is not None and (unit, first) not in seen:
                seen.add((unit, first))
                grid.taken[unit].append((first, last))
        return grid

    def count(self, room: Room) -> int:
        """How many identical units the room has in service."""
        return len(self.own[room.pk])

    def touches(self, room: Room, other: int) -> bool:
        """Whether closing the other room closes this one."""
        return other == room.pk or other in self.rooms_of[room.pk]

    def _widened(self, room: Room, start: datetime, end: datetime) -> Range:
        before, after = self.buffers[room.pk]
        return start - before, end + after

    def free_units(self, room: Room, start: datetime, end: datetime) -> int:
        """How many of the room's units somebody could still take for [start, end), buffers counted.

        Identical units count together: those seated there move over if need be.
        """
        start, end = self._widened(room, start, end)
        for unit in self.all_of[room.pk]:
            if any(first < end and start < last for first, last in self.taken[unit]):
                return 0
        own = self.own[room.pk]
        ranges = [taken for unit in own for taken in self.taken[unit]]
        return len(own) - slots.most_at_once(ranges, start, end)

    def gaps(self, room: Room, whole: Sequence[Range]) -> list[Range]:
        """The parts of the open ranges where the room could be taken, its own buffers kept clear."""
        before, after = self.buffers[room.pk]
        own = self.own[room.pk]
        taken = [(first - after, last + before) for unit in own for first, last in self.taken[unit]]
        gaps = slots.free_gaps(whole, taken, len(own))
        for unit in self.all_of[room.pk]:
            for first, last in self.taken[unit]:
                gaps = [piece for gap in gaps for piece in _minus(gap, (first - after, last + before))]
        return gaps


# --- Search across spaces ---


@dataclass(frozen=True)
class Search:
    """What somebody asks: a day, a half-day or two instants, and what the room must be. Kilometres are great circle."""

    day: date
    period: str = ""
    start: datetime | None = None
    end: datetime | None = None
    kind: str = ""
    attendees: int = 1
    equipment: tuple[int, ...] = ()
    label: str = ""
    latitude: float | None = None
    longitude: float | None = None
    within_km: float | None = None


@dataclass(frozen=True)
class Offer:
    """A room's own range for what was asked. `flexible`: the time to choose from, longer than one booking may be."""

    start: datetime
    end: datetime
    period: str = ""
    flexible: bool = False


@dataclass(frozen=True)
class Found:
    """A room free for what was asked: when exactly there, how many units, how far."""

    room: Room
    start: datetime
    end: datetime
    free_units: int
    units: int
    km: float | None
    period: str = ""
    flexible: bool = False

    @property
    def space(self) -> Space:
        return self.room.space


@dataclass(frozen=True)
class Missed:
    """A room that is what was asked, but not then or not there: why (far, taken, closed, closure…), how far."""

    room: Room
    code: str
    km: float | None
    reason: str = ""


@dataclass(frozen=True)
class Answer:
    """What a search finds, nearest first, and what it missed, with why."""

    found: list[Found]
    missed: list[Missed]


def free_rooms(search: Search, *, at: datetime) -> list[Found]:
    """Every room free for the search, nearest first, then by name. Five queries at most."""
    return search_rooms(search, at=at).found


def search_rooms(search: Search, *, at: datetime) -> Answer:
    """The rooms free for the search, and those that only the day, the hour or the distance rules out. Five queries."""
    wanted: list[tuple[Room, Offer, float | None]] = []
    missed: list[Missed] = []
    for room in _candidates(search):
        km = _km(search, room.space)
        if search.within_km is not None and km is not None and km > search.within_km:
            missed.append(Missed(room, "far", km))
            continue
        try:
            wanted.append((room, _offer(search, room, at), km))
        except DomainError as error:
            missed.append(Missed(room, error.code, km))
    found = list(_still_free(wanted, missed)) if wanted else []
    found.sort(key=lambda f: (f.km if f.km is not None else 0.0, f.space.name, f.room.position, f.room.name))
    return Answer(found, missed)


def _still_free(wanted: Sequence[tuple[Room, Offer, float | None]], missed: list[Missed]) -> Iterable[Found]:
    """What is neither closed nor taken; the others go to `missed`. Three queries."""
    start, end = min(offer.start for _, offer, _ in wanted), max(offer.end for _, offer, _ in wanted)
    grid = _Grid.of([room for room, _, _ in wanted], start, end)
    closures = defaultdict(list)
    for closure in Closure.objects.overlapping(start, end).filter(space__in={room.space_id for room, _, _ in wanted}):
        closures[closure.space_id].append(closure)
    for room, offer, km in wanted:
        closing = _closing(room, closures[room.space_id], offer.start, offer.end, grid)
        if closing is not None:
            missed.append(Missed(room, "closure", km, closing.reason))
            continue
        if offer.flexible:
            offer = _longest_gap(room, offer, grid) or offer
        free = grid.free_units(room, offer.start, offer.end)
        if not free:
            missed.append(Missed(room, "taken", km))
            continue
        yield Found(room, offer.start, offer.end, free, grid.count(room), km, offer.period, offer.flexible)


def _longest_gap(room: Room, offer: Offer, grid: "_Grid") -> Offer | None:
    """The longest stretch of the offered time that nobody has, if a booking fits in it."""
    shortest = timedelta(minutes=room.min_minutes)
    gaps = [gap for gap in grid.gaps(room, [(offer.start, offer.end)]) if gap[1] - gap[0] >= shortest]
    if not gaps:
        return None
    start, end = max(gaps, key=lambda gap: gap[1] - gap[0])
    return replace(offer, start=start, end=end)


def _candidates(search: Search) -> list[Room]:
    rooms = (
        Room.objects.filter(is_active=True, space__is_published=True, space__is_bookable=True)
        .filter(capacity__gte=search.attendees)
        .select_related("space__commune")
        .prefetch_related("equipment")
    )
    if search.kind:
        rooms = rooms.filter(kind=search.kind)
    if search.label:
        rooms = rooms.filter(space__labels__contains=[search.label])
    for tag in search.equipment:
        rooms = rooms.filter(equipment=tag)
    return list(rooms)


def _km(search: Search, space: Space) -> float | None:
    if search.latitude is None or search.longitude is None:
        return None
    return great_circle_km(search.latitude, search.longitude, space.latitude, space.longitude)


def _offer(search: Search, room: Room, at: datetime) -> Offer:
    """The room's own range for what was asked. Raises DomainError when it is closed, too soon, too short…

    Two times asked of a room of half-days give the half-day that holds them; a half-day asked of a booth that is lent
    for an hour at a time gives the half-day to choose from.
    """
    terms, expression = room.terms, room.space.opening_hours
    wish = slots.Wish(search.day, search.period, search.start, search.end)
    if room.mode == BookingMode.HALF_DAY and not wish.period:
        wish = slots.Wish(search.day, slots.period_around(wish, expression=expression))
    start, end = slots.requested_range(wish, mode=room.mode, expression=expression)
    if room.mode == BookingMode.FREE and wish.period:
        earliest = _round_up(at + timedelta(minutes=room.notice_minutes))
        start = max(start, earliest) if earliest < end else start
        flexible = end - start > timedelta(minutes=room.max_minutes)
        slots.check_length(terms, start, min(end, start + timedelta(minutes=room.max_minutes)))
        slots.check_moment(terms, start, at=at)
        return Offer(start, end, "", flexible)
    slots.check_length(terms, start, end)
    slots.check_moment(terms, start, at=at)
    slots.check_open(expression, (), start, end)
    return Offer(start, end, wish.period)


# --- When the slot went meanwhile ---


@dataclass(frozen=True)
class Alternative:
    """Something free nearby, and in what way it differs: later, room, space."""

    way: str
    found: Found


def alternatives(room: Room, wish: slots.Wish, *, attendees: int, at: datetime, limit: int = 3) -> list[Alternative]:
    """Up to `limit` near choices: the same room later, another room here, the nearest other space then."""
    result: list[Alternative] = []
    later = _same_room_later(room, wish, at=at)
    if later is not None:
        result.append(Alternative("later", later))
    others = nearest_free_rooms(room, wish, attendees=attendees, at=at)
    here = [f for f in others if f.room.space_id == room.space_id]
    elsewhere = [f for f in others if f.room.space_id != room.space_id]
    result += [Alternative("room", f) for f in here[:1]] + [Alternative("space", f) for f in elsewhere]
    return result[:limit]


def nearest_free_rooms(room: Room, wish: slots.Wish, *, attendees: int, at: datetime) -> list[Found]:
    """Rooms of the same kind free at that time, this one excepted, nearest to its space first, one per space."""
    search = Search(
        day=wish.day,
        period=wish.period,
        start=wish.starts_at,
        end=wish.ends_at,
        kind=room.kind,
        attendees=attendees,
        latitude=room.space.latitude,
        longitude=room.space.longitude,
    )
    seen: set[int] = set()
    nearest = []
    for found in free_rooms(search, at=at):
        if found.room.pk != room.pk and found.space.pk not in seen:
            seen.add(found.space.pk)
            nearest.append(found)
    return nearest


def _same_room_later(room: Room, wish: slots.Wish, *, at: datetime, days: int = 14) -> Found | None:
    """The next day, within two weeks, when the same room is free for the same half-day or the same hours."""
    start, end = clock.day_bounds(wish.day)[0], clock.day_bounds(wish.day + timedelta(days=days))[1]
    grid = _Grid.of([room], start, end)
    closures = list(Closure.objects.concerning(room).overlapping(start, end))
    for offset in range(days + 1):
        day = wish.day + timedelta(days=offset)
        for candidate in _same_day_wishes(wish, day):
            search = Search(day=day, period=candidate.period, start=candidate.starts_at, end=candidate.ends_at)
            try:
                offer = _offer(search, room, at)
            except DomainError:
                continue
            if _closing(room, closures, offer.start, offer.end, grid):
                continue
            free = grid.free_units(room, offer.start, offer.end)
            if free:
                return Found(room, offer.start, offer.end, free, grid.count(room), 0.0, offer.period, offer.flexible)
    return None


def _same_day_wishes(wish: slots.Wish, day: date) -> list[slots.Wish]:
    """The same wish another day; on the day itself, the other half-day."""
    if wish.period:
        if day == wish.day:
            return [slots.Wish(day, Period.AFTERNOON)] if wish.period == Period.MORNING else []
        return [slots.Wish(day, wish.period)]
    if day == wish.day or wish.starts_at is None or wish.ends_at is None:
        return []
    shift = timedelta(days=(day - wish.day).days)
    first, last = clock.local(wish.starts_at), clock.local(wish.ends_at)
    try:
        return [
            slots.Wish(
                day,
                starts_at=clock.at_local(first.date() + shift, first.time()),
                ends_at=clock.at_local(last.date() + shift, last.time()),
            )
        ]
    except DomainError:  # that night's clock has no such hour
        return []
