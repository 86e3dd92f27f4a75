"""Bookings as a CSV that a spreadsheet opens without computing anything."""

from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from coworking import permissions
from coworking.forms.staff import ExportForm
from coworking.models import Booking
from coworking.selectors.staff import bookings_between
from orne_accueil.common import clock
from orne_accueil.common.spreadsheets import csv_lines

from .base import reading, show

HEADER = (
    "Jour", "Début", "Fin", "Lieu", "Salle", "Personne", "Téléphone", "Adresse électronique", "Personnes",
    "Demi-journées", "Usage", "État", "Présence", "Première visite", "Saisie par", "Motif", "Remarque", "Référence",
)  # fmt: skip


@reading
def export(request: HttpRequest) -> HttpResponseBase:
    """`?first=2026-12-01&last=2026-12-31&space=`: the file, once the dates are given; else the question."""
    spaces = permissions.spaces_managed_by(request.user).order_by("name", "pk")
    today = clock.today()
    asked = request.GET if "first" in request.GET else None
    form = ExportForm(asked, spaces=spaces, initial={"first": today.replace(day=1), "last": today})
    if asked is None or not form.is_valid():
        return show(request, "export", "Exporter les réservations", {"form": form, "here": "bookings"})
    cleaned = form.cleaned_data
    space = cleaned["space"]
    chosen = spaces.filter(pk=space.pk) if space else spaces
    rows = bookings_between(chosen, cleaned["first"], cleaned["last"]).iterator(chunk_size=500)
    name = "-".join(filter(None, ["reservations", space.slug if space else ""]))
    response = StreamingHttpResponse(csv_lines(HEADER, map(_row, rows)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-du-{cleaned["first"]}-au-{cleaned["last"]}.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _row(booking: Booking) -> list[Any]:
    start, end = clock.local(booking.starts_at), clock.local(booking.ends_at)
    person, room = booking.person, booking.room
    return [
        f"{start:%d/%m/%Y}",
        f"{start:%H:%M}",
        f"{end:%H:%M}" if start.date() == end.date() else f"{end:%d/%m/%Y %H:%M}",
        room.space.name,
        room.name,
        person.display_name,
        person.phone,
        person.email or "",
        booking.attendees,
        booking.half_days,
        booking.get_usage_display(),
        booking.get_state_display(),
        booking.get_presence_display(),
        "oui" if booking.is_first_visit else "non",
        booking.typed_by.display_name if booking.typed_by else "",
        booking.reason,
        booking.note,
        str(booking.reference),
    ]
