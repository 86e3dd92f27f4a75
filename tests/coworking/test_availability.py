"""What is free: the week's table, the search, the alternatives; as many queries with one booking as with twenty."""

from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coworking import actions, selectors
from coworking.actions.bookings import SlotTaken
from coworking.enums import BookingMode, Period
from coworking.models import Room, Space
from coworking.rules.slots import Wish
from coworking.selectors import Cell, RoomWeek, Search, ground
from orne_accueil.accounts.models import Person
from orne_accueil.common import clock
from tests.factories import make_commune, make_person
from tests.factories_coworking import NOW, TUESDAY, half_day, hours, make_booking, make_room, make_space

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 11, 30)
SHOWN = ("name", "slug", "kind", "address", "postal_code", "latitude", "longitude", "opening_hours", "is_bookable")


def week(room: Room, *, monday: date = MONDAY, at=NOW) -> RoomWeek:
    found = selectors.week_of(room.space, monday, at=at)
    return next(r for r in found.rooms if r.room == room)


def states(room: Room, day: int = 1, **kwargs) -> list[str]:
    return [cell.state for cell in week(room, **kwargs).days[day]]


def stretches(cells: tuple[Cell, ...]) -> list[str]:
    return [f"{clock.local(c.start):%H:%M}-{clock.local(c.end):%H:%M}" for c in cells if c.is_free]


# --- The week ---


def test_a_week_shows_what_is_free_and_what_is_taken(alice: Person) -> None:
    room = make_room()
    make_booking(room, alice)

    assert states(room) == ["free", "taken"]
    assert states(room, 5) == ["closed", "closed"]


def test_free_units_are_counted(alice: Person) -> None:
    room = make_room(units=3)
    make_booking(room, alice)

    morning, afternoon = week(room).days[1]

    assert (morning.free_units, afternoon.free_units, afternoon.units) == (3, 2, 3)


def test_a_public_holiday_is_named() -> None:
    room = make_room()

    found = selectors.week_of(room.space, date(2026, 12, 21), at=NOW)

    assert found.days[4].holiday == "Noël"
    assert [cell.reason for cell in found.rooms[0].days[4]] == ["Noël", "Noël"]


def test_a_closure_shows_its_reason_on_the_rooms_it_closes(alice: Person) -> None:
    desks = make_room()
    workshop = make_room(desks.space, includes=(desks,))
    other = make_room(desks.space)
    start, end = clock.day_bounds(TUESDAY)
    actions.close_space(space=desks.space, room=desks, start=start, end=end, reason="Peinture", by=alice, at=NOW)

    assert [c.reason for c in week(desks).days[1]] == ["Peinture", "Peinture"]
    assert states(workshop) == ["closed", "closed"]
    assert states(other) == ["free", "free"]


@pytest.mark.parametrize(
    ("terms", "at", "expected"),
    [
        ({}, clock.at_local(TUESDAY, time(12)), ["past", "free"]),
        ({}, clock.at_local(TUESDAY, time(10, 59)), ["free", "free"]),  # one walks in while the half-day is young
        ({"notice_minutes": 180}, clock.at_local(TUESDAY, time(8)), ["soon", "free"]),
        ({"horizon_days": 7}, NOW, ["free", "far"]),
    ],
)
def test_what_the_room_does_not_take_is_not_shown_free(terms: dict, at, expected: list[str]) -> None:
    assert states(make_room(**terms), at=at) == expected


def test_a_room_by_the_hour_shows_its_free_stretches(alice: Person) -> None:
    room = make_room(mode=BookingMode.FREE, min_minutes=30)
    make_booking(room, alice, hours("10:00", "11:00"))

    assert stretches(week(room).days[1]) == ["09:00-10:00", "11:00-12:30", "13:30-18:00"]


def test_a_stretch_too_short_for_the_room_is_not_offered(alice: Person) -> None:
    room = make_room(mode=BookingMode.FREE, min_minutes=60)
    make_booking(room, alice, hours("09:30", "12:30"))

    assert stretches(week(room).days[1]) == ["13:30-18:00"]


def test_buffers_shrink_the_stretches(alice: Person) -> None:
    room = make_room(mode=BookingMode.FREE, buffer_before_minutes=15, buffer_after_minutes=15)
    make_booking(room, alice, hours("14:30", "15:30"))

    assert stretches(week(room).days[1]) == ["09:00-12:30", "13:30-14:00", "16:00-18:00"]


@pytest.mark.parametrize(("start", "end"), [("13:30", "14:00"), ("16:00", "18:00")])
def test_every_stretch_that_is_shown_can_be_booked(start: str, end: str, alice: Person, bob: Person) -> None:
    room = make_room(mode=BookingMode.FREE, buffer_before_minutes=15, buffer_after_minutes=15)
    make_booking(room, alice, hours("14:30", "15:30"))

    assert make_booking(room, bob, hours(start, end)).is_live
    with pytest.raises(SlotTaken):
        make_booking(room, bob, hours("15:15", "15:45") if start == "16:00" else hours("14:00", "14:30"))


def test_people_who_can_be_re_seated_leave_the_day_free(alice: Person, bob: Person) -> None:
    room = make_room(units=2)
    make_booking(room, alice, half_day(period=Period.MORNING))
    make_booking(room, bob).occupations.update(unit=room.units.get(position=2))

    (found,) = selectors.free_rooms(Search(TUESDAY, Period.DAY), at=NOW)

    assert found.free_units == 1


def test_this_week_starts_on_its_monday_and_knows_its_number() -> None:
    found = selectors.week_of(make_space(), MONDAY, at=NOW)

    assert (found.iso, found.sunday, found.days[0].day) == ("2026-W49", date(2026, 12, 6), MONDAY)


def test_a_week_costs_the_same_with_one_booking_and_with_twenty(alice: Person) -> None:
    room = make_room(units=4)

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            selectors.week_of(room.space, MONDAY, at=NOW)
        return len(queries)

    make_booking(room, alice)
    one = cost()
    for _ in range(3):
        for offset in range(3):
            for period in (Period.MORNING, Period.AFTERNOON):
                make_booking(room, make_person(), half_day(TUESDAY + timedelta(days=offset), period))
    make_room(room.space)

    assert cost() == one <= 5


# --- The search ---


def test_the_nearest_free_room_comes_first() -> None:
    near, far = (make_space(commune=make_commune(latitude=lat, longitude=0.0)) for lat in (48.75, 48.5))
    make_room(far)
    make_room(near)

    found = selectors.free_rooms(Search(TUESDAY, Period.AFTERNOON, latitude=48.74, longitude=0.0), at=NOW)

    assert [f.space for f in found] == [near, far]
    assert found[0].km == pytest.approx(1.1, abs=0.1)
    assert found[1].km == pytest.approx(26.7, abs=0.2)


def test_within_km_is_a_limit() -> None:
    make_room(make_space(commune=make_commune(latitude=48.5, longitude=0.0)))

    wanted = {"latitude": 48.74, "longitude": 0.0}
    assert selectors.free_rooms(Search(TUESDAY, Period.DAY, within_km=26, **wanted), at=NOW) == []
    assert len(selectors.free_rooms(Search(TUESDAY, Period.DAY, within_km=27, **wanted), at=NOW)) == 1


@pytest.mark.parametrize(
    ("room", "search", "is_found"),
    [
        ({}, {}, True),
        ({}, {"kind": "meeting"}, False),
        ({"kind": "meeting"}, {"kind": "meeting"}, True),
        ({"capacity": 4}, {"attendees": 4}, True),
        ({"capacity": 4}, {"attendees": 5}, False),
        ({}, {"day": date(2026, 12, 5)}, False),  # a Saturday
        ({}, {"day": date(2026, 12, 25)}, False),
        ({"is_active": False}, {}, False),
        ({"notice_minutes": 30 * 1440}, {}, False),
        ({}, {"label": "P@T"}, False),
    ],
)
def test_only_what_fits_is_found(room: dict, search: dict, is_found: bool) -> None:
    make_room(**room)

    found = selectors.free_rooms(Search(**{"day": TUESDAY, "period": Period.AFTERNOON} | search), at=NOW)

    assert bool(found) is is_found


def test_a_half_day_room_offers_the_half_day_around_the_hours_asked() -> None:
    make_room(position=1)
    make_room(make_space(), mode=BookingMode.FREE, position=2)
    wish = hours("14:00", "16:00")

    found = selectors.free_rooms(Search(TUESDAY, start=wish.starts_at, end=wish.ends_at), at=NOW)

    ranges = [(f"{clock.local(f.start):%H:%M}-{clock.local(f.end):%H:%M}", f.period) for f in found]
    assert ranges == [("13:30-18:00", Period.AFTERNOON), ("14:00-16:00", "")]


def test_a_taken_or_closed_room_is_not_found(alice: Person) -> None:
    taken, closed, free = make_room(), make_room(), make_room()
    make_booking(taken, alice)
    start, end = clock.day_bounds(TUESDAY)
    actions.close_space(space=closed.space, room=None, start=start, end=end, reason="Gel", by=alice, at=NOW)

    found = selectors.free_rooms(Search(TUESDAY, Period.AFTERNOON), at=NOW)

    assert [f.room for f in found] == [free]


def test_a_search_costs_the_same_with_one_room_and_with_twenty(alice: Person) -> None:
    make_booking(make_room(), alice)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            selectors.free_rooms(Search(TUESDAY, Period.MORNING), at=NOW)
        return len(queries)

    one = cost()
    for _ in range(19):
        make_booking(make_room(), make_person())

    assert cost() == one <= 5


# --- When the slot went meanwhile ---


def test_three_near_choices_are_offered(alice: Person) -> None:
    commune = make_commune()
    room = make_room(make_space(commune=commune))
    sister = make_room(room.space)
    elsewhere = make_room(make_space(commune=make_commune(latitude=commune.latitude + 0.1)))
    make_booking(room, alice)

    found = selectors.alternatives(room, half_day(), attendees=1, at=NOW)

    assert [(a.way, a.found.room) for a in found] == [("later", room), ("room", sister), ("space", elsewhere)]
    assert clock.local(found[0].found.start).date() == TUESDAY + timedelta(days=1)


def test_the_other_half_of_the_same_day_is_the_nearest(alice: Person) -> None:
    room = make_room()
    make_booking(room, alice, half_day(period=Period.MORNING))

    (later,) = selectors.alternatives(room, half_day(period=Period.MORNING), attendees=1, at=NOW)

    assert clock.local(later.found.start).date() == TUESDAY


def test_nothing_is_offered_where_nothing_is_free(alice: Person) -> None:
    room = make_room(horizon_days=7)
    make_booking(room, alice, Wish(TUESDAY, Period.MORNING))

    assert selectors.alternatives(room, Wish(TUESDAY, Period.DAY), attendees=1, at=NOW) == []


def test_what_is_read_in_sql_is_what_the_models_hold() -> None:
    """The columns of hand-written queries land in the fields of their names."""
    room = make_room(make_space(commune=make_commune("Argentan")))
    space = selectors.space_page(room.space.slug)
    stored = Space.objects.select_related("commune").get(pk=room.space_id)
    assert (space.commune.name, space.commune.code_insee) == ("Argentan", stored.commune.code_insee)
    assert {field: getattr(space, field) for field in SHOWN} == {field: getattr(stored, field) for field in SHOWN}
    (read,) = selectors.bookable_rooms(room.space)
    assert read.terms == room.terms
    assert (read.name, read.kind, read.access_type) == (room.name, room.kind, room.access_type)


def test_a_room_is_refreshed_with_what_decides_of_a_booking() -> None:
    stale, room = make_room(), make_room()
    changed = {
        "mode": "free", "min_minutes": 45, "max_minutes": 90, "notice_minutes": 60, "horizon_days": 12,
        "buffer_before_minutes": 5, "buffer_after_minutes": 10, "quota_half_days": 3, "change_limit_minutes": 30,
        "capacity": 7, "needs_approval": True,
    }  # fmt: skip
    stale = Room.objects.select_related("space").get(pk=room.pk)
    Room.objects.filter(pk=room.pk).update(**changed)
    Space.objects.filter(pk=room.space_id).update(opening_hours="Mo 09:00-12:00")

    assert ground.refresh(stale)

    stored = Room.objects.select_related("space").get(pk=room.pk)
    assert (stale.terms, stale.needs_approval) == (stored.terms, True)
    assert stale.space.opening_hours == "Mo 09:00-12:00"


@pytest.mark.parametrize("field", ["is_active", "space__is_published", "space__is_bookable"])
def test_a_room_that_is_no_longer_offered_is_not_refreshed(field: str) -> None:
    room = make_room(make_space(kind="tiers_lieu"))
    owner = room.space if field.startswith("space__") else room
    type(owner).objects.filter(pk=owner.pk).update(**{field.removeprefix("space__"): False})

    assert not ground.refresh(room)
