"""The open data files: one address each, stable, cacheable, with their source and licence inside."""

import gzip
import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from coworking.selectors import national_file_state, national_lines, public_spaces
from orne_accueil.territory.enums import CONTOURS_FILE
from orne_accueil.territory.selectors import published_content, published_file

ONE_DAY = 24 * 3600
EMPTY_COLLECTION = b'{"type":"FeatureCollection","features":[]}'
GEOJSON = "application/geo+json"

CSV = "text/csv; charset=utf-8"
ONE_HOUR = 3600


@require_safe
def spaces_csv(request: HttpRequest) -> HttpResponse:
    """The published spaces in the national format: one small query when unchanged.

    Formulas are not escaped: the format is read by machines, for which « +33… » is a telephone (national_file.py).
    """
    state = national_file_state()
    etag = f'W/"{state.etag}"'  # weak: the same whether compressed or not
    changed_at = int(state.changed_at.timestamp()) if state.changed_at else None
    unchanged = get_conditional_response(request, etag=etag, last_modified=changed_at)
    response = unchanged or HttpResponse("".join(national_lines()), content_type=CSV)
    response["Content-Disposition"] = 'attachment; filename="espaces.csv"'
    response["ETag"] = etag
    if changed_at is not None:
        response["Last-Modified"] = http_date(changed_at)
    response["Cache-Control"] = f"public, max-age={ONE_HOUR}"
    response["Access-Control-Allow-Origin"] = "*"  # open data: other sites may read it
    return response


@require_safe
def spaces_geojson(request: HttpRequest) -> HttpResponse:
    """The published spaces as points: one small query when unchanged."""
    state = national_file_state()
    etag = f'W/"{state.etag}-points"'
    changed_at = int(state.changed_at.timestamp()) if state.changed_at else None
    unchanged = get_conditional_response(request, etag=etag, last_modified=changed_at)
    response = unchanged or JsonResponse(_spaces_collection(), content_type=GEOJSON)
    response["ETag"] = etag
    if changed_at is not None:
        response["Last-Modified"] = http_date(changed_at)
    response["Cache-Control"] = f"public, max-age={ONE_HOUR}"
    response["Access-Control-Allow-Origin"] = "*"  # open data: other sites may read it
    return response


def _spaces_collection() -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "name": f"Lieux de {settings.SITE_NAME}",
        "licence": "Licence Ouverte 2.0",
        "features": [_feature(space) for space in public_spaces()],
    }


def _feature(space: Any) -> dict[str, Any]:
    """One space; what is empty is left out."""
    properties = {
        "id": space.external_id or space.slug,
        "name": space.name,
        "kind": space.kind,
        "kind_label": space.get_kind_display(),
        "url": settings.SITE_URL.rstrip("/") + space.get_absolute_url(),
        "is_bookable": space.is_bookable,
        "external_url": space.external_url,
        "commune": space.commune.name,
        "code_insee": space.commune.code_insee,
        "address": space.address,
        "postal_code": space.postal_code,
        "phone": space.phone,
        "website": space.website,
        "opening_hours": space.opening_hours,
        "labels": space.labels,
        "technology": space.technology,
        "down_mbps": space.down_mbps,
        "up_mbps": space.up_mbps,
        "measured_on": space.measured_on,
    }
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [space.longitude, space.latitude]},
        "properties": {name: value for name, value in properties.items() if value not in ("", None, [])},
    }


@require_safe
def communes_geojson(request: HttpRequest) -> HttpResponse:
    """The contours of the communes, as the last load wrote them: one small query when unchanged."""
    state = published_file(CONTOURS_FILE)
    if state is None:
        response = HttpResponse(EMPTY_COLLECTION, content_type=GEOJSON)
        response["Cache-Control"] = "no-store"
        return response
    etag = f'W/"{state.etag}"'  # weak: the same whether compressed or not
    changed_at = int(state.changed_at.timestamp())
    unchanged = get_conditional_response(request, etag=etag, last_modified=changed_at)
    response = unchanged or _compressed(request, published_content(CONTOURS_FILE))
    response["ETag"] = etag
    response["Last-Modified"] = http_date(changed_at)
    response["Cache-Control"] = f"public, max-age={ONE_DAY}"
    response["Access-Control-Allow-Origin"] = "*"  # open data: other sites may read it
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def _compressed(request: HttpRequest, content: bytes) -> HttpResponse:
    if re.search(r"\bgzip\b", request.headers.get("Accept-Encoding", "")):
        response = HttpResponse(content, content_type=GEOJSON)
        response["Content-Encoding"] = "gzip"
        return response
    return HttpResponse(gzip.decompress(content), content_type=GEOJSON)
