"""Calendar files that a phone reads: stable UID, growing SEQUENCE, instants in UTC so that no clock change
moves them.
"""

from datetime import UTC, datetime

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress, vText

from orne_accueil.common.clock import now

from .hooks import Address

PRODID = "-//Teletravail dans l'Orne//orne_accueil//FR"
STATUSES = frozenset({"CONFIRMED", "TENTATIVE", "CANCELLED"})
METHODS = frozenset({"PUBLISH", "REQUEST", "CANCEL"})


def calendar_event(
    *,
    uid: str,
    sequence: int,
    start: datetime,
    end: datetime,
    summary: str,
    location: str = "",
    description: str = "",
    url: str = "",
    status: str = "CONFIRMED",
    method: str = "PUBLISH",
    organizer: Address | None = None,
    attendee: Address | None = None,
    at: datetime | None = None,
) -> bytes:
    """One event as an iCalendar file (RFC 5545).

    `uid` stays the same for the life of the booking and `sequence` grows with each change, so that a calendar
    moves or removes its own copy instead of adding one. `start` and `end` are aware instants, written in UTC:
    nothing has to be known about summer time to read them. PUBLISH asks nothing of the reader; calendars that
    answer a REQUEST want the attendee too. The organizer, which every method needs (RFC 5546), is the site's
    contact unless given. `at` is when this version was made: now, by default.
    """
    if status not in STATUSES or method not in METHODS:
        raise ValueError(f"Unknown status or method: {status}, {method}")
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("An event needs aware instants")
    start, end = start.astimezone(UTC), end.astimezone(UTC)  # before comparing: Python compares walls of one zone
    if start >= end:
        raise ValueError("An event ends after it starts")
    stamp = at or now()
    event = Event()
    event.add("uid", uid)
    event.add("sequence", sequence)
    event.add("dtstamp", stamp.astimezone(UTC))
    event.add("last-modified", stamp.astimezone(UTC))
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("summary", summary)
    event.add("status", status)
    event.add("transp", "TRANSPARENT" if status == "CANCELLED" else "OPAQUE")
    for name, text in (("location", location), ("description", description)):
        if text:
            event.add(name, text)
    if url:
        event.add("url", url)
    for name, person in (("organizer", organizer or _ourselves()), ("attendee", attendee)):
        if person is not None:
            event.add(name, _calendar_address(person))
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    calendar.add_component(event)
    return calendar.to_ical()


def _ourselves() -> Address:
    return Address(settings.CONTACT_EMAIL, settings.SITE_NAME)


def _calendar_address(person: Address) -> vCalAddress:
    who = vCalAddress(f"mailto:{person.email}")
    if person.name:
        who.params["CN"] = vText(person.name)
    return who
