"""Stations, and folders of official files with whatever a test wants wrong in them."""

import csv
import io
import itertools
import json
from pathlib import Path
from typing import Any

from orne_accueil.territory import actions
from orne_accueil.territory.management.commands.load_territory import DEFAULT_FOLDER
from orne_accueil.territory.models import Commune, Landmark

ORNE = DEFAULT_FOLDER

_numbers = itertools.count(1)

ARGENTAN = {
    "code_insee": "61006",
    "nom": "Argentan",
    "siren": "216100065",
    "epci_siren": "200068450",
    "epci_nom": "CC Terres d'Argentan Interco",
    "epci_type": "CC",
    "codes_postaux": "61200",
    "population": "13527",
    "latitude": "48.74405",
    "longitude": "-0.01662",
    "mairie_adresse": "Place du Docteur-Couinaud, 61200 Argentan",
    "mairie_telephone": "02 33 36 40 00",
    "mairie_site": "https://www.argentan.fr/",
    "mairie_horaires": '[["lundi","vendredi",[["09:00:00","12:00:00"]]]]',
}
SEES = ARGENTAN | {
    "code_insee": "61464",
    "nom": "Sées",
    "siren": "216104646",
    "epci_siren": "200035111",
    "epci_nom": "CC des Sources de l'Orne",
    "codes_postaux": "61500",
    "population": "4168",
    "latitude": "48.60555",
    "longitude": "0.17205",
    "mairie_horaires": "",
}
STATION = {
    "code_uic": "87444539",
    "nom": "Argentan",
    "code_insee": "61006",
    "lignes": "Paris – Granville|Caen – Alençon – Le Mans",
    "latitude": "48.74405",
    "longitude": "-0.01662",
}


def square(longitude: float, latitude: float, side: float = 0.1) -> list[list[list[float]]]:
    """The coordinates of a square polygon."""
    east, north = round(longitude + side, 4), round(latitude + side, 4)
    return [[[longitude, latitude], [east, latitude], [east, north], [longitude, north], [longitude, latitude]]]


def feature(code: str, coordinates: Any = None, kind: str = "Polygon") -> dict[str, Any]:
    """A contour as the official file writes it."""
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": coordinates or square(0.0, 48.7)},
        "properties": {"code": code},
    }


def table(rows: list[dict[str, str]], *, eol: str = "\n", delimiter: str = ",") -> str:
    """Rows as a CSV text; the columns are the first row's."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator=eol, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def official_folder(
    folder: Path,
    *,
    communes: list[dict[str, str]] | str | bytes | None = None,
    stations: list[dict[str, str]] | str | None = None,
    contours: list[dict[str, Any]] | str | None = None,
) -> Path:
    """A folder of official files: Argentan and Sées, without contours nor stations, unless told otherwise."""
    communes = [ARGENTAN, SEES] if communes is None else communes
    content = table(communes) if isinstance(communes, list) else communes
    raw = content.encode() if isinstance(content, str) else content
    (folder / "communes_61.csv").write_bytes(raw)
    if stations is not None:
        text = table(stations) if isinstance(stations, list) else stations
        (folder / "gares_61.csv").write_text(text)
    if contours is not None:
        text = contours if isinstance(contours, str) else json.dumps({"features": contours})
        (folder / "communes_61.geojson").write_text(text)
    return folder


def make_station(name: str = "", *, commune: Commune | None = None, **fields: Any) -> Landmark:
    """A station, at its commune's mairie or at Argentan's unless told otherwise; nearest ones are kept true."""
    return _make_landmark("station", name, commune, fields)


def make_space_landmark(name: str = "", *, commune: Commune | None = None, **fields: Any) -> Landmark:
    """What coworking writes for a space."""
    return _make_landmark("space", name, commune, fields)


def _make_landmark(kind: str, name: str, commune: Commune | None, fields: dict[str, Any]) -> Landmark:
    number = next(_numbers)
    defaults = {
        "key": f"{kind}-{number}",
        "name": name or f"Repère {number}",
        "commune": commune,
        "latitude": commune.latitude if commune else 48.7443,
        "longitude": commune.longitude if commune else -0.0202,
    }
    return actions.upsert_landmark(kind=kind, **defaults | fields)
