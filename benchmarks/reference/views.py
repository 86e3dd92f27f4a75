"""One page of a week, one booking post."""

from datetime import UTC, date, datetime, time, timedelta

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from .models import Booking

LOCK = 61_999


def week(request: HttpRequest, site: int, monday: date) -> HttpResponse:
    """The bookings of a site's week: the session, and one query."""
    start = datetime.combine(monday, time(), UTC)
    bookings = (
        Booking.objects.filter(
            room__site=site,
            during__startswith__gt=start - timedelta(days=1),
            during__startswith__lt=start + timedelta(days=7),
        )
        .order_by("during")
        .values_list("room__name", "during")
    )
    lines = [f"{name} : {during.lower:%d/%m %H:%M} – {during.upper:%H:%M}" for name, during in bookings]
    context = {"holder": request.session.get("holder", ""), "monday": monday, "lines": lines}
    return render(request, "reference/week.html", context)


def book(request: HttpRequest) -> HttpResponse:
    """Take a room under its lock and the constraint."""
    start = datetime.fromisoformat(request.POST["start"])
    room = int(request.POST["room"])
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, room])
        booking = Booking.objects.create(
            room_id=room,
            during=(start, start + timedelta(hours=2)),
            holder=request.session.get("holder", ""),
        )
    return HttpResponseRedirect(f"/booked/{booking.pk}/")
