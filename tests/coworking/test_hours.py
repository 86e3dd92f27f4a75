"""Opening hours: evaluation, half-days, the weekly form, both nights of the clock change."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworking.enums import Period
from coworking.rules import hours
from orne_accueil.common.clock import PARIS, at_local
from orne_accueil.common.errors import DomainError

OFFICE = "Mo-Fr 09:00-12:30,13:30-18:00"
TUESDAY = date(2026, 12, 1)
SPRING = date(2026, 3, 29)
AUTUMN = date(2026, 10, 25)


def walls(openings: tuple[hours.Opening, ...]) -> list[str]:
    return [f"{o.start.astimezone(PARIS):%H:%M}-{o.end.astimezone(PARIS):%H:%M}" for o in openings]


@pytest.mark.parametrize(
    ("expression", "day", "expected"),
    [
        (OFFICE, TUESDAY, ["09:00-12:30", "13:30-18:00"]),
        (OFFICE, date(2026, 12, 5), []),
        (OFFICE, date(2026, 11, 11), []),  # a public holiday that the expression does not mention
        (f"{OFFICE}; PH 10:00-12:00", date(2026, 11, 11), ["10:00-12:00"]),
        (f"{OFFICE}; Aug off", date(2026, 8, 4), []),
        ("24/7", TUESDAY, ["00:00-00:00"]),
        ("24/7", date(2026, 12, 25), ["00:00-00:00"]),  # always open means always
        ("Mo 22:00-26:00", date(2026, 12, 1), ["00:00-02:00"]),
        ("", TUESDAY, []),
    ],
)
def test_openings_follow_the_expression(expression: str, day: date, expected: list[str]) -> None:
    assert walls(hours.openings(expression, day)) == expected


@pytest.mark.parametrize(
    ("expression", "morning", "afternoon"),
    [
        (OFFICE, "09:00-12:30", "13:30-18:00"),
        ("Tu 10:00-18:30", "10:00-13:00", "13:00-18:30"),  # no lunch break: cut at midday
        ("Tu 09:00-13:30", "09:00-13:30", None),  # half an hour past midday is no afternoon
        ("Tu 09:00-14:00", "09:00-13:00", "13:00-14:00"),  # an hour is
        ("Tu 12:30-18:00", None, "12:30-18:00"),
        ("Tu 14:00-18:00", None, "14:00-18:00"),
        ("Tu 09:00-10:00,11:00-12:00", "09:00-12:00", None),
        ("24/7", "07:00-13:00", "13:00-21:00"),  # nobody's morning starts at midnight
        ("Tu off", None, None),
    ],
)
def test_half_days_are_cut_at_midday(expression: str, morning: str | None, afternoon: str | None) -> None:
    halves = hours.half_days(expression, TUESDAY)

    assert walls((halves.morning,) if halves.morning else ()) == ([morning] if morning else [])
    assert walls((halves.afternoon,) if halves.afternoon else ()) == ([afternoon] if afternoon else [])


def test_day_runs_from_first_opening_to_last_closing() -> None:
    day = hours.half_days(OFFICE, TUESDAY).get(Period.DAY)

    assert day is not None
    assert walls((day,)) == ["09:00-18:00"]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("09:00", "12:30", True),
        ("10:00", "11:00", True),
        ("09:00", "18:00", True),  # through lunch: the desk stays hers
        ("12:00", "14:00", True),
        ("08:59", "10:00", False),
        ("17:00", "18:01", False),
        ("12:45", "14:00", False),  # nobody opens the door at 12:45
        ("12:30", "14:00", False),  # closed at that very minute
        ("11:00", "13:30", False),  # leaves while it is closed
    ],
)
def test_a_stay_begins_and_ends_while_it_is_open(start: str, end: str, expected: bool) -> None:
    first, last = (at_local(TUESDAY, time.fromisoformat(wall)) for wall in (start, end))

    assert hours.is_within(OFFICE, first, last) is expected


def test_a_night_needs_a_place_that_never_closes() -> None:
    night = at_local(TUESDAY, time(22)), at_local(TUESDAY + timedelta(days=1), time(6))

    assert hours.is_within("24/7", *night)
    assert not hours.is_within("Mo-Su 06:00-24:00", *night)
    assert not hours.is_within(OFFICE, *night)


@pytest.mark.parametrize(("day", "length"), [(SPRING, 23), (AUTUMN, 25), (TUESDAY, 24)])
def test_a_day_that_never_closes_lasts_as_long_as_the_day(day: date, length: int) -> None:
    (opening,) = hours.openings("24/7", day)

    assert opening.end - opening.start == timedelta(hours=length)


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_half_days_keep_their_wall_times_when_the_clock_changes(day: date) -> None:
    halves = hours.half_days("Mo-Su 09:00-12:30,13:30-18:00", day)

    assert walls((halves.morning, halves.afternoon)) == ["09:00-12:30", "13:30-18:00"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((TUESDAY, "09:00"), (TUESDAY, "12:30"), 1),
        ((TUESDAY, "13:30"), (TUESDAY, "18:00"), 1),
        ((TUESDAY, "09:00"), (TUESDAY, "18:00"), 2),
        ((TUESDAY, "09:00"), (TUESDAY, "13:30"), 1),  # as half_days() cuts it
        ((TUESDAY, "09:00"), (TUESDAY, "14:00"), 2),
        ((TUESDAY, "12:45"), (TUESDAY, "13:15"), 1),
        ((TUESDAY, "14:00"), (TUESDAY, "14:15"), 1),
        ((TUESDAY, "09:00"), (date(2026, 12, 2), "12:00"), 3),
    ],
)
def test_half_days_are_counted_by_side_of_midday(start: tuple[date, str], end: tuple[date, str], expected: int) -> None:
    first, last = (at_local(day, time.fromisoformat(wall)) for day, wall in (start, end))

    assert hours.half_day_count(first, last) == expected


@pytest.mark.parametrize("expression", ["Lu-Ve 9h-18h", "Mo-Fr 25:00-26:99", "n'importe quoi"])
def test_unreadable_hours_are_refused_in_words(expression: str) -> None:
    with pytest.raises(DomainError, match="ne se lisent pas"):
        hours.validate(expression)


def test_rules_that_the_form_cannot_show_are_kept_in_order() -> None:
    weekly = hours.parse_weekly("Mo-Fr 09:00-12:00,14:00-18:00; Sa 09:00-12:00; Aug off; PH off; week 53 off")

    assert weekly.extra == ("Aug off", "PH off", "week 53 off")
    assert weekly.days[5] == ((time(9), time(12)),)
    assert hours.compose_weekly(weekly) == (
        "Mo-Fr 09:00-12:00,14:00-18:00; Sa 09:00-12:00; Aug off; PH off; week 53 off"
    )


_spans = st.sampled_from([(), ((time(9), time(12)),), ((time(9), time(12, 30)), (time(13, 30), time(18)))])


@given(days=st.tuples(*[_spans] * 7), extra=st.sampled_from([(), ("Aug off",), ("PH off", "Jul-Aug 10:00-12:00")]))
@settings(max_examples=150)
def test_the_weekly_form_reads_back_what_it_wrote(days: tuple, extra: tuple[str, ...]) -> None:
    weekly = hours.WeeklyHours(days, extra)
    expression = hours.compose_weekly(weekly)

    assert hours.parse_weekly(expression) == weekly
    for index, name in enumerate(range(7, 14)):  # 7 to 13 September 2026: Monday to Sunday, no holiday
        expected = [f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in days[index]]
        assert walls(hours.openings(expression, date(2026, 9, name))) == expected


@given(st.datetimes(datetime(2026, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC)))
@settings(max_examples=300)
def test_openings_never_drift_from_the_wall(instant: datetime) -> None:
    day = instant.astimezone(PARIS).date()

    for opening in hours.openings("Mo-Su 09:00-12:30; PH 09:00-12:30", day):
        assert walls((opening,)) == ["09:00-12:30"]
