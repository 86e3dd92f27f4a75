"""When each step falls due: tables at their bounds."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from orne_accueil.answers.policies import booking_approval, usual
from orne_accueil.answers.rules import (
    Days,
    Due,
    Move,
    Policy,
    Step,
    lapse_instant,
    move,
    next_working_day,
    plan,
    promised_instant,
)

PARIS = ZoneInfo("Europe/Paris")
USUAL = usual("essai")
APPROVAL = booking_approval("essai")
HOUR = timedelta(hours=1)


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 12, 1), date(2026, 12, 1)),  # a Tuesday
        (date(2026, 12, 5), date(2026, 12, 7)),  # Saturday
        (date(2026, 12, 25), date(2026, 12, 28)),  # Christmas on a Friday
        (date(2027, 3, 27), date(2027, 3, 30)),  # Easter: Saturday, Sunday, Monday
        (date(2026, 11, 11), date(2026, 11, 12)),
        (date(2027, 5, 6), date(2027, 5, 7)),  # Ascension; the Friday is worked
    ],
)
def test_the_next_working_day_jumps_week_ends_and_holidays(day: date, working: date) -> None:
    assert next_working_day(day) == working


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("2026-12-01 14:00", "2026-12-04 09:00"),
        ("2026-12-01 00:00", "2026-12-04 09:00"),
        ("2026-12-01 23:59", "2026-12-04 09:00"),
        ("2026-12-02 10:00", "2026-12-07 09:00"),  # day 3 is a Saturday
        ("2026-10-22 10:00", "2026-10-26 09:00"),  # day 3 is the Sunday when clocks go back: 9:00 stays 9:00
        ("2027-03-26 10:00", "2027-03-30 09:00"),  # Easter Monday, after the night when they go forward
    ],
)
def test_calendar_days_end_on_a_working_morning(asked: str, sent: str) -> None:
    assert Days(3).after(paris(asked)) == paris(sent)


def test_the_usual_policy_chases_at_3_7_10_and_15_days() -> None:
    steps = plan(USUAL, asked_at=paris("2026-12-01 14:00"), lapses_at=None)
    assert steps == (
        Due("reminder", paris("2026-12-04 09:00")),
        Due("reminder", paris("2026-12-08 09:00")),
        Due("cdc", paris("2026-12-11 09:00")),
        Due("departement", paris("2026-12-16 09:00")),
    )


@pytest.mark.parametrize(
    ("done", "at", "expected"),
    [
        (0, "2026-12-04 09:00", Move("reminder", 1, paris("2026-12-08 09:00"))),
        (1, "2026-12-08 09:03", Move("reminder", 2, paris("2026-12-11 09:00"))),
        (2, "2026-12-11 09:00", Move("cdc", 3, paris("2026-12-16 09:00"))),
        # The last step comes back every week until somebody answers.
        (3, "2026-12-16 09:00", Move("departement", 4, paris("2026-12-23 09:00"))),
        (4, "2026-12-23 09:00", Move("departement", 5, paris("2026-12-30 09:00"))),
        (5, "2026-12-30 09:00", Move("departement", 6, paris("2027-01-06 09:00"))),
        # Nobody swept for a week: one reminder and not two; then whoever else must hear of it.
        (0, "2026-12-08 09:00", Move("reminder", 2, paris("2026-12-11 09:00"))),
        (0, "2026-12-20 10:00", Move("reminder", 2, paris("2026-12-11 09:00"))),
        (2, "2026-12-20 10:05", Move("cdc", 3, paris("2026-12-16 09:00"))),
        (3, "2026-12-20 10:10", Move("departement", 4, paris("2026-12-28 09:00"))),
    ],
)
def test_the_usual_policy_moves_on(done: int, at: str, expected: Move) -> None:
    assert move(USUAL, asked_at=paris("2026-12-01 14:00"), lapses_at=None, done=done, at=paris(at)) == expected


ASKED = paris("2026-12-01 14:00")


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        # A start far away: both steps, then two hours before it.
        (ASKED + 72 * HOUR, [("reminder", 24), ("coordinator", 48), ("lapse", 70)]),
        # A step that would fall on the limit or after it gives way to it.
        (ASKED + 50 * HOUR, [("reminder", 24), ("lapse", 48)]),
        (ASKED + 26 * HOUR, [("lapse", 24)]),
        # Asked at the last moment: half-way.
        (ASKED + 3 * HOUR, [("lapse", 1.5)]),
        (ASKED, [("lapse", 0)]),
        (ASKED - HOUR, [("lapse", -1)]),
    ],
)
def test_a_booking_on_approval_lapses_before_it_starts(start: datetime, expected: list[tuple[str, float]]) -> None:
    limit = lapse_instant(APPROVAL, asked_at=ASKED, before=start)
    assert [(due.name, (due.at - ASKED) / HOUR) for due in plan(APPROVAL, asked_at=ASKED, lapses_at=limit)] == expected


def test_the_promise_is_never_later_than_the_limit() -> None:
    assert promised_instant(APPROVAL, asked_at=ASKED, lapses_at=None) == ASKED + 48 * HOUR
    assert promised_instant(APPROVAL, asked_at=ASKED, lapses_at=ASKED + HOUR) == ASKED + HOUR
    assert promised_instant(USUAL, asked_at=ASKED, lapses_at=None) == paris("2026-12-16 09:00")


def test_a_policy_names_its_handlers() -> None:
    assert USUAL.names == {"reminder", "cdc", "departement"}
    assert Policy("x", timedelta(hours=1), (Step("tell", timedelta(hours=1)),)).names == {"tell"}
