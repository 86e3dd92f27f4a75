"""« Un bureau, quand, où ? » : the search of free rooms, as a list and on a map."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from coworking import selectors
from coworking.enums import Period
from coworking.forms.public import MOMENT_QUESTIONS, PERIOD_SLUGS, SearchForm, next_working_day
from coworking.rules.words import access_in_french
from coworking.selectors import Answer, Found, Missed, Search
from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError
from orne_accueil.common.holidays import holiday_name
from orne_accueil.common.text import NBSP, clock_time, date_range, distance, fold, long_date
from orne_accueil.territory.geo import great_circle_km
from orne_accueil.territory.selectors import Place

from .words import APPROVAL_WORDS, ROOM_ICONS, book_url, capital, counted, places_left, week_url, where_words

SPACES_PER_PAGE = 20
ELSEWHERE_SHOWN = 4


@dataclass(frozen=True)
class RoomLine:
    """One free room, ready to be read."""

    name: str
    kind: str
    icon: str
    when: str
    left: str
    traits: Sequence[str]
    price: str
    access: str
    note: str
    url: str


@dataclass(frozen=True)
class SpaceGroup:
    """A space and its free rooms; `rank` is its number in the list and on the map."""

    rank: int
    name: str
    url: str
    where: str
    commune: str
    latitude: float
    longitude: float
    rooms: Sequence[RoomLine]


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The rooms free for what is asked, nearest first; every space when nothing is asked yet."""
    at = clock.now()
    form = SearchForm(request.GET, equipment=selectors.equipment_in_use(), today=clock.local(at).date())
    context: dict[str, Any] = {"form": form, "contours_url": reverse("portal:communes-geojson")}
    if not form.is_asked:
        spaces = sorted(selectors.public_spaces(), key=lambda space: (fold(space.commune.name), space.name))
        context |= {"spaces": spaces, "points": [_space_point(space) for space in spaces]}
    elif form.is_valid():
        context |= _results(request, form, at)
    return render(request, "coworking/search.html", context)


def _results(request: HttpRequest, form: SearchForm, at: datetime) -> dict[str, Any]:
    search = form.search()
    answer = selectors.search_rooms(search, at=at)
    by_space = _by_space(answer.found)
    page = Paginator(by_space, SPACES_PER_PAGE).get_page(request.GET.get("page"))
    ranked = enumerate(page.object_list, start=page.start_index())
    groups = [_group(rank, rooms, form.place, search.attendees) for rank, rooms in ranked]
    context: dict[str, Any] = {
        "asked_words": asked_words(search, form.place),
        "count_words": _count_words(len(answer.found), len(by_space)),
        "page": page,
        "groups": groups,
        "points": [*_place_points(form.place), *map(_group_point, groups)],
        "elsewhere": _elsewhere(form.place, search.within_km),
    }
    if not groups:
        context["reasons"] = list(why_nothing(search, answer))
        context["steps"] = list(_next_steps(form, search, answer, at))
    return context


def asked_words(search: Search, place: Place | None) -> str:
    """« mardi 1er décembre, l’après-midi, près d’Argentan »."""
    if search.start and search.end:
        when = date_range(search.start, search.end)
    else:
        half = {Period.MORNING: "le matin", Period.AFTERNOON: "l’après-midi", Period.DAY: "toute la journée"}
        when = f"{long_date(search.day)}, {half[Period(search.period)]}"
    return f"{when}, près {place.de_label}" if place else when


def _count_words(rooms: int, spaces: int) -> str:
    if not rooms:
        return "Rien n’est libre"
    return f"{counted(rooms, 'salle libre', 'salles libres')} dans {counted(spaces, 'lieu', 'lieux')}"


# --- What is free ---


def _by_space(found: Sequence[Found]) -> list[list[Found]]:
    """The found rooms by space, in the order of the first of each."""
    spaces: dict[int, list[Found]] = {}
    for one in found:
        spaces.setdefault(one.space.pk, []).append(one)
    return list(spaces.values())


def _group(rank: int, rooms: Sequence[Found], place: Place | None, attendees: int) -> SpaceGroup:
    space = rooms[0].space
    return SpaceGroup(
        rank=rank,
        name=space.name,
        url=week_url(space.slug, clock.local(rooms[0].start).date()),
        where=where_words(rooms[0].km, place),
        commune=space.commune.name,
        latitude=space.latitude,
        longitude=space.longitude,
        rooms=[_room_line(one, attendees) for one in rooms],
    )


def _room_line(found: Found, attendees: int) -> RoomLine:
    room = found.room
    when = date_range(found.start, found.end)
    if found.flexible:
        when = f"{long_date(clock.local(found.start).date())}, entre {_hours(found)}"
    return RoomLine(
        name=room.name,
        kind=room.get_kind_display(),
        icon=ROOM_ICONS[room.kind],
        when=when,
        left=places_left(found.free_units, found.units, room.capacity),
        traits=[tag.name for tag in room.equipment.all()],
        price=room.price_text.rstrip("."),
        access=access_in_french(room.access_type),
        note=APPROVAL_WORDS if room.needs_approval else "",
        url=booking_url(found, attendees),
    )


def _hours(found: Found) -> str:
    return f"{clock_time(found.start)} et {clock_time(found.end)}"


def booking_url(found: Found, attendees: int = 1) -> str:
    """The booking form, filled with what was found."""
    query: dict[str, Any] = {"room": found.room.pk} | slot_parameters(found)
    if attendees > 1:
        query["attendees"] = attendees
    return book_url(found.space.slug, query)


def slot_parameters(found: Found) -> dict[str, str]:
    """The date and the half-day, or the two times, as the booking form names them."""
    start, end = clock.local(found.start), clock.local(found.end)
    slot = {"date": start.date().isoformat()}
    if found.period:
        return slot | {"period": found.period}
    if found.flexible:
        end = min(end, start + timedelta(minutes=found.room.max_minutes))
    return slot | {"starts_at": f"{start:%H:%M}", "ends_at": f"{end:%H:%M}"}


# --- The map: it shows what the list says ---


def _group_point(group: SpaceGroup) -> dict[str, Any]:
    return {
        "lat": group.latitude,
        "lon": group.longitude,
        "title": f"{group.rank}. {group.name}",  # what is written in the marker is in its name too
        "text": counted(len(group.rooms), "salle libre", "salles libres"),
        "url": f"#lieu-{group.rank}",
        "mark": str(group.rank),
    }


def _space_point(space: Any) -> dict[str, Any]:
    return {
        "lat": space.latitude,
        "lon": space.longitude,
        "title": space.name,
        "text": space.commune.name,
        "url": space.get_absolute_url(),
    }


def _place_points(place: Place | None) -> list[dict[str, Any]]:
    if place is None:
        return []
    return [{"lat": place.latitude, "lon": place.longitude, "title": capital(place.label), "kind": "station"}]


def _elsewhere(place: Place | None, within_km: float | None) -> list[dict[str, Any]]:
    """Spaces booked on a site of their own, the nearest first."""
    listed: list[tuple[float, dict[str, Any]]] = []
    for space in selectors.listed_elsewhere():
        km = great_circle_km(place.latitude, place.longitude, space.latitude, space.longitude) if place else None
        if km is None or within_km is None or km <= within_km:
            listed.append((km or 0.0, {"space": space, "where": where_words(km, place)}))
    return [one for _, one in sorted(listed, key=lambda pair: pair[0])][:ELSEWHERE_SHOWN]


# --- Nothing is free: why, and what then ---


def why_nothing(search: Search, answer: Answer) -> Iterable[str]:
    """Why, as far as it is known, in sentences."""
    near = [missed for missed in answer.missed if missed.code != "far"]
    if not answer.missed:
        yield "Aucune salle ne répond à tout ce que vous demandez."
        return
    if not near:
        closest = min(answer.missed, key=lambda missed: missed.km or 0.0)
        yield f"Le lieu le plus proche est plus loin : {closest.room.space.name}, {distance(closest.km or 0.0)}."
        return
    codes = Counter(_cause(missed) for missed in near)
    holiday = holiday_name(search.day)
    day = long_date(search.day)
    if codes["closed"]:
        name = f" ({holiday})" if holiday else ""
        spaces = len({missed.room.space_id for missed in near if _cause(missed) == "closed"})
        who = "Les lieux sont fermés" if spaces > 1 else "Le lieu est fermé"
        yield f"{who} {day}{name}." if holiday or search.period == Period.DAY else f"{who} à ce moment-là, {day}."
    for space, reason in {(m.room.space.name, m.reason) for m in near if m.code == "closure"}:
        yield f"{space} est fermé ce jour-là{NBSP}: {reason.rstrip('.')}."
    if codes["taken"]:
        yield f"{counted(codes['taken'], 'salle est déjà réservée', 'salles sont déjà réservées')}."
    if codes["horizon"]:
        days = max(missed.room.horizon_days for missed in near if missed.code == "horizon")
        yield f"C’est encore loin{NBSP}: on y réserve {days}{NBSP}jours à l’avance au plus."
    if codes["late"]:
        yield "Il est trop tard pour réserver ce moment-là."
    if codes["length"]:
        yield "Ces salles ne se réservent pas pour cette durée."


def _cause(missed: Missed) -> str:
    return {"past": "late", "notice": "late", "too_short": "length", "too_long": "length"}.get(missed.code, missed.code)


@dataclass(frozen=True)
class Step:
    """Another search that does find something."""

    label: str
    url: str


def _next_steps(form: SearchForm, search: Search, answer: Answer, at: datetime) -> Iterable[Step]:
    """The other half-days, the next working days, a wider circle, fewer wishes: those where something is free."""
    for label, other, changes in _other_searches(search, answer):
        count = len(selectors.free_rooms(other, at=at))
        if count:
            words = counted(count, "salle libre", "salles libres")
            yield Step(f"{label}{NBSP}: {words}", f"?{urlencode(form.parameters(**changes))}")


def _other_searches(search: Search, answer: Answer) -> Iterable[tuple[str, Search, dict[str, Any]]]:
    slugs = {str(value): slug for slug, value in PERIOD_SLUGS.items()}
    labels = dict(MOMENT_QUESTIONS)
    if search.period:
        for period in (Period.MORNING, Period.AFTERNOON):
            if period != search.period:
                slug = slugs[str(period)]
                yield labels[slug], replace(search, period=str(period)), {"moment": slug}
    later = next_working_day(search.day)
    shifted = _on(search, later)
    if shifted is not None:
        yield capital(long_date(later)), shifted, {"date": later.isoformat()}
    far = [missed.km for missed in answer.missed if missed.code == "far" and missed.km is not None]
    if far and search.within_km is not None:
        wider = min(200, 5 * -(-int(max(min(far), search.within_km) + 1) // 5))
        yield f"Jusqu’à {wider}{NBSP}km", replace(search, within_km=float(wider)), {"rayon": wider}
    if search.kind or search.equipment or search.attendees > 1:
        any_room = replace(search, kind="", equipment=(), attendees=1)
        yield "Toutes les salles", any_room, {"type": "", "equipement": [], "personnes": ""}


def _on(search: Search, day: date) -> Search | None:
    """The same search on another day, at the same hours on the wall; None in the hour that a DST night skips."""
    if search.start is None or search.end is None:
        return replace(search, day=day)
    try:
        start, end = (clock.at_local(day, clock.local(instant).time()) for instant in (search.start, search.end))
    except DomainError:
        return None
    return replace(search, day=day, start=start, end=end)
