"""The home page: one question, then the doors."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from orne_accueil.common import clock

SATURDAY = 5


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Ask where and when; the answer is the search page's. The proposed day is the next working day."""
    today = clock.today()
    day = today + timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return render(request, "portal/home.html", {"first_day": today, "day": day})
