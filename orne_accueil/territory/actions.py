"""The only writers of the territory: official files, and landmarks that other apps keep up to date."""

import gzip
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from math import cos, radians, sin
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Model, Q

from orne_accueil.common import clock
from orne_accueil.common.db import LOCK_TERRITORY, advisory_lock, constraints_as_errors

from .enums import CONTOURS_FILE, LandmarkKind
from .geo import great_circle_km
from .models import Commune, Contour, DataFile, Epci, Landmark, NearestLandmark
from .official_files import CommuneData, LandmarkData, OfficialFiles, read_folder
from .rules import search_key, typographic


@dataclass
class Count:
    """What a load did to one table."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0

    @property
    def changes(self) -> int:
        return self.created + self.updated + self.removed


@dataclass
class LoadReport:
    """What a load did, and what deserves a look. `counts` is keyed by a French plural."""

    files: list[str]
    counts: dict[str, Count] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @property
    def changes(self) -> int:
        return sum(count.changes for count in self.counts.values())


def load_territory(folder: Path, *, at: datetime | None = None) -> LoadReport:
    """Load communes, EPCI, contours and stations from the official files of `folder`.

    1. Read and check every file; all faults are listed and nothing is loaded (FilesRefused).
    2. In one transaction: write what differs, EPCI first; publish the contours; give each commune its nearest
       landmarks.

    Idempotent: the second run changes nothing and says so. Communes and EPCI that the files no longer name
    stay, since persons and spaces point to them, and are reported; stations no longer named in these
    communes go.
    Takes the territory's advisory lock.
    """
    data = read_folder(folder)
    report = LoadReport(files=data.files, remarks=list(data.remarks))
    with transaction.atomic(durable=True), constraints_as_errors():
        advisory_lock(LOCK_TERRITORY, [0])
        epcis = _write_epcis(data, report)
        communes = _write_communes(data, epcis, report)
        _write_contours(data, communes, report, at=at or clock.now())
        if data.stations is not None:
            count = _write_landmarks(LandmarkKind.STATION, data.stations, communes)
            count.removed = _remove_stations_gone(data, communes, report)
            report.counts["gares"] = count
        nearest = Count()
        for kind in LandmarkKind:
            nearest.updated += _refresh_nearest(kind)
        report.counts["repères les plus proches"] = nearest
    return report


def upsert_landmark(
    *,
    kind: LandmarkKind | str,
    key: str,
    name: str,
    commune: Commune | None,
    latitude: float,
    longitude: float,
    url: str = "",
    lines: Iterable[str] = (),
) -> Landmark:
    """Write the landmark `key` of that kind and keep every commune's nearest one true.

    Takes the territory's lock: a caller that also locks spaces does that first.
    """
    data = LandmarkData(
        kind=LandmarkKind(kind),
        key=key,
        name=name,
        commune_code=commune.code_insee if commune else None,
        latitude=latitude,
        longitude=longitude,
        lines=list(lines),
        url=url,
    )
    communes = {commune.code_insee: commune} if commune else {}
    with transaction.atomic(), constraints_as_errors():
        advisory_lock(LOCK_TERRITORY, [0])
        if _write_landmarks(data.kind, [data], communes).changes:
            _refresh_nearest(data.kind)
        return Landmark.objects.get(kind=data.kind, key=key)


def upsert_landmarks(*, kind: LandmarkKind | str, landmarks: Iterable[LandmarkData]) -> Count:
    """Write many landmarks of a kind at once, for imports: one pass over the communes instead of one each.

    Takes the territory's lock. A `commune_code` that is not known leaves the landmark without a commune.
    """
    wanted = list(landmarks)
    with transaction.atomic(), constraints_as_errors():
        advisory_lock(LOCK_TERRITORY, [0])
        codes = {landmark.commune_code for landmark in wanted if landmark.commune_code}
        communes = {
            commune.code_insee: commune for commune in Commune.objects.filter(code_insee__in=codes).order_by("pk")
        }
        count = _write_landmarks(LandmarkKind(kind), wanted, communes)
        if count.changes:
            _refresh_nearest(LandmarkKind(kind))
    return count


def remove_landmark(*, kind: LandmarkKind | str, key: str) -> bool:
    """Remove a landmark, if it is there, and give its communes their next nearest; whether it was there.

    Takes the territory's lock.
    """
    with transaction.atomic():
        advisory_lock(LOCK_TERRITORY, [0])
        _, by_model = Landmark.objects.filter(kind=kind, key=key).delete()
        if not by_model:
            return False
        _refresh_nearest(LandmarkKind(kind))
    return True


# --- Tables ---------------------------------------------------------------------------------------


def _upsert(
    model: type[Model],
    rows: dict[Any, Any],
    existing: dict[Any, Any],
    *,
    unique: list[str],
    fields: list[str],
) -> Count:
    """Create the rows that are missing and update those that differ in `fields`, in one statement."""
    new = [row for key, row in rows.items() if key not in existing]
    changed = [
        row
        for key, row in rows.items()
        if key in existing and any(getattr(existing[key], name) != getattr(row, name) for name in fields)
    ]
    model._default_manager.bulk_create(new + changed, update_conflicts=True, unique_fields=unique, update_fields=fields)
    return Count(created=len(new), updated=len(changed), unchanged=len(rows) - len(new) - len(changed))


def _write_epcis(data: OfficialFiles, report: LoadReport) -> dict[str, Epci]:
    rows = {siren: Epci(siren=siren, name=epci.name, kind=epci.kind) for siren, epci in data.epcis.items()}
    existing = Epci.objects.in_bulk(rows, field_name="siren")
    report.counts["EPCI"] = _upsert(Epci, rows, existing, unique=["siren"], fields=["name", "kind"])
    return Epci.objects.in_bulk(rows, field_name="siren")


COMMUNE_FIELDS = [
    "name", "official_name", "folded_name", "siren", "epci_id", "postal_codes", "population",
    "latitude", "longitude", "mairie_address", "mairie_phone", "mairie_website", "mairie_hours",
]  # fmt: skip


def _commune_row(data: CommuneData, epcis: dict[str, Epci]) -> Commune:
    stated = {**vars(data), "epci": epcis[data.epci.siren] if data.epci else None}
    name = typographic(data.official_name)
    return Commune(name=name, folded_name=search_key(name), **stated)


def _department(code_insee: str) -> str:
    return code_insee[:3] if code_insee.startswith("97") else code_insee[:2]


def _write_communes(data: OfficialFiles, epcis: dict[str, Epci], report: LoadReport) -> dict[str, Commune]:
    rows = {code: _commune_row(commune, epcis) for code, commune in data.communes.items()}
    same_departments = Q()
    for department in {_department(code) for code in rows}:
        same_departments |= Q(code_insee__startswith=department)
    existing = Commune.objects.filter(same_departments).in_bulk(field_name="code_insee")
    report.counts["communes"] = _upsert(Commune, rows, existing, unique=["code_insee"], fields=COMMUNE_FIELDS)
    for code in sorted(existing.keys() - rows.keys()):
        report.remarks.append(f"{existing[code].name} ({code}) n’est plus dans les fichiers : gardée telle quelle.")
    return Commune.objects.in_bulk(rows, field_name="code_insee")


def _write_contours(data: OfficialFiles, communes: dict[str, Commune], report: LoadReport, *, at: datetime) -> None:
    if data.contours is not None:
        rows = {
            communes[code].pk: Contour(commune=communes[code], geometry=geometry)
            for code, geometry in data.contours.items()
        }
        existing = Contour.objects.in_bulk(rows)
        report.counts["contours"] = _upsert(Contour, rows, existing, unique=["commune"], fields=["geometry"])
    if _publish_contours(at):
        report.remarks.append(f"{CONTOURS_FILE} écrit pour /donnees/.")


def _publish_contours(at: datetime) -> bool:
    """Write /donnees/communes.geojson as it will be served, if it differs from what is there."""
    features = [
        {
            "type": "Feature",
            "geometry": geometry,
            "properties": {"code": code, "nom": name, "epci": epci},
        }
        for code, name, epci, geometry in Contour.objects.order_by("commune__code_insee").values_list(
            "commune__code_insee", "commune__name", "commune__epci__siren", "geometry"
        )
    ]
    collection = {
        "type": "FeatureCollection",
        "source": "IGN Admin Express, contours simplifiés",
        "licence": "Licence Ouverte 2.0",
        "features": features,
    }
    body = json.dumps(collection, ensure_ascii=False, separators=(",", ":")).encode()
    etag = hashlib.sha256(body).hexdigest()[:32]
    known = DataFile.objects.filter(name=CONTOURS_FILE).values_list("etag", flat=True).first()
    if known == etag or (known is None and not features):
        return False
    DataFile.objects.update_or_create(
        name=CONTOURS_FILE,
        defaults={"content": gzip.compress(body, 9, mtime=0), "etag": etag, "changed_at": at},
    )
    return True


# --- Landmarks ------------------------------------------------------------------------------------

LANDMARK_FIELDS = ["name", "folded_name", "commune_id", "latitude", "longitude", "lines", "url"]


def _write_landmarks(kind: LandmarkKind, wanted: Iterable[LandmarkData], communes: dict[str, Commune]) -> Count:
    rows = {
        data.key: Landmark(
            kind=kind,
            key=data.key,
            name=data.name,
            folded_name=search_key(data.name),
            commune=communes.get(data.commune_code) if data.commune_code else None,
            latitude=data.latitude,
            longitude=data.longitude,
            lines=data.lines,
            url=data.url,
        )
        for data in wanted
    }
    existing = {row.key: row for row in Landmark.objects.filter(kind=kind, key__in=rows)}
    return _upsert(Landmark, rows, existing, unique=["kind", "key"], fields=LANDMARK_FIELDS)


def _remove_stations_gone(data: OfficialFiles, communes: dict[str, Commune], report: LoadReport) -> int:
    """Remove the stations of these communes that the files no longer name.

    Nothing points to them, and a corrected key would otherwise leave the old row beside the new one.
    """
    gone = Landmark.objects.filter(kind=LandmarkKind.STATION, commune__in=communes.values()).exclude(
        key__in=[station.key for station in data.stations or []]
    )
    labels = [str(station) for station in gone]
    report.remarks += [f"{label} n’est plus dans les fichiers : retirée." for label in labels]
    gone.delete()
    return len(labels)


def _refresh_nearest(kind: LandmarkKind) -> int:
    """Give each commune its nearest landmark of that kind; returns how many rows changed.

    The caller holds the territory's lock, so that two rivals cannot each miss the other's landmark. Unit
    vectors are compared first (the nearest has the greatest dot product).
    """
    landmarks = list(Landmark.objects.filter(kind=kind).order_by("key").values_list("pk", "latitude", "longitude"))
    if not landmarks:
        return NearestLandmark.objects.filter(kind=kind).delete()[0]
    vectors = [_unit_vector(latitude, longitude) for _, latitude, longitude in landmarks]
    known = {
        commune: (landmark, km)
        for commune, landmark, km in NearestLandmark.objects.filter(kind=kind).values_list(
            "commune_id", "landmark_id", "km"
        )
    }
    changed = []
    communes = Commune.objects.order_by("pk").values_list("pk", "latitude", "longitude")
    for commune, latitude, longitude in communes:
        x, y, z = _unit_vector(latitude, longitude)
        closeness = [x * there[0] + y * there[1] + z * there[2] for there in vectors]
        landmark, *position = landmarks[closeness.index(max(closeness))]
        km = round(great_circle_km(latitude, longitude, *position), 3)
        if known.get(commune) != (landmark, km):
            changed.append(NearestLandmark(commune_id=commune, kind=kind, landmark_id=landmark, km=km))
    NearestLandmark.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["commune", "kind"],
        update_fields=["landmark", "km"],
    )
    return len(changed)


def _unit_vector(latitude: float, longitude: float) -> tuple[float, float, float]:
    latitude, longitude = radians(latitude), radians(longitude)
    return cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude)
