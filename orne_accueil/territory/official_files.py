"""Reading the official files of a folder: communes_*.csv, communes_*.geojson, gares_*.csv.

Nothing is written here. Every fault is listed with its file and line, so that one round of correction is
enough.
"""

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any

from django.utils.text import slugify

from orne_accueil.common.errors import DomainError
from orne_accueil.common.text import NBSP, WEEKDAYS, joined

from .enums import EpciKind, LandmarkKind
from .models import INSEE_CODE, POSTAL_CODE, SIREN
from .rules import typographic

COMMUNE_COLUMNS = (
    "code_insee", "nom", "epci_siren", "epci_nom", "epci_type", "codes_postaux",
    "population", "latitude", "longitude",
)  # fmt: skip
COMMUNE_OPTIONAL_COLUMNS = (
    "siren", "mairie_adresse", "mairie_telephone", "mairie_site", "mairie_horaires",
)  # fmt: skip
STATION_COLUMNS = ("nom", "code_insee", "latitude", "longitude")
STATION_OPTIONAL_COLUMNS = ("code_uic", "lignes")


@dataclass(frozen=True)
class Problem:
    """Why a line cannot be loaded. `line` is counted from 1 in the file; None for the file as a whole."""

    file: str
    line: int | None
    why: str

    def __str__(self) -> str:
        where = f"{self.file}, ligne {self.line}" if self.line else self.file
        return f"{where}{NBSP}: {self.why}"


class FilesRefused(DomainError):
    """The files hold faults and nothing was loaded. `problems` lists them all, in the order of the files."""

    def __init__(self, problems: list[Problem]) -> None:
        count = len(problems)
        found = "1 défaut trouvé" if count == 1 else f"{count} défauts trouvés"
        super().__init__(f"{found}, rien n’a été chargé.", code="files_refused")
        self.problems = problems


@dataclass(frozen=True)
class EpciData:
    siren: str
    name: str
    kind: str


@dataclass(frozen=True)
class CommuneData:
    code_insee: str
    official_name: str
    siren: str
    epci: EpciData | None
    postal_codes: list[str]
    population: int
    latitude: float
    longitude: float
    mairie_address: str
    mairie_phone: str
    mairie_website: str
    mairie_hours: list


@dataclass(frozen=True)
class LandmarkData:
    """A landmark as its owner states it; `key` is stable within `kind`, `commune_code` an INSEE code."""

    kind: LandmarkKind
    key: str
    name: str
    commune_code: str | None
    latitude: float
    longitude: float
    lines: list[str] = field(default_factory=list)
    url: str = ""


@dataclass
class OfficialFiles:
    """What the folder states, checked. `contours` and `stations` are None when no file speaks of them."""

    epcis: dict[str, EpciData] = field(default_factory=dict)
    communes: dict[str, CommuneData] = field(default_factory=dict)
    contours: dict[str, dict] | None = None
    stations: list[LandmarkData] | None = None
    files: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


class _Fault(Exception):
    """One thing wrong in a line, as a French sentence."""


def read_folder(folder: Path) -> OfficialFiles:
    """Read and check every official file of `folder`. Raises FilesRefused with all the faults found."""
    return _Reader(folder).read()


class _Reader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = OfficialFiles()
        self.problems: list[Problem] = []
        self.commune_lines: dict[str, tuple[str, int]] = {}
        self.epci_lines: dict[str, tuple[str, int]] = {}
        self.station_lines: dict[str, tuple[str, int]] = {}

    def read(self) -> OfficialFiles:
        if not self.folder.is_dir():
            raise FilesRefused([Problem(str(self.folder), None, "ce dossier n’existe pas.")])
        commune_files = self._files("communes_*.csv")
        if not commune_files:
            why = "aucun fichier communes_*.csv dans ce dossier."
            raise FilesRefused([Problem(str(self.folder), None, why)])
        for path in commune_files:
            self._read_table(path, COMMUNE_COLUMNS, COMMUNE_OPTIONAL_COLUMNS, self._take_commune)
        if not self.commune_lines and not self.problems:
            self.problems.append(Problem(commune_files[0].name, None, "aucune commune dans le fichier."))
        contour_files = self._files("communes_*.geojson")
        if contour_files:
            self.data.contours = {}
        for path in contour_files:
            self._read_contours(path)
        station_files = self._files("gares_*.csv")
        if station_files:
            self.data.stations = []
        for path in station_files:
            self._read_table(path, STATION_COLUMNS, STATION_OPTIONAL_COLUMNS, self._take_station)
        if self.problems:
            raise FilesRefused(self.problems)
        self._remark_what_is_missing()
        return self.data

    def _files(self, pattern: str) -> list[Path]:
        paths = sorted(path for path in self.folder.glob(pattern) if path.is_file())
        self.data.files += [path.name for path in paths]
        return paths

    def _remark_what_is_missing(self) -> None:
        if self.data.contours is None:
            self.data.remarks.append(f"Pas de fichier communes_*.geojson{NBSP}: les contours restent ce qu’ils sont.")
        elif without := [
            commune.official_name for code, commune in self.data.communes.items() if code not in self.data.contours
        ]:
            names = joined(without[:5])
            more = f" et {len(without) - 5} autres" if len(without) > 5 else ""
            self.data.remarks.append(f"Sans contour{NBSP}: {names}{more}.")
        if self.data.stations is None:
            self.data.remarks.append(f"Pas de fichier gares_*.csv{NBSP}: les gares restent ce qu’elles sont.")

    # --- Tables -----------------------------------------------------------------------------------

    def _read_table(
        self,
        path: Path,
        required: tuple[str, ...],
        optional: tuple[str, ...],
        take: Callable[[str, int, dict[str, str]], None],
    ) -> None:
        text = self._text_of(path)
        if text is None:
            return
        rows = _numbered_rows(text)
        try:
            _, header = next(rows)
        except StopIteration:
            self.problems.append(Problem(path.name, None, "le fichier est vide."))
            return
        except csv.Error as error:
            self.problems.append(Problem(path.name, 1, f"ligne illisible ({error})."))
            return
        header = [name.strip() for name in header]
        if faults := _header_faults(header, required):
            self.problems += [Problem(path.name, 1, why) for why in faults]
            return
        known = {*required, *optional}
        if unknown := [name for name in header if name not in known]:
            self.data.remarks.append(f"{path.name}{NBSP}: colonnes ignorées ({', '.join(unknown)}).")
        line = 1
        try:
            for line, cells in rows:
                self._take_row(path.name, line, header, cells, take)
        except csv.Error as error:
            self.problems.append(Problem(path.name, line + 1, f"ligne illisible ({error})."))

    def _take_row(
        self,
        file: str,
        line: int,
        header: list[str],
        cells: list[str],
        take: Callable[[str, int, dict[str, str]], None],
    ) -> None:
        if len(cells) != len(header):
            why = f"{len(cells)} cellules au lieu de {len(header)}."
            self.problems.append(Problem(file, line, why))
            return
        take(file, line, {name: cell.strip() for name, cell in zip(header, cells, strict=True)})

    def _text_of(self, path: Path) -> str | None:
        raw = path.read_bytes()
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            why = "le fichier n’est pas en UTF-8. Enregistrez-le au format « CSV UTF-8 »."
            self.problems.append(Problem(path.name, line, why))
            return None

    def _gather(
        self, file: str, line: int, row: dict[str, str], readers: dict[str, Callable[[dict[str, str]], Any]]
    ) -> dict[str, Any]:
        """What each reader finds in the row. A faulty cell is left out and hides no other."""
        values = {}
        for name, read in readers.items():
            try:
                values[name] = read(row)
            except _Fault as fault:
                self.problems.append(Problem(file, line, str(fault)))
        return values

    def _take_commune(self, file: str, line: int, row: dict[str, str]) -> None:
        before = len(self.problems)
        values = self._gather(file, line, row, COMMUNE_READERS)
        code = values.get("code_insee")
        if code and (first := self.commune_lines.setdefault(code, (file, line))) != (file, line):
            self.problems.append(Problem(file, line, f"code_insee {code} déjà vu ({_place(first)})."))
        if epci := values.get("epci"):
            self._take_epci(file, line, epci)
        if len(self.problems) == before:
            self.data.communes[values["code_insee"]] = CommuneData(**values)

    def _take_epci(self, file: str, line: int, epci: EpciData) -> None:
        known = self.data.epcis.setdefault(epci.siren, epci)
        first = self.epci_lines.setdefault(epci.siren, (file, line))
        if known != epci:
            why = f"l’EPCI {epci.siren} porte un autre nom ou une autre nature plus haut ({_place(first)})."
            self.problems.append(Problem(file, line, why))

    def _take_station(self, file: str, line: int, row: dict[str, str]) -> None:
        before = len(self.problems)
        values = self._gather(file, line, row, STATION_READERS)
        code = values.get("commune_code")
        if code and code not in self.commune_lines:
            self.problems.append(Problem(file, line, f"code_insee {code} absent des fichiers de communes."))
        key = values.pop("code_uic", "") or slugify(values.get("name", ""))
        if key and (first := self.station_lines.setdefault(key, (file, line))) != (file, line):
            self.problems.append(Problem(file, line, f"gare {key} déjà vue ({_place(first)})."))
        if len(self.problems) == before:
            assert self.data.stations is not None
            self.data.stations.append(LandmarkData(kind=LandmarkKind.STATION, key=key, **values))

    # --- Contours ---------------------------------------------------------------------------------

    def _read_contours(self, path: Path) -> None:
        text = self._text_of(path)
        if text is None:
            return
        try:
            content = json.loads(text)
        except json.JSONDecodeError as error:
            self.problems.append(Problem(path.name, error.lineno, f"JSON illisible ({error.msg})."))
            return
        features = content.get("features") if isinstance(content, dict) else None
        if not isinstance(features, list):
            self.problems.append(Problem(path.name, None, "ce n’est pas une FeatureCollection GeoJSON."))
            return
        lines = _feature_lines(text, features)
        assert self.data.contours is not None
        for number, feature in enumerate(features, start=1):
            try:
                code, geometry = _contour(feature)
                if code not in self.commune_lines:
                    raise _Fault(f"code {code} absent des fichiers de communes.")
                if code in self.data.contours:
                    raise _Fault(f"second contour pour le code {code}.")
                self.data.contours[code] = geometry
            except _Fault as fault:
                line = lines[number - 1] if lines else None
                self.problems.append(Problem(path.name, line, f"contour n° {number}{NBSP}: {fault}"))


def _place(where: tuple[str, int]) -> str:
    return f"{where[0]}, ligne {where[1]}"


def _numbered_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold something, each with the line of the file on which it starts."""
    first_line = text.partition("\n")[0]
    delimiter = max(",;\t", key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield line, cells
        line = reader.line_num + 1


def _header_faults(header: list[str], required: tuple[str, ...]) -> list[str]:
    faults = []
    if missing := [name for name in required if name not in header]:
        plural = "colonnes manquantes" if len(missing) > 1 else "colonne manquante"
        faults.append(f"{plural}{NBSP}: {', '.join(missing)}.")
    if twice := sorted({name for name in header if name and header.count(name) > 1}):
        faults.append(f"colonne présente deux fois{NBSP}: {', '.join(twice)}.")
    return faults


def _feature_lines(text: str, features: list) -> list[int] | None:
    """The line of each feature where the file writes one per line, as ours do; None where it does not."""
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if '"Feature"' in line]
    return lines if len(lines) == len(features) else None


# --- Cells ----------------------------------------------------------------------------------------


def _words(row: dict[str, str], column: str, longest: int, *, required: bool = False) -> str:
    value = row.get(column, "")
    if required and not value:
        raise _Fault(f"{column} est vide.")
    if len(value) > longest:
        raise _Fault(f"{column} dépasse {longest} caractères.")
    if "\x00" in value:
        raise _Fault(f"{column} contient un caractère nul.")
    return value


def _insee_code(value: str) -> str:
    if not re.match(INSEE_CODE, value):
        raise _Fault(f"code_insee « {value} » n’est pas un code INSEE (cinq chiffres, 2A ou 2B en Corse).")
    return value


def _siren(value: str, column: str) -> str:
    if value and not re.match(SIREN, value):
        raise _Fault(f"{column} « {value} » n’est pas un SIREN (neuf chiffres).")
    return value


def _epci(row: dict[str, str]) -> EpciData | None:
    siren, name, kind = row["epci_siren"], row["epci_nom"], row["epci_type"]
    if not (siren or name or kind):
        return None  # an island without one
    if not siren:
        raise _Fault("epci_siren est vide.")
    _siren(siren, "epci_siren")
    if kind not in EpciKind.values:
        raise _Fault(f"epci_type « {kind} » inconnu (attendu{NBSP}: {joined(EpciKind.values, 'ou')}).")
    name = f"{name} ".removeprefix(f"{kind} ").strip()
    if not name:
        raise _Fault("epci_nom est vide.")
    if len(name) > 120:
        raise _Fault("epci_nom dépasse 120 caractères.")
    return EpciData(siren=siren, name=typographic(name), kind=kind)


def _postal_codes(value: str) -> list[str]:
    codes = [code.strip() for code in value.split("|") if code.strip()]
    if not codes:
        raise _Fault("codes_postaux est vide.")
    for code in codes:
        if not re.match(POSTAL_CODE, code):
            raise _Fault(f"codes_postaux{NBSP}: « {code} » n’est pas un code postal (cinq chiffres).")
    return codes


def _population(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise _Fault(f"population « {value} » n’est pas un nombre d’habitants (entier, 0 au moins).")
    return int(value)


def _degrees(row: dict[str, str], column: str, bound: int) -> float:
    value = row[column]
    try:
        number = float(value)
    except ValueError:
        raise _Fault(f"{column} « {value} » n’est pas un nombre (point décimal attendu).") from None
    if not math.isfinite(number) or abs(number) > bound:
        raise _Fault(f"{column} {value} est hors des bornes (de −{bound} à {bound}).")
    return number


def _website(value: str) -> str:
    if value and not re.match(r"https?://[^\s/]+\.[^\s]+$", value):
        raise _Fault(f"mairie_site « {value} » n’est pas une adresse web (http:// ou https://).")
    if len(value) > 200:
        raise _Fault("mairie_site dépasse 200 caractères.")
    return value


def _hours(value: str) -> list:
    if not value:
        return []
    try:
        groups = json.loads(value)
        for first, last, spans in groups:
            for day in (first, last or first):  # the source leaves the last day empty where there is one day
                if day not in WEEKDAYS:
                    raise _Fault(f"mairie_horaires{NBSP}: jour inconnu « {day} ».")
            for opens, closes in spans:
                if time.fromisoformat(opens) >= time.fromisoformat(closes):
                    raise _Fault(f"mairie_horaires{NBSP}: {opens} – {closes} finit avant de commencer.")
    except (ValueError, TypeError) as error:
        raise _Fault("mairie_horaires n’est pas lisible (jour, jour, liste d’heures).") from error
    return [[first, last or first, spans] for first, last, spans in groups]


COMMUNE_READERS: dict[str, Callable[[dict[str, str]], Any]] = {
    "code_insee": lambda row: _insee_code(row["code_insee"]),
    "official_name": lambda row: _words(row, "nom", 100, required=True),
    "siren": lambda row: _siren(row.get("siren", ""), "siren"),
    "epci": _epci,
    "postal_codes": lambda row: _postal_codes(row["codes_postaux"]),
    "population": lambda row: _population(row["population"]),
    "latitude": lambda row: _degrees(row, "latitude", 90),
    "longitude": lambda row: _degrees(row, "longitude", 180),
    "mairie_address": lambda row: typographic(_words(row, "mairie_adresse", 200)),
    "mairie_phone": lambda row: _words(row, "mairie_telephone", 20),
    "mairie_website": lambda row: _website(row.get("mairie_site", "")),
    "mairie_hours": lambda row: _hours(row.get("mairie_horaires", "")),
}

STATION_READERS: dict[str, Callable[[dict[str, str]], Any]] = {
    "code_uic": lambda row: _words(row, "code_uic", 20),
    "name": lambda row: typographic(_words(row, "nom", 120, required=True)),
    "commune_code": lambda row: _insee_code(row["code_insee"]),
    "latitude": lambda row: _degrees(row, "latitude", 90),
    "longitude": lambda row: _degrees(row, "longitude", 180),
    "lines": lambda row: [part.strip() for part in row.get("lignes", "").split("|") if part.strip()],
}


# --- Contours -------------------------------------------------------------------------------------


def _contour(feature: Any) -> tuple[str, dict]:
    try:
        code = feature["properties"]["code"]
        geometry = feature["geometry"]
        kind, coordinates = geometry["type"], geometry["coordinates"]
    except (KeyError, TypeError):
        raise _Fault("il faut une géométrie et la propriété code.") from None
    if kind not in ("Polygon", "MultiPolygon"):
        raise _Fault(f"la géométrie est de type {kind}, Polygon ou MultiPolygon attendu.")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    try:
        for rings in polygons:
            for ring in rings:
                _check_ring(ring)
    except (TypeError, ValueError):
        raise _Fault("les coordonnées ne sont pas des paires de nombres.") from None
    return code, {"type": kind, "coordinates": coordinates}


def _check_ring(ring: list) -> None:
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise _Fault("un contour n’est pas fermé.")
    for longitude, latitude in ring:
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
            raise _Fault(f"un point est hors des bornes ({longitude}, {latitude}).")
