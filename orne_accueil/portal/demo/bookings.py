"""The bookings of the demonstration, always around today.

A plan says, from today's date alone, who is where and when. Each item has a key, hence a reference (UUID v5): what the
demonstration made is known again without a table of its own. On each load, what stands where the plan wants it stays,
what nobody touched and is elsewhere in time is moved, and what somebody touched (approved, cancelled, pointed) is
history: it stays, and the plan's item is made anew beside it.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from uuid import NAMESPACE_URL, UUID, uuid5

from auditlog.context import disable_auditlog
from django.db import transaction

from coworking import actions
from coworking.enums import BookingMode, BookingState, Period, Presence, RoomKind, Usage
from coworking.models import Booking, Closure, Occupation, Room, Space, Unit
from coworking.rules import hours, slots
from orne_accueil.accounts.models import Person
from orne_accueil.common import clock
from orne_accueil.common.db import period
from orne_accueil.common.errors import DomainError

from .people import ARGENTAN, SEES, Cast
from .places import BOOTH, DESKS, MEETING, OFFICE, TRAINING

NAMESPACE = uuid5(NAMESPACE_URL, "https://teletravail-orne.example/demonstration")
TRAINING_DAY = "Formation de l’animatrice"

WEEKS_BEFORE, WEEKS_AFTER = 3, 2
PER_DAY = {ARGENTAN: 4, SEES: 2}
"""Bookings of an open day; elsewhere one every other day."""

NOTES = ("", "", "", "J’aurai besoin d’une prise pour deux écrans.", "Je viens en train, j’arriverai vers 9 h 15.", "")


@dataclass(frozen=True)
class Item:
    """One booking that the demonstration wants. `presence` is what its past form shows; `asked` how long ago."""

    key: str
    room: Room
    person: Person
    wish: slots.Wish
    usage: str = Usage.OCCASIONAL
    attendees: int = 1
    note: str = ""
    presence: str = Presence.PRESENT
    asked: timedelta = timedelta(hours=3)
    is_cancelled: bool = False
    is_first_visit: bool = False
    is_approved: bool = False

    def range(self) -> tuple[datetime, datetime]:
        """When it is. Raises DomainError where the place is closed."""
        expression = self.room.space.opening_hours
        start, end = slots.requested_range(self.wish, mode=self.room.mode, expression=expression)
        slots.check_open(expression, (), start, end)
        return start, end

    def reference(self, generation: int) -> UUID:
        return uuid5(NAMESPACE, f"{self.key}:{generation}")


@dataclass(frozen=True)
class Loaded:
    """What a load of the bookings did."""

    made: int
    moved: int
    standing: int


def load_bookings(cast: Cast, spaces: dict[str, Space], *, at: datetime, today: date) -> Loaded:
    """Put the demonstration's bookings around today."""
    rooms = _rooms(spaces.values())
    _close_a_monday(cast, spaces[ARGENTAN], at=at, today=today)
    closed = _Closed.read(spaces.values())
    items = list(_plan(cast, spaces, rooms, closed, today=today))
    return _Loader(cast, at).load(items)


def _rooms(spaces: Iterable[Space]) -> dict[tuple[int, str], Room]:
    found = Room.objects.filter(space__in=spaces, is_active=True).select_related("space__commune")
    return {(room.space_id, room.name): room for room in found}


def _close_a_monday(cast: Cast, space: Space, *, at: datetime, today: date) -> None:
    """The animator is away one Monday, next week or, if somebody booked then, the week after."""
    closures = Closure.objects.filter(space=space, reason=TRAINING_DAY, closed_by=cast.animatrice)
    if closures.filter(ends_at__gt=at).exists():
        return
    for past in closures:
        actions.reopen_space(closure=past, by=cast.animatrice, at=at)
    next_monday = today + timedelta(days=7 - today.weekday())
    for monday in (next_monday, next_monday + timedelta(days=7)):
        start, end = clock.day_bounds(monday)
        try:
            actions.close_space(
                space=space, room=None, start=start, end=end, reason=TRAINING_DAY, by=cast.animatrice, at=at
            )
            return
        except actions.ClosureBlocked:
            continue


@dataclass
class _Closed:
    """The closures to come, to keep the plan off them."""

    ranges: dict[int, list[tuple[datetime, datetime]]]

    @classmethod
    def read(cls, spaces: Iterable[Space]) -> "_Closed":
        ranges = defaultdict(list)
        for closure in Closure.objects.filter(space__in=spaces, room=None):
            ranges[closure.space_id].append((closure.starts_at, closure.ends_at))
        return cls(ranges)

    def is_open(self, space: Space, day: date, period: str = Period.DAY) -> bool:
        half = hours.half_days(space.opening_hours, day).get(period)
        if half is None:
            return False
        return not any(start < half.end and half.start < end for start, end in self.ranges[space.pk])

    def open_day(self, space: Space, first: date, *, step: int = 1, period: str = Period.AFTERNOON) -> date:
        """The first day from `first`, going by `step`, when the place is open then."""
        days = (first + timedelta(days=step * offset) for offset in range(60))
        return next((day for day in days if self.is_open(space, day, period)), first)


# --- The plan ---


def _plan(
    cast: Cast, spaces: dict[str, Space], rooms: dict[tuple[int, str], Room], closed: _Closed, *, today: date
) -> Iterator[Item]:
    """What the stories need first, then an ordinary life around them."""
    argentan = spaces[ARGENTAN]
    here = {name: rooms.get((argentan.pk, name)) for name in (DESKS, OFFICE, MEETING, TRAINING, BOOTH)}
    yield from _arrivals(cast, argentan, here, closed, today)
    yield from _requests(cast, spaces, rooms, closed, today)
    yield from _newcomer(cast, argentan, here, closed, today)
    for code, space in spaces.items():
        in_space = [room for (space_id, _), room in rooms.items() if space_id == space.pk]
        yield from _ordinary_life(cast, code, in_space, closed, today)


def _arrivals(cast: Cast, space: Space, here: dict[str, Room | None], closed: _Closed, today: date) -> Iterator[Item]:
    """Today's arrivals at Argentan, a first visit among them; the next open day's where it is closed today."""
    day = closed.open_day(space, today, period=Period.DAY)
    desks, office, meeting, booth = here[DESKS], here[OFFICE], here[MEETING], here[BOOTH]
    people = cast.visitors
    half = Period.AFTERNOON if closed.is_open(space, day, Period.AFTERNOON) else Period.MORNING
    last = Period.AFTERNOON if half == Period.AFTERNOON else Period.MORNING
    if desks:
        first = cast.first_visitor
        yield Item("aujourdhui/1", desks, people[0], slots.Wish(day, Period.MORNING))
        yield Item("aujourdhui/2", desks, people[4], slots.Wish(day, Period.DAY), usage=Usage.SECOND_HOME)
        yield Item(
            "aujourdhui/premiere", desks, first, slots.Wish(day, last), usage=Usage.SETTLED, is_first_visit=True,
            note="Je viens d’emménager à Moulins-sur-Orne, je ne connais pas encore le lieu.",
        )  # fmt: skip
    if office:
        yield Item("aujourdhui/bureau", office, people[7], slots.Wish(day, half), note=NOTES[3])
    if booth:
        yield Item("aujourdhui/cabine", booth, people[9], _between(day, "10:30", "11:15"))
    if meeting and half == Period.AFTERNOON:
        yield Item(
            "aujourdhui/reunion", meeting, people[12], _between(day, "14:30", "16:30"), attendees=6,
            usage=Usage.OTHER, asked=timedelta(days=4), is_approved=True,
        )  # fmt: skip


def _requests(
    cast: Cast, spaces: dict[str, Space], rooms: dict[tuple[int, str], Room], closed: _Closed, today: date
) -> Iterator[Item]:
    """What waits for the animator: asked two hours, a day and more than a day ago."""
    wanted = (
        (ARGENTAN, MEETING, 2, "10:00", "12:00", 5, timedelta(hours=2), "Assemblée de l’association des parents."),
        (ARGENTAN, MEETING, 4, "14:00", "16:00", 8, timedelta(hours=20), "Entretiens d’embauche, au calme."),
        (SEES, MEETING, 3, "09:30", "11:30", 4, timedelta(hours=30), "Atelier avec deux clients."),
    )
    for number, (code, name, ahead, start, end, attendees, asked, note) in enumerate(wanted):
        room = rooms.get((spaces[code].pk, name))
        if room is None:
            continue
        day = closed.open_day(spaces[code], today + timedelta(days=ahead))
        yield Item(
            f"demande/{number}", room, cast.visitors[20 + number], _between(day, start, end), usage=Usage.SETTLED,
            attendees=attendees, asked=asked, note=note,
        )  # fmt: skip
    training = rooms.get((spaces[ARGENTAN].pk, TRAINING))
    if training is not None:
        day = closed.open_day(spaces[ARGENTAN], today + timedelta(days=16))
        yield Item(
            "demande/formation", training, cast.visitors[24], slots.Wish(day, Period.AFTERNOON), usage=Usage.OTHER,
            attendees=12, asked=timedelta(hours=5), note="Initiation à la comptabilité, douze personnes.",
        )  # fmt: skip


def _newcomer(cast: Cast, space: Space, here: dict[str, Room | None], closed: _Closed, today: date) -> Iterator[Item]:
    """One booking to come, a few behind her, one of them cancelled."""
    desks = here[DESKS]
    if desks is None:
        return
    coming = closed.open_day(space, today + timedelta(days=2))
    yield Item("nouvelle/a-venir", desks, cast.nouvelle, slots.Wish(coming, Period.AFTERNOON), note=NOTES[4])
    for number, (ago, half, is_cancelled) in enumerate(
        (
            (3, Period.AFTERNOON, False),
            (8, Period.DAY, False),
            (11, Period.MORNING, True),
            (17, Period.AFTERNOON, False),
        )
    ):
        day = closed.open_day(space, today - timedelta(days=ago), step=-1)
        yield Item(
            f"nouvelle/passee/{number}", desks, cast.nouvelle, slots.Wish(day, half), is_cancelled=is_cancelled
        )  # fmt: skip


def _ordinary_life(cast: Cast, code: str, rooms: list[Room], closed: _Closed, today: date) -> Iterator[Item]:
    """Weeks of ordinary bookings, the same from one load to the next until the week changes."""
    bookable = [room for room in rooms if room.kind in (RoomKind.DESK, RoomKind.OFFICE, RoomKind.BOOTH)]
    if not bookable:
        return
    monday = today - timedelta(days=today.weekday())
    for week in range(-WEEKS_BEFORE, WEEKS_AFTER + 1):
        for weekday in range(6):
            day = monday + timedelta(days=7 * week + weekday)
            chance = random.Random(f"{code}/{week}/{weekday}")  # noqa: S311 - the same life each time
            wanted = PER_DAY.get(code, chance.randrange(2))
            if week < 0 and code not in PER_DAY and weekday % 2:
                continue
            for number, person in enumerate(chance.sample(cast.visitors[:36], wanted)):
                room, key = chance.choice(bookable), f"vie/{code}/{week}/{weekday}/{number}"
                item = _ordinary(key, room, person, chance, day)
                if closed.is_open(room.space, day, item.wish.period or Period.DAY):
                    yield item


def _ordinary(key: str, room: Room, person: Person, chance: random.Random, day: date) -> Item:
    if room.mode == BookingMode.FREE:
        start = chance.choice([time(9, 30), time(10, 0), time(11, 0), time(14, 30), time(15, 0), time(16, 15)])
        end = (datetime.combine(day, start) + timedelta(minutes=chance.choice([30, 45]))).time()
        wish = slots.Wish(day, starts_at=clock.at_local(day, start), ends_at=clock.at_local(day, end))
    else:
        wish = slots.Wish(day, chance.choice([Period.MORNING, Period.AFTERNOON, Period.AFTERNOON, Period.DAY]))
    return Item(
        key=key,
        room=room,
        person=person,
        wish=wish,
        usage=chance.choice([Usage.OCCASIONAL, Usage.OCCASIONAL, Usage.SECOND_HOME, Usage.SETTLED, Usage.OTHER]),
        note=chance.choice(NOTES),
        presence=Presence.ABSENT if chance.random() < 0.07 else Presence.PRESENT,
        asked=timedelta(days=chance.randrange(1, 12)),
        is_cancelled=chance.random() < 0.06,
    )


def _between(day: date, start: str, end: str) -> slots.Wish:
    first, last = (clock.at_local(day, time.fromisoformat(wall)) for wall in (start, end))
    return slots.Wish(day, starts_at=first, ends_at=last)


# --- From the plan to the tables ---


class _Loader:
    """Brings the tables to the plan."""

    def __init__(self, cast: Cast, at: datetime) -> None:
        self.at, self.cast = at, cast
        theirs = Booking.objects.filter(person__in=[person.pk for person in cast.everybody])
        self.known = {booking.reference: booking for booking in theirs}

    def load(self, items: list[Item]) -> Loaded:
        """1. Find what is missing or elsewhere; 2. clear what moves; 3. write what has begun; 4. book the rest."""
        begun: list[tuple[Item, UUID, datetime, datetime]] = []
        ahead: list[tuple[Item, UUID]] = []
        moving: list[int] = []
        standing: list[tuple[Item, Booking]] = []
        for item in items:
            try:
                start, end = item.range()
            except DomainError:
                continue
            found, reference = self._place_of(item, start)
            if found is not None and found.starts_at == start:
                standing.append((item, found))
                continue
            if found is not None:
                moving.append(found.pk)
            if start <= self.at:
                begun.append((item, reference, start, end))
            elif not item.is_cancelled:
                ahead.append((item, reference))
        self._clear(moving)
        self._point(standing)
        made = self._write_begun(begun) + sum(self._book(item, reference) for item, reference in ahead)
        return Loaded(made=made - len(moving), moved=len(moving), standing=len(standing))

    def _place_of(self, item: Item, start: datetime) -> tuple[Booking | None, UUID]:
        """The item's booking, in place or free to be moved; or the reference under which to make it anew."""
        for generation in count():
            reference = item.reference(generation)
            found = self.known.get(reference)
            if found is None or found.starts_at == start or not _is_touched(found, item):
                return found, reference
        raise AssertionError("unreachable")

    def _clear(self, keys: list[int]) -> None:
        with transaction.atomic(), disable_auditlog():
            Booking.objects.filter(pk__in=keys).delete()

    def _point(self, standing: list[tuple[Item, Booking]]) -> None:
        """Nobody noted who came yesterday: the demonstration's animators are said to have."""
        midnight = clock.day_bounds(clock.local(self.at).date())[0]
        for item, booking in standing:
            is_over = booking.state == BookingState.CONFIRMED and booking.ends_at <= midnight
            if is_over and booking.presence == Presence.UNKNOWN:
                Booking.objects.filter(pk=booking.pk, presence=Presence.UNKNOWN).update(presence=item.presence)

    def _write_begun(self, items: list[tuple[Item, UUID, datetime, datetime]]) -> int:
        """What has begun already is past the rules that look ahead: written as it would stand now."""
        if not items:
            return 0
        units = _Units.of({item.room for item, *_ in items}, min(s for *_, s, _ in items), max(e for *_, e in items))
        bookings: list[Booking] = []
        occupations: list[Occupation] = []
        for item, reference, start, end in items:
            booking = self._as_past(item, reference, start, end)
            taken = slots.taken_range(item.room.terms, start, end)
            if booking.is_live:
                seats = units.take(item.room, *taken)
                if not seats:
                    continue
                occupations += [
                    Occupation(unit_id=unit, booking=booking, occupies=period(*taken), live=True) for unit in seats
                ]
            bookings.append(booking)
        with transaction.atomic():
            Booking.objects.bulk_create(bookings)
            Occupation.objects.bulk_create(occupations)
        return len(bookings)

    def _as_past(self, item: Item, reference: UUID, start: datetime, end: datetime) -> Booking:
        asked_at = min(start - item.asked, self.at - item.asked)
        booking = Booking(
            reference=reference,
            room=item.room,
            person=item.person,
            starts_at=start,
            ends_at=end,
            half_days=hours.half_day_count(start, end),
            attendees=item.attendees,
            usage=item.usage,
            note=item.note,
            state=BookingState.CONFIRMED,
            created_at=asked_at,
            confirmed_at=asked_at,
            reminder_for=start,
            access_for=start,
            is_first_visit=item.is_first_visit,
            typed_by=self._typist(item),
        )
        if item.is_cancelled:
            booking.state, booking.ended_by = BookingState.CANCELLED, item.person
            booking.ended_at = start - timedelta(hours=2)
        elif end <= self.at:
            booking.presence = item.presence
        return booking

    def _book(self, item: Item, reference: UUID) -> bool:
        """What is to come is booked as anybody books, messages included, at the instant it was asked."""
        try:
            with transaction.atomic():
                booking = actions.book_room(
                    room=item.room,
                    person=item.person,
                    wish=item.wish,
                    usage=item.usage,
                    attendees=item.attendees,
                    note=item.note,
                    by=self._typist(item) or item.person,
                    at=self.at - item.asked,
                )
                Booking.objects.filter(pk=booking.pk).update(reference=reference)
        except DomainError:  # somebody else is there, or the place has closed since: the day goes on without it
            return False
        if item.is_approved and booking.state == BookingState.PENDING:
            actions.approve_booking(booking=booking, by=self.cast.animatrice, at=self.at)
        return True

    def _typist(self, item: Item) -> Person | None:
        """Who typed it: the animator, for somebody on the phone; nobody for who has an address."""
        return None if item.person.email else self.cast.animatrice


def _is_touched(booking: Booking, item: Item) -> bool:
    """Whether somebody did something to it since the demonstration made it."""
    if booking.state == BookingState.LAPSED:
        return False
    was_ended = booking.ended_at is not None and not item.is_cancelled
    was_pointed = booking.presence not in (Presence.UNKNOWN, item.presence)
    was_decided = booking.decided_by_id is not None and not item.is_approved
    was_changed = booking.revision > item.is_approved
    return was_ended or was_pointed or was_decided or was_changed


class _Units:
    """Which units are free when, for bookings written at once."""

    def __init__(self) -> None:
        self.own: dict[int, list[int]] = defaultdict(list)
        self.included: dict[int, list[int]] = defaultdict(list)
        self.taken: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)

    @classmethod
    def of(cls, rooms: set[Room], start: datetime, end: datetime) -> "_Units":
        units = cls()
        keys = {room.pk for room in rooms}
        rows = Unit.objects.active().filter(room__in=keys).order_by("position").values_list("pk", "room_id")
        for unit, room in rows:
            units.own[room].append(unit)
        included = Unit.objects.active().filter(room__included_in__in=keys).distinct()
        for unit, room in included.values_list("pk", "room__included_in"):
            if room in keys:
                units.included[room].append(unit)
        live = Occupation.objects.live().filter(occupies__overlap=(start - timedelta(days=1), end + timedelta(days=1)))
        for unit, occupies in live.values_list("unit_id", "occupies"):
            units.taken[unit].append((occupies.lower, occupies.upper))
        return units

    def take(self, room: Room, start: datetime, end: datetime) -> list[int]:
        """One of the room's units and all those it includes, or nothing when they are not free."""
        own = next((unit for unit in self.own[room.pk] if self._is_free(unit, start, end)), None)
        if own is None or not all(self._is_free(unit, start, end) for unit in self.included[room.pk]):
            return []
        seats = [own, *self.included[room.pk]]
        for unit in seats:
            self.taken[unit].append((start, end))
        return seats

    def _is_free(self, unit: int, start: datetime, end: datetime) -> bool:
        return not any(first < end and start < last for first, last in self.taken[unit])
