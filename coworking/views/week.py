"""One space and its week: what is free, half-day by half-day, as a table."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coworking import selectors
from coworking.enums import BookingMode, Label, Period
from coworking.permissions import get_space_page
from coworking.rules import hours
from coworking.rules.slots import duration
from coworking.rules.words import access_in_french, hours_in_french
from coworking.selectors import Cell, Week
from orne_accueil.common import clock
from orne_accueil.common.text import NBSP, clock_time, de, distance, joined, long_date
from orne_accueil.territory.geo import great_circle_km

from .words import APPROVAL_WORDS, ROOM_ICONS, book_url, capital, counted, week_url

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
class Slot:
    """A stretch to book: `text` is seen, `name` is added for those who listen."""

    url: str
    name: str
    text: str
    left: str


@dataclass(frozen=True)
class CellView:
    """What one cell says: what can be booked, or one word why not."""

    room: str
    rows: int
    slots: Sequence[Slot]
    words: str


@dataclass(frozen=True)
class RowView:
    """One line of a day: a half-day, or the whole day where no room is lent by half-days."""

    label: str
    hours: str
    cells: Sequence[CellView]


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
    found = get_space_page(slug)
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
            rows=[] if is_closed else list(_rows(slug, column.day, by_room)),
        )


def _closed_words(column: Any, cells: Sequence[Cell]) -> str:
    if column.holiday:
        return f"Fermé{NBSP}: jour férié ({column.holiday})"
    reasons = dict.fromkeys(cell.reason for cell in cells if cell.reason)
    return f"Fermé{NBSP}: {joined([reason.rstrip('.') for reason in reasons])}" if reasons else "Fermé"


def _rows(slug: str, day: date, by_room: Sequence[tuple[Any, tuple[Cell, ...]]]) -> Iterable[RowView]:
    """A line per half-day that some room offers; rooms lent by the hour span them all, on the first."""
    halves = [
        (index, label, times)
        for index, (_, label) in enumerate(HALVES)
        if (times := _half_times(by_room, index)) is not None
    ] or [(0, "", "")]
    day_words = long_date(day)
    iso = day.isoformat()
    for position, (index, label, times) in enumerate(halves):
        cells = []
        for line, room_cells in by_room:
            if line.room.mode == BookingMode.FREE:
                if position == 0:
                    cells.append(_free_cell(slug, iso, day_words, line, room_cells, len(halves)))
            else:
                cells.append(_half_cell(slug, iso, day_words, line, room_cells[index], label))
        yield RowView(label, times, cells)


def _half_times(by_room: Sequence[tuple[Any, tuple[Cell, ...]]], index: int) -> str | None:
    for line, cells in by_room:
        if line.room.mode == BookingMode.HALF_DAY:
            start, end = cells[index].start, cells[index].end
            if start is not None and end is not None:
                return f"{clock_time(start)} – {clock_time(end)}"
    return None


def _half_cell(slug: str, iso: str, day_words: str, line: Any, cell: Cell, label: str) -> CellView:
    room = line.room
    if cell.state != "free":
        return CellView(room.name, 1, (), _state_words(cell))
    url = book_url(slug, {"room": room.pk, "date": iso, "period": cell.period})
    slot = Slot(url, f" {room.name}, {day_words}, {label.lower()}", "", _left(cell))
    return CellView(room.name, 1, (slot,), "")


def _free_cell(slug: str, iso: str, day_words: str, line: Any, cells: Sequence[Cell], rows: int) -> CellView:
    room = line.room
    slots = [_stretch(slug, iso, day_words, room, cell) for cell in cells if cell.state == "free"]
    return CellView(room.name, rows, slots, "" if slots else _state_words(cells[0]))


def _stretch(slug: str, iso: str, day_words: str, room: Any, cell: Cell) -> Slot:
    start, end = clock.local(cell.start), clock.local(cell.end)  # type: ignore[arg-type]  # free has both
    last = min(end, start + timedelta(minutes=room.max_minutes))
    url = book_url(slug, {"room": room.pk, "date": iso, "starts_at": f"{start:%H:%M}", "ends_at": f"{last:%H:%M}"})
    text = f" entre {clock_time(start.time())} et {clock_time(end.time())}"
    return Slot(url, f" {room.name}, {day_words},", text, _left(cell))


def _left(cell: Cell) -> str:
    return counted(cell.free_units, "place", "places") if cell.units > 1 else ""


def _state_words(cell: Cell) -> str:
    words = STATE_WORDS[cell.state]
    return f"{words}{NBSP}: {cell.reason.rstrip('.')}" if cell.reason and cell.state == "closed" else words


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
