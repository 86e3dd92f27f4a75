"""/mon-espace/: what is mine, soonest first."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from coworking.permissions import is_animator
from coworking.selectors import bookings_of
from orne_accueil.accounts.decorators import person_required
from orne_accueil.accounts.selectors import powers
from orne_accueil.common import clock
from orne_accueil.common.text import date_range


@never_cache
@require_safe
@person_required
def my_space(request: HttpRequest) -> HttpResponse:
    """The next booking, those that follow, what is over; and the doors of whoever holds a post."""
    at = clock.now()
    person = request.person  # type: ignore[attr-defined]
    mine = bookings_of(person, at=at)
    coming = [_line(booking, at) for booking in mine.coming]
    context = {
        "person": person,
        "next": coming[0] if coming else None,
        "following": coming[1:],
        "past": [_line(booking, at) for booking in mine.past],
        "is_animator": is_animator(person) or request.user.is_superuser,
        "is_official": bool(powers(person, clock.local(at).date())),
    }
    return render(request, "portal/my_space.html", context)


def _line(booking: Any, at: datetime) -> dict[str, Any]:
    return {
        "booking": booking,
        "room": booking.room,
        "space": booking.room.space,
        "when": date_range(booking.starts_at, booking.ends_at),
        "access": booking.access_words(at),
    }
