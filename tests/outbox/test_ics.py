"""Calendar files, read back."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from orne_accueil.outbox.hooks import Address
from orne_accueil.outbox.ics import calendar_event

from .conftest import AT

PARIS = ZoneInfo("Europe/Paris")


def event(**changed: Any) -> Any:
    facts = {
        "uid": "reservation-1@teletravail-orne",
        "sequence": 0,
        "start": AT,
        "end": AT + timedelta(hours=4),
        "summary": "Bureau 2 · EPN d’Argentan",
    }
    calendar = Calendar.from_ical(calendar_event(**{**facts, "at": AT, **changed}))
    assert len(calendar.walk("VEVENT")) == 1
    return calendar.walk("VEVENT")[0]


def test_a_change_keeps_the_uid_and_grows_the_sequence() -> None:
    before, after = event(), event(sequence=1, start=AT + timedelta(days=1), end=AT + timedelta(days=1, hours=4))
    assert before["UID"] == after["UID"] == "reservation-1@teletravail-orne"
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)
    assert before.decoded("DTSTART") == AT


def test_a_cancellation_says_so_twice() -> None:
    content = calendar_event(
        uid="u", sequence=2, start=AT, end=AT + timedelta(hours=1), summary="x", status="CANCELLED", method="CANCEL"
    )
    calendar = Calendar.from_ical(content)
    assert calendar["METHOD"] == "CANCEL"
    assert calendar.walk("VEVENT")[0]["STATUS"] == "CANCELLED"


def test_what_people_type_stays_text() -> None:
    words = "Entrée par la cour ; code, clé\\badge\nEND:VEVENT\r\nATTENDEE:mailto:pirate@exemple.test"
    found = event(description=words, location=words, summary="Salle\nSTATUS:CANCELLED")
    assert found["DESCRIPTION"].replace("\r\n", "\n") == words.replace("\r\n", "\n")
    assert "ATTENDEE" not in found
    assert found["STATUS"] == "CONFIRMED"


def test_organizer_and_attendee_carry_their_names() -> None:
    found = event(
        method="REQUEST",
        organizer=Address("epn@exemple.test", "EPN d’Argentan ; « le nôtre »"),
        attendee=Address("lea@exemple.test", "Léa"),
        url="https://exemple.test/mon-espace/",
    )
    assert found["ORGANIZER"] == "mailto:epn@exemple.test"
    assert found["ORGANIZER"].params["CN"] == "EPN d’Argentan ; « le nôtre »"
    assert found["ATTENDEE"] == "mailto:lea@exemple.test"
    assert found["URL"] == "https://exemple.test/mon-espace/"


def test_without_an_organizer_the_site_is() -> None:
    assert event()["ORGANIZER"] == "mailto:accueil@teletravail-orne.example"


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        # The night of 28 March 2027: 02:00 becomes 03:00.
        (datetime(2027, 3, 27, 22, tzinfo=PARIS), datetime(2027, 3, 28, 9, tzinfo=PARIS), 10),
        (datetime(2027, 3, 28, 1, 30, tzinfo=PARIS), datetime(2027, 3, 28, 3, 30, tzinfo=PARIS), 1),
        # The night of 25 October 2026: 03:00 becomes 02:00 again.
        (datetime(2026, 10, 24, 22, tzinfo=PARIS), datetime(2026, 10, 25, 9, tzinfo=PARIS), 12),
        (datetime(2026, 10, 25, 2, 30, tzinfo=PARIS), datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=PARIS), 1),
    ],
)
def test_both_nights_when_clocks_change_read_back_right(start: datetime, end: datetime, hours: int) -> None:
    found = event(start=start, end=end)
    assert found.decoded("DTSTART") == start.astimezone(UTC)
    assert found.decoded("DTEND") == end.astimezone(UTC)
    assert found.decoded("DTEND") - found.decoded("DTSTART") == timedelta(hours=hours)


@pytest.mark.parametrize(
    "wrong",
    [
        {"end": AT},
        {"start": AT.replace(tzinfo=None)},
        {"status": "MAYBE"},
        {"method": "REPLY"},
    ],
)
def test_nonsense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        event(**wrong)
