"""« Où m’installer ? »: the communes, one by one and together. The portal's enrichments come later."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from orne_accueil.territory import selectors
from orne_accueil.territory.enums import LandmarkKind
from orne_accueil.territory.forms import CommuneFilterForm
from orne_accueil.territory.models import Commune, Landmark, NearestLandmark

PAGE_SIZE = 50
SUGGESTIONS_MAX_AGE = 600


@require_safe
def communes(request: HttpRequest) -> HttpResponseBase:
    """The list of communes, by name, EPCI or distance to a station; a name typed in full opens its page."""
    epcis = selectors.epcis_with_counts()
    form = CommuneFilterForm(request.GET or None, epcis=epcis)
    asked = form.cleaned_data if form.is_valid() else {}
    text, epci_siren, station_km = asked.get("q", ""), asked.get("epci", ""), asked.get("gare")
    context: dict[str, Any] = {"form": form, "epcis": epcis, "text": text, "station_km": station_km}
    if not any((text, epci_siren, station_km)):
        context["points"] = [_station_point(station) for station in selectors.stations()]
        return render(request, "portal/communes.html", context)
    found = selectors.filtered_communes(text=text, epci_siren=epci_siren, station_km=station_km)
    if len(found) == 1 and not (epci_siren or station_km) and selectors.is_named(found[0], text):
        return redirect(found[0])
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context |= {
        "page": page,
        "chosen_epci": next((epci for epci in epcis if epci.siren == epci_siren), None),
        "points": [_commune_point(commune) for commune in page],
    }
    return render(request, "portal/communes.html", context)


@require_safe
def commune(request: HttpRequest, code_insee: str) -> HttpResponse:
    """One commune: its mairie, its nearest station and workspace."""
    found = selectors.commune_page(code_insee)
    if found is None:
        raise Http404
    points = [_commune_point(found.commune, mark="M", title=f"Mairie {found.commune.de_name}")]
    points += [_landmark_point(near) for near in (found.station, found.space) if near]
    return render(
        request, "portal/commune.html", {"found": found, "commune": found.commune, "points": points}
    )


@require_safe
def suggestions(request: HttpRequest) -> JsonResponse:
    """What a place field proposes while one types: `q`, and `seulement=communes` to leave the stations out."""
    found = selectors.suggestions(
        request.GET.get("q", ""), stations=request.GET.get("seulement") != "communes"
    )
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
    }
