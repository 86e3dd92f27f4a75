"""The week of a space or of one of its rooms, names included."""

import re
from datetime import date, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from coworking import permissions
from coworking.models import Room
from coworking.selectors.staff import staff_week
from orne_accueil.common import clock

from .base import go, her_spaces, reading, show

_ISO_WEEK = re.compile(r"^(\d{4})-W(\d{2})$")


def monday_of(text: str) -> date:
    """The Monday of « 2026-W49 »; of this week where the text says no week."""
    match = _ISO_WEEK.match(text)
    if match:
        try:
            return date.fromisocalendar(int(match[1]), int(match[2]), 1)
        except ValueError:
            pass
    today = clock.today()
    return today - timedelta(days=today.weekday())


def iso_week(day: date) -> str:
    """« 2026-W49 »: the week of that day."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


@reading
def weeks(request: HttpRequest) -> HttpResponse:
    """The week of her first space: she goes to the others from there."""
    spaces = her_spaces(request)
    if not spaces:
        raise Http404
    return go(reverse("admin:coworking_space_week", args=[spaces[0].pk]))


@reading
def week(request: HttpRequest, space_id: int) -> HttpResponse:
    """`?semaine=2026-W49&salle=3`: rooms by days, who has them, what is left."""
    space = permissions.get_managed_space_by_id(request.user, space_id)
    rooms = list(space.rooms.filter(is_active=True))
    room = _room_asked(rooms, request.GET.get("salle", ""))
    monday = monday_of(request.GET.get("semaine", ""))
    shown = staff_week(space, monday, at=clock.now(), room=room)
    return show(
        request,
        "week",
        f"Semaine {shown.words}",
        {
            "space": space,
            "spaces": her_spaces(request),
            "rooms": rooms,
            "room": room,
            "week": shown,
            "this_week": iso_week(monday),
            "week_before": iso_week(monday - timedelta(days=7)),
            "week_after": iso_week(monday + timedelta(days=7)),
            "is_this_week": monday_of("") == monday,
            "here": "week",
        },
    )


def _room_asked(rooms: list[Room], text: str) -> Room | None:
    if not text:
        return None
    for room in rooms:
        if str(room.pk) == text:
            return room
    raise Http404
