"""« Ma journée » and the sheet to print: who comes, what waits, what closes."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from coworking import permissions
from coworking.forms.staff import DayField
from coworking.models import Booking
from coworking.rules.reception import lateness
from coworking.selectors import upcoming_closures, waiting_for
from coworking.selectors.staff import SpaceDay, days_of
from orne_accueil.common import clock
from orne_accueil.common.text import long_date

from .base import her_spaces, reading, show
from .week import iso_week

FEW_SPACES = 3
"""Up to here each space has its section; beyond, quiet days are named on one line."""


@dataclass(frozen=True)
class WaitingLine:
    """A request, and how late its answer is, in words."""

    booking: Booking
    lateness: str


def day_asked(request: HttpRequest) -> date:
    """`?jour=2026-12-01`, today where it is missing; a day that cannot be read is said, and today shown."""
    try:
        day: date | None = DayField(required=False).clean(request.GET.get("jour", "").strip())
    except ValidationError as error:
        messages.warning(request, error.messages[0])
        day = None
    return day or clock.today()


def day_links(day: date) -> dict[str, Any]:
    """The days around, for the page's links."""
    today = clock.today()
    return {
        "day": day,
        "today": today,
        "is_today": day == today,
        "is_future": day > today,
        "day_before": day - timedelta(days=1),
        "day_after": day + timedelta(days=1),
        "iso_week": iso_week(day),
    }


@reading
def day(request: HttpRequest) -> HttpResponse:
    """Her day: arrivals of each of her spaces, then what waits for her, then the closures to come."""
    shown, at = day_asked(request), clock.now()
    spaces = her_spaces(request)
    days = days_of(spaces, shown)
    busy = [one for one in days if len(days) <= FEW_SPACES or one.arrivals or one.waiting or one.closures]
    waiting = [WaitingLine(booking, lateness(booking.answer_due_at, at=at)) for booking in waiting_for(spaces)]
    return show(
        request,
        "day",
        f"Ma journée : {long_date(shown, year=True)}",
        {
            **day_links(shown),
            "spaces": spaces,
            "several": len(spaces) > 1,
            "days": busy,
            "quiet": [one for one in days if one not in busy],
            "arrival_count": sum(len(one.arrivals) for one in days),
            "waiting": waiting,
            "late_count": sum(bool(line.lateness) for line in waiting),
            "closures": upcoming_closures(spaces, at=at),
            "here": "day",
        },
    )


@reading
def sheet(request: HttpRequest, space_id: int) -> HttpResponse:
    """The day of one space on paper."""
    space = permissions.get_managed_space_by_id(request.user, space_id)
    shown = day_asked(request)
    (one,) = days_of([space], shown)
    return show(
        request,
        "sheet",
        f"Feuille du {long_date(shown, year=True)}",
        {
            **day_links(shown),
            "space": space,
            "space_day": one,
            "arrivals": [_line(arrival.booking, arrival.prepare) for arrival in one.arrivals],
            "closing": _foot(one),
            "printed_at": clock.now(),
            "here": "day",
        },
    )


def _line(booking: Booking, prepare: str) -> dict[str, Any]:
    """One arrival, as components/day_sheet.html reads it."""
    return {
        "start": booking.starts_at,
        "end": booking.ends_at,
        "who": booking.person.display_name,
        "phone": booking.person.phone,
        "room": booking.room.name,
        "attendees": booking.attendees,
        "access": booking.room.access_note,
        "prepare": prepare,
        "note": booking.note,
        "is_first_visit": booking.is_first_visit,
    }


def _foot(one: SpaceDay) -> str:
    words = [one.closing_words]
    if one.waiting:
        count = len(one.waiting)
        words.append("Une demande attend encore une réponse." if count == 1 else f"{count} demandes attendent encore.")
    return " ".join(filter(None, words))
