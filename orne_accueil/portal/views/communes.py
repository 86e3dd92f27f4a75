"""« Où m’installer ? »: the communes, one by one and together. The portal's enrichments come later."""

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from orne_accueil.common.text import NBSP
from orne_accueil.territory import selectors
from orne_accueil.territory.enums import LandmarkKind
from orne_accueil.territory.forms import CommuneFilterForm
from orne_accueil.territory.models import Commune, Epci, Landmark, NearestLandmark

PAGE_SIZE = 30
SUGGESTIONS_MAX_AGE = 600


@require_safe
def communes(request: HttpRequest) -> HttpResponseBase:
    """The list of communes, by name, EPCI or distance to a station; a name typed in full opens its page."""
    epcis = selectors.epcis_with_counts()
    form = CommuneFilterForm(request.GET or None, epcis=epcis)
    asked = form.cleaned_data if form.is_valid() else {}
    text, epci_siren, station_km = asked.get("q", ""), asked.get("epci", ""), asked.get("gare")
    context: dict[str, Any] = {"form": form, "epcis": epcis, "text": text, "heading": "", **_map_addresses()}
    if not any((text, epci_siren, station_km)):
        context["points"] = [_station_point(station) for station in selectors.stations()]
        return render(request, "portal/communes.html", context)
    found = selectors.filtered_communes(text=text, epci_siren=epci_siren, station_km=station_km)
    if text and not (epci_siren or station_km) and len(found) == 1 and selectors.is_named(found[0], text):
        return redirect(found[0])
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    epci = next((epci for epci in epcis if epci.siren == epci_siren), None)
    context |= {
        "page": page,
        "heading": _heading(page.paginator.count, text, epci, station_km),
        "points": [_commune_point(commune) for commune in page],
    }
    return render(request, "portal/communes.html", context)


def _heading(count: int, text: str, epci: Epci | None, station_km: int | None) -> str:
    """« 12 communes pour « Saint-Germain », à 10 km au plus d’une gare, CC des Sources de l’Orne »."""
    words = f"{count or 'Aucune'} commune{'s' if count > 1 else ''}"
    if text:
        words += f" pour «{NBSP}{text}{NBSP}»"
    if station_km:
        words += f" à {station_km}{NBSP}km au plus d’une gare"
    return f"{words}, {epci.short_name}" if epci else words


def _map_addresses() -> dict[str, str]:
    return {
        "contours_url": reverse("portal:communes-geojson"),
        "commune_url": reverse("portal:commune", args=["00000"]),
    }


@require_safe
def commune(request: HttpRequest, code_insee: str) -> HttpResponse:
    """One commune: its mairie, its nearest station and workspace."""
    found = selectors.commune_page(code_insee)
    if found is None:
        raise Http404
    commune = found.commune
    points = [_commune_point(commune, mark="M", title=f"Mairie {commune.de_name}")]
    points += [_landmark_point(near) for near in (found.station, found.space) if near]
    context = {
        "found": found,
        "commune": commune,
        "epci_name": commune.epci.long_name if commune.epci else "",
        "lead": f"{', '.join(commune.postal_codes)} · {commune.population_label}",
        "hours": commune.hours_lines,
        "search_url": f"/espaces/?{urlencode({'ou': commune.name})}",
        "points": points,
        **_map_addresses(),
    }
    return render(request, "portal/commune.html", context)


@require_safe
def suggestions(request: HttpRequest) -> JsonResponse:
    """What a place field proposes while one types `q`; `seulement=communes` leaves the stations out."""
    found = selectors.suggestions(request.GET.get("q", ""), stations=request.GET.get("seulement") != "communes")
    response = JsonResponse({"suggestions": [vars(suggestion) for suggestion in found]})
    response["Cache-Control"] = f"public, max-age={SUGGESTIONS_MAX_AGE}"
    return response


# --- Points of the maps (static/js/map.js says their shape) ------------------------------------------


def _commune_point(commune: Commune, *, mark: str = "", title: str = "") -> dict[str, Any]:
    return {
        "lat": commune.latitude,
        "lon": commune.longitude,
        "title": title or commune.name,
        "url": "" if title else commune.get_absolute_url(),
        "mark": mark,
    }


def _station_point(station: Landmark) -> dict[str, Any]:
    return {
        "lat": station.latitude,
        "lon": station.longitude,
        "title": capfirst(station.label),
        "text": ", ".join(station.lines),
        "url": station.commune.get_absolute_url() if station.commune else "",
        "mark": "G",
        "kind": station.kind,
    }


def _landmark_point(near: NearestLandmark) -> dict[str, Any]:
    landmark = near.landmark
    return {
        "lat": landmark.latitude,
        "lon": landmark.longitude,
        "title": capfirst(landmark.label),
        "text": ", ".join(landmark.lines),
        "url": landmark.url,
        "mark": "G" if near.kind == LandmarkKind.STATION else "E",
        "kind": near.kind,
    }
