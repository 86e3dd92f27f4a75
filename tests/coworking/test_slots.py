"""What the rules allow, at their bounds; who sits where."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworking.enums import BookingMode, Period
from coworking.rules import slots
from orne_accueil.common.clock import at_local
from orne_accueil.common.errors import DomainError

DAY = date(2026, 12, 1)
START = at_local(DAY, time(14))
TERMS = slots.RoomTerms(
    mode=BookingMode.FREE,
    min_minutes=30,
    max_minutes=240,
    notice_minutes=60,
    horizon_days=90,
    buffer_before_minutes=15,
    buffer_after_minutes=10,
    quota_half_days=4,
    change_limit_minutes=120,
    capacity=6,
)


def refusal(check, *args, **kwargs) -> str:
    """The code of the refusal, or nothing when it passes."""
    try:
        check(*args, **kwargs)
    except DomainError as error:
        return error.code if error.message.endswith(".") else f"{error.code}: no full stop"
    return ""


@pytest.mark.parametrize(
    ("minutes", "code"), [(-10, "order"), (0, "order"), (29, "too_short"), (30, ""), (240, ""), (241, "too_long")]
)
def test_length_has_a_floor_and_a_ceiling(minutes: int, code: str) -> None:
    assert refusal(slots.check_length, TERMS, START, START + timedelta(minutes=minutes)) == code


@pytest.mark.parametrize(
    ("before", "code"),
    [
        (timedelta(minutes=-1), "past"),
        (timedelta(minutes=59), "notice"),
        (timedelta(minutes=60), ""),
        (timedelta(days=90), ""),
        (timedelta(days=90, seconds=1), "horizon"),
    ],
)
def test_a_booking_is_neither_past_nor_too_soon_nor_too_far(before: timedelta, code: str) -> None:
    assert refusal(slots.check_moment, TERMS, START, at=START - before) == code


@pytest.mark.parametrize(("late", "code"), [(0, ""), (119, ""), (120, "past"), (500, "past")])
def test_a_half_day_just_begun_may_still_be_taken(late: int, code: str) -> None:
    terms = slots.replace(TERMS, mode=BookingMode.HALF_DAY, notice_minutes=0)

    assert refusal(slots.check_moment, terms, START, at=START + timedelta(minutes=late)) == code


def test_the_animator_decides_on_notice_horizon_and_quota_herself() -> None:
    staff = TERMS.for_staff()

    assert refusal(slots.check_moment, staff, START, at=START - timedelta(minutes=1)) == ""
    assert refusal(slots.check_moment, staff, START, at=START - timedelta(days=200)) == ""
    assert refusal(slots.check_quota, staff, used=40, asked=2) == ""
    assert refusal(slots.check_attendees, staff, 7) == "capacity"  # walls do not stretch for her either


@pytest.mark.parametrize(("attendees", "code"), [(0, "attendees"), (1, ""), (6, ""), (7, "capacity")])
def test_a_room_holds_what_it_holds(attendees: int, code: str) -> None:
    assert refusal(slots.check_attendees, TERMS, attendees) == code


@pytest.mark.parametrize(("used", "asked", "code"), [(0, 4, ""), (3, 1, ""), (3, 2, "quota"), (4, 1, "quota")])
def test_quota_is_by_month(used: int, asked: int, code: str) -> None:
    assert refusal(slots.check_quota, TERMS, used=used, asked=asked) == code


@pytest.mark.parametrize(("before", "code"), [(121, ""), (120, "change_limit"), (1, "change_limit"), (0, "started")])
def test_changes_stop_at_the_stated_limit(before: int, code: str) -> None:
    at = START - timedelta(minutes=before)

    assert refusal(slots.check_change_limit, TERMS, START, at=at, gesture="l’annuler") == code


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [("09:00", "10:00", ""), ("10:00", "12:00", "closure"), ("11:59", "12:30", "closure"), ("12:00", "12:30", "")],
)
def test_a_closure_is_a_half_open_range(start: str, end: str, code: str) -> None:
    closure = slots.ClosedTime(at_local(DAY, time(10)), at_local(DAY, time(12)), "travaux")
    wanted = (at_local(DAY, time.fromisoformat(wall)) for wall in (start, end))

    assert refusal(slots.check_open, "Mo-Fr 09:00-12:30", [closure], *wanted) == code


def test_a_closed_time_says_when_it_is_open() -> None:
    with pytest.raises(DomainError, match=r"Mardi 1er\xa0décembre, il ouvre 9\xa0h–12\xa0h\xa030"):
        slots.check_open("Mo-Fr 09:00-12:30", [], START, START + timedelta(hours=1))


def test_a_half_day_room_takes_no_times() -> None:
    wish = slots.Wish(DAY, starts_at=START, ends_at=START + timedelta(hours=1))

    with pytest.raises(DomainError, match="à la demi-journée"):
        slots.requested_range(wish, mode=BookingMode.HALF_DAY, expression="Mo-Fr 09:00-18:00")


def test_a_closed_half_day_is_refused_with_its_name() -> None:
    with pytest.raises(DomainError, match="fermé mardi 1er\xa0décembre, matin"):
        slots.requested_range(
            slots.Wish(DAY, Period.MORNING), mode=BookingMode.HALF_DAY, expression="Mo-Fr 14:00-18:00"
        )


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(1, "1\xa0minute"), (45, "45\xa0minutes"), (60, "1\xa0heure"), (90, "1\xa0h\xa030"), (120, "2\xa0heures"),
     (1440, "1\xa0jour"), (4320, "3\xa0jours")],
)  # fmt: skip
def test_durations_read_aloud(minutes: int, words: str) -> None:
    assert slots.duration(minutes) == words


# --- Seating ---


def at(hour: int) -> datetime:
    return datetime(2026, 12, 1, tzinfo=UTC) + timedelta(hours=hour)


def taken(key: int, unit: int, start: int, end: int, *, movable: bool = True) -> slots.Seat:
    return slots.Seat(key, unit, at(start), at(end), movable)


def test_the_first_free_unit_is_taken() -> None:
    assert slots.seat([1, 2], [taken(10, 1, 9, 12)], at(9), at(12)) == slots.Seating(2, {})
    assert slots.seat([1, 2], [taken(10, 1, 9, 12)], at(12), at(14)) == slots.Seating(1, {})


def test_neighbours_move_when_the_day_is_full_of_fragments() -> None:
    day = [taken(10, 1, 9, 12), taken(11, 2, 12, 18)]  # neither desk is free from 9 to 18, yet two people fit

    seating = slots.seat([1, 2], day, at(9), at(18))

    assert seating is not None
    assert len(seating.moves) == 1


def test_somebody_who_has_arrived_is_not_moved() -> None:
    day = [taken(10, 1, 9, 12, movable=False), taken(11, 2, 12, 18, movable=False)]

    assert slots.seat([1, 2], day, at(9), at(18)) is None


def test_nobody_is_seated_where_everything_is_taken() -> None:
    assert slots.seat([1], [taken(10, 1, 9, 12)], at(11), at(13)) is None


@given(
    units=st.integers(1, 4),
    wishes=st.lists(st.tuples(st.integers(0, 20), st.integers(1, 6)), max_size=14),
    newcomer=st.tuples(st.integers(0, 20), st.integers(1, 6)),
)
@settings(max_examples=400)
def test_somebody_is_refused_only_when_every_unit_is_busy_at_once(
    units: int, wishes: list[tuple[int, int]], newcomer: tuple[int, int]
) -> None:
    names = list(range(1, units + 1))
    seats: list[slots.Seat] = []
    for key, (start, length) in enumerate(wishes):  # seat them badly on purpose: the first unit that happens to be free
        free = [
            u
            for u in names
            if not any(s.unit == u and s.start < at(start + length) and at(start) < s.end for s in seats)
        ]
        if free:
            seats.append(taken(key, free[-1], start, start + length))
    start, end = at(newcomer[0]), at(sum(newcomer))

    seating = slots.seat(names, seats, start, end)

    busiest = slots.most_at_once([(s.start, s.end) for s in seats], start, end)
    assert (seating is None) == (busiest >= units)
    if seating is not None:
        after = [slots.replace(s, unit=seating.moves.get(s.key, s.unit)) for s in seats]
        after.append(slots.Seat(-1, seating.unit, start, end, True))
        for unit in names:
            mine = sorted((s for s in after if s.unit == unit), key=lambda s: s.start)
            assert all(first.end <= second.start for first, second in pairwise(mine))


@pytest.mark.parametrize(
    ("busy", "units", "expected"),
    [
        ([], 1, [(9, 18)]),
        ([(9, 18)], 1, []),
        ([(9, 12)], 1, [(12, 18)]),
        ([(10, 12), (12, 13)], 1, [(9, 10), (13, 18)]),
        ([(10, 12), (11, 13)], 2, [(9, 11), (12, 18)]),
        ([(8, 9), (18, 19)], 1, [(9, 18)]),
        ([(8, 10)], 1, [(10, 18)]),
    ],
)
def test_free_gaps_are_where_a_unit_is_left(
    busy: list[tuple[int, int]], units: int, expected: list[tuple[int, int]]
) -> None:
    ranges = [(at(first), at(last)) for first, last in busy]

    assert slots.free_gaps([(at(9), at(18))], ranges, units) == [(at(a), at(b)) for a, b in expected]
