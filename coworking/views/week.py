"""One space and its week: what is free, half-day by half-day, as a table."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from coworking import selectors
from coworking.enums import BookingMode, Label, Period
from coworking.rules import hours
from coworking.rules.slots import duration
from coworking.rules.words import access_in_french, hours_in_french
from coworking.selectors import Cell, Week
from orne_accueil.common import clock
from orne_accueil.common.text import NBSP, clock_time, de, distance, joined, long_date
from orne_accueil.territory.geo import great_circle_km

from .words import APPROVAL_WORDS, ROOM_ICONS, capital, counted, week_url

SATURDAY = 5
AT_THE_STATION_KM = 0.3
LABEL_WORDS = {
    Label.PAT: "Point d’accès à la téléformation (P@T) : on y suit une formation à distance, près de chez soi.",
    Label.ZNM: "Zone numérique multiservices (ZNM) : la Région y a amené le haut débit et l’équipement.",
}
STATE_WORDS = {
    "taken": "réservé",
    "past": "passé",
    "soon": "trop tard en ligne",
    "far": "pas encore ouvert",
    "closed": "fermé",
}
HALVES = ((Period.MORNING, "Matin"), (Period.AFTERNOON, "Après-midi"))


@dataclass(frozen=True)
class RowView:
    """One line of a day: a half-day, or the whole day where no room is lent by half-days; its cells as HTML."""

    label: str
    hours: str
    cells: SafeString


@dataclass(frozen=True)
class DayView:
    """One day of the table; without rows it is closed, and `closed` says why."""

    label: str
    anchor: str
    is_today: bool
    note: str
    closed: str
    rows: Sequence[RowView]


@require_safe
def space(request: HttpRequest, slug: str) -> HttpResponse:
    """A space, how to come, and what is free in the week asked for."""
    at = clock.now()
    today = clock.local(at).date()
    found = selectors.space_page(slug)
    if found is None:
        raise Http404
    context: dict[str, Any] = {
        "space": found,
        "station": _station_words(found),
        "hours": hours_in_french(found.opening_hours),
        "connection": _connection(found, today),
        "labels": [LABEL_WORDS[Label(label)] for label in found.labels],
    }
    if found.is_bookable:
        monday, notice = _monday(request.GET.get("semaine", ""), found.opening_hours, at)
        week = selectors.week_of(found, monday, at=at)
        context |= _week(found.slug, week, today) | {"week_notice": notice}
    return render(request, "coworking/space.html", context)


# --- Which week ---


def _monday(asked: str, expression: str, at: datetime) -> tuple[date, str]:
    """The Monday of the week asked for, never before this week, and what to say when it is another one."""
    today = clock.local(at).date()
    current = today - timedelta(days=today.weekday())
    if not asked:
        return (current if _something_left(expression, at) else current + timedelta(days=7)), ""
    match = re.fullmatch(r"(\d{4})-W(\d{1,2})", asked)
    try:
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1) if match else None
    except ValueError:
        monday = None
    if monday is None:
        return current, "Cette semaine n’existe pas dans le calendrier : voici celle-ci."
    if monday < current:
        return current, "Cette semaine est passée : voici celle-ci."
    latest = current + timedelta(days=3 * 366)
    return (monday, "") if monday <= latest else (current, "Cette semaine est trop loin : voici celle-ci.")


def _something_left(expression: str, at: datetime) -> bool:
    """Whether the place still opens this week."""
    today = clock.local(at).date()
    return any(
        opening.end > at
        for offset in range(7 - today.weekday())
        for opening in hours.openings(expression, today + timedelta(days=offset))
    )


def _week(slug: str, week: Week, today: date) -> dict[str, Any]:
    farthest = today + timedelta(days=max((line.room.horizon_days for line in week.rooms), default=0))
    after, before = week.monday + timedelta(days=7), week.monday - timedelta(days=7)
    return {
        "week": week,
        "week_words": _week_words(week.monday),
        "days": list(_days(slug, week)),
        "rooms": [_room(line) for line in week.rooms],
        "next_week": week_url(slug, after) if after <= farthest else "",
        "previous_week": week_url(slug, before) if week.monday > today else "",
        "farthest": farthest if after > farthest else None,
    }


def _week_words(monday: date) -> str:
    """« du 30 novembre au 6 décembre 2026 »."""
    sunday = monday + timedelta(days=6)
    first = long_date(monday).split(" ", 1)[1]
    last = long_date(sunday, year=True).split(" ", 1)[1]
    return f"du {first.split(NBSP)[0] if monday.month == sunday.month else first} au {last}"


# --- The table ---


def _days(slug: str, week: Week) -> Iterable[DayView]:
    """The days to come; a weekend that is simply closed is left out."""
    table = _Table(slug, (line.room for line in week.rooms))
    for index, column in enumerate(week.days):
        by_room = [(line, line.days[index]) for line in week.rooms]
        is_closed = all(cell.state == "closed" for _, cells in by_room for cell in cells)
        if column.is_past or (is_closed and index >= SATURDAY and not column.holiday and not column.closures):
            continue
        label = capital(long_date(column.day))
        closed = _closed_words(column, [cell for _, cells in by_room for cell in cells]) if is_closed else ""
        yield DayView(
            label=label,
            anchor=column.day.isoformat(),
            is_today=column.is_today,
            note=f"Férié : {column.holiday}" if column.holiday and not is_closed else "",
            closed=closed,
            rows=[] if is_closed else list(_rows(table, column.day, by_room)),
        )


def _closed_words(column: Any, cells: Sequence[Cell]) -> str:
    if column.holiday:
        return f"Fermé{NBSP}: jour férié ({column.holiday})"
    reasons = dict.fromkeys(cell.reason for cell in cells if cell.reason)
    return f"Fermé{NBSP}: {joined([reason.rstrip('.') for reason in reasons])}" if reasons else "Fermé"


def _rows(table: "_Table", day: date, by_room: Sequence[tuple[Any, tuple[Cell, ...]]]) -> Iterable[RowView]:
    """A line per half-day that some room offers; rooms lent by the hour span them all, on the first."""
    halves = [
        (index, label, times)
        for index, (_, label) in enumerate(HALVES)
        if (times := _half_times(by_room, index)) is not None
    ] or [(0, "", "")]
    words, iso = long_date(day), day.isoformat()
    for position, (index, label, times) in enumerate(halves):
        cells = []
        for line, room_cells in by_room:
            if line.room.mode != BookingMode.FREE:
                cells.append(table.half_day(line.room, room_cells[index], iso, f"{words}, {label.lower()}"))
            elif position == 0:
                cells.append(table.whole_day(line.room, room_cells, iso, words, len(halves)))
        yield RowView(label, times, mark_safe("".join(cells)))  # noqa: S308  # _Table escapes


def _half_times(by_room: Sequence[tuple[Any, tuple[Cell, ...]]], index: int) -> str | None:
    for line, cells in by_room:
        if line.room.mode == BookingMode.HALF_DAY:
            start, end = cells[index].start, cells[index].end
            if start is not None and end is not None:
                return f"{clock_time(start)} – {clock_time(end)}"
    return None


class _Table:
    """Writes the cells. In Python: a template would take 4 ms of processor for a week, the rest of the page takes 4."""

    def __init__(self, slug: str, rooms: Iterable[Any]) -> None:
        self.address = reverse("coworking:book", args=[slug])
        self.names = {room.pk: escape(room.name) for room in rooms}

    def half_day(self, room: Any, cell: Cell, iso: str, words: str) -> str:
        """« Réserver », or one word why not."""
        if cell.state != "free":
            return self.cell(room, _state_words(cell))
        return self.cell(room, self.link(room, f"date={iso}&amp;period={cell.period}", f" {words}", "", cell))

    def whole_day(self, room: Any, cells: Sequence[Cell], iso: str, words: str, rows: int) -> str:
        """« Réserver 9 h – 12 h » for each free stretch, or one word why not; a wide table shows the hours alone."""
        links = [self.stretch(room, cell, iso, words) for cell in cells if cell.state == "free"]
        return self.cell(room, "".join(links) or _state_words(cells[0]), rows, "week-stretches")

    def stretch(self, room: Any, cell: Cell, iso: str, words: str) -> str:
        start, end = clock.local(cell.start), clock.local(cell.end)  # type: ignore[arg-type]  # free has both
        last = min(end, start + timedelta(minutes=room.max_minutes))
        slot = f"date={iso}&amp;starts_at={start:%H:%M}&amp;ends_at={last:%H:%M}"
        return self.link(room, slot, f" {words},", f" {clock_time(start.time())} – {clock_time(end.time())}", cell)

    def link(self, room: Any, slot: str, heard: str, seen: str, cell: Cell) -> str:
        """`heard` is for those who listen: the whole name of what the link books."""
        left = (
            f' <span class="week-left">{counted(cell.free_units, "place", "places")}</span>' if cell.units > 1 else ""
        )
        verb = '<span class="week-verb">Réserver</span>' if seen else "Réserver"
        return (
            f'<a href="{self.address}?room={room.pk}&amp;{slot}">{verb}'
            f'<span class="visually-hidden"> {self.names[room.pk]},{heard}</span>{seen}</a>{left}'
        )

    def cell(self, room: Any, content: str, rows: int = 1, extra: str = "") -> str:
        span = f' rowspan="{rows}"' if rows > 1 else ""
        return (
            f'<td role="cell"{span}><span class="week-room" aria-hidden="true">{self.names[room.pk]}</span>'
            f'<span class="week-what {extra}">{content}</span></td>'
        )


@lru_cache(maxsize=256)
def _reason(state: str, reason: str) -> str:
    words = STATE_WORDS[state]
    return escape(f"{words}{NBSP}: {reason.rstrip('.')}" if reason and state == "closed" else words)


def _state_words(cell: Cell) -> str:
    return f'<span class="week-taken">{_reason(cell.state, cell.reason)}</span>'


# --- What the page says of the rooms and of the place ---


def _room(line: Any) -> dict[str, Any]:
    room = line.room
    facts = [counted(line.units, "place", "places")] if line.units > 1 else []
    if room.capacity > 1:
        facts.append(f"jusqu’à {counted(room.capacity, 'personne', 'personnes')}")
    if room.mode == BookingMode.FREE:
        facts.append(f"à l’heure de votre choix, de {duration(room.min_minutes)} à {duration(room.max_minutes)}")
    if room.notice_minutes:
        facts.append(f"à réserver {duration(room.notice_minutes)} à l’avance")
    if room.quota_half_days is not None:
        facts.append(f"{counted(room.quota_half_days, 'demi-journée', 'demi-journées')} par personne et par mois")
    return {
        "name": room.name,
        "kind": room.get_kind_display(),
        "icon": ROOM_ICONS[room.kind],
        "description": room.description,
        "equipment": room.equipment_names,
        "price": room.price_text,
        "access": access_in_french(room.access_type, room.access_note),
        "approval": APPROVAL_WORDS if room.needs_approval else "",
        "facts": facts,
    }


def _station_words(found: Any) -> str:
    """« à 900 m de la gare d’Argentan », for the nearest station that its commune knows."""
    if found.station_name is None:
        return ""
    km = great_circle_km(found.latitude, found.longitude, found.station_latitude, found.station_longitude)
    words = "à deux pas" if km < AT_THE_STATION_KM else distance(km)
    return f"{words} de la gare {de(found.station_name)}"


def _connection(found: Any, today: date) -> dict[str, Any] | None:
    """The measured speed, its date and source, and a warning when it is old."""
    if not found.technology and found.down_mbps is None and found.up_mbps is None:
        return None
    speeds = []
    if found.down_mbps is not None:
        speeds.append(f"{found.down_mbps}{NBSP}Mbit/s en réception")
    if found.up_mbps is not None:
        speeds.append(f"{found.up_mbps}{NBSP}Mbit/s à l’envoi")
    return {
        "technology": found.get_technology_display(),
        "speeds": joined(speeds),
        "measured_on": found.measured_on,
        "source": found.measure_source,
        "is_stale": found.measure_is_stale(today),
    }
