"""The national format « Lieux de médiation numérique » (schema 1.0.2): what a space keeps of a line, and back.

Round trip: a space keeps the cells of its line as they were written. On export a cell leaves as it came in, unless the
field that it feeds says something else by now. So nothing is lost of what we do not use, and nobody's edit is either.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from coworking.enums import Label, SpaceKind
from orne_accueil.accounts.rules import normal_phone
from orne_accueil.common.errors import DomainError
from orne_accueil.common.text import NBSP, fold
from orne_accueil.territory.rules import search_key

from . import hours
from .national_file import COLUMNS

NO_PIVOT = "0" * 14
"""What the national map's own tools write for a place whose SIRET nobody gave."""

HOME = "orne-accueil:"
"""Before the slug, the identifier of a space that was born here and not in a file."""

TIERS_LIEUX = "TIERS_LIEUX"
SUMMARY_LENGTH = 280


# --- Cells in ---


class LineRefused(DomainError):
    """What is wrong with one line; `faults` lists all of it."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(f"{fault[0].upper()}{fault[1:]}" for fault in faults), code="line_refused")
        self.faults = faults


class _Fault(Exception):
    """One thing wrong in a cell, as the end of a sentence."""


@dataclass(frozen=True)
class Facts:
    """What the cells of a line say, in our terms. `point` is None where the cells give no position."""

    external_id: str
    name: str
    kind: str
    address: str
    address_extra: str
    postal_code: str
    code_insee: str
    commune_key: str
    point: tuple[float, float] | None
    phone: str
    email: str
    website: str
    opening_hours: str
    summary: str
    description: str
    labels: tuple[str, ...]

    def fields(self) -> dict[str, Any]:
        """The space's own fields, without commune and position, which the territory decides."""
        return {
            "name": self.name,
            "kind": self.kind,
            "address": self.address,
            "address_extra": self.address_extra,
            "postal_code": self.postal_code,
            "phone": self.phone,
            "email": self.email,
            "website": self.website,
            "opening_hours": self.opening_hours,
            "summary": self.summary,
            "description": self.description,
            "labels": list(self.labels),
        }


FIELD_COLUMNS = {
    "name": ("nom",),
    "kind": ("nom", "typologie"),
    "address": ("adresse",),
    "address_extra": ("complement_adresse",),
    "postal_code": ("code_postal",),
    "phone": ("telephone",),
    "email": ("courriels",),
    "website": ("site_web",),
    "opening_hours": ("horaires",),
    "summary": ("presentation_resume",),
    "description": ("presentation_detail",),
    "labels": ("formations_labels", "autres_formations_labels"),
}
"""The columns that feed each of `Facts.fields()`: a file that has none of them says nothing of the field."""

EDITED_WORDS = {
    "name": "nom modifié",
    "kind": "type modifié",
    "commune": "commune modifiée",
    "address": "adresse modifiée",
    "address_extra": "complément d’adresse modifié",
    "postal_code": "code postal modifié",
    "position": "position modifiée",
    "phone": "téléphone modifié",
    "email": "adresse électronique modifiée",
    "website": "site modifié",
    "opening_hours": "horaires modifiés",
    "summary": "présentation courte modifiée",
    "description": "présentation modifiée",
    "labels": "labels modifiés",
}
"""How a report names a field that staff edited and an import therefore kept."""


def facts_of(cells: Mapping[str, str]) -> tuple[Facts, list[str]]:
    """What the cells say, and what deserves a word. Raises LineRefused with everything that is wrong.

    Refused is what would put a place in the wrong spot, on the wrong day or under the wrong name. A phone, an address
    or a site that cannot be used is only kept for the export, with a notice.
    """
    faults: list[str] = []

    def read(reader: Callable[[], Any]) -> Any:
        try:
            return reader()
        except _Fault as fault:
            faults.append(str(fault))
            return None

    notices: list[str] = []
    labels_cells = (cells.get("formations_labels", ""), cells.get("autres_formations_labels", ""))
    name = read(lambda: _line(cells, "nom", 120, required=True))
    values = {
        "external_id": read(lambda: _line(cells, "id", 120, required=True)),
        "name": name,
        "kind": kind_of(name or "", cells.get("typologie", "")),
        "address": read(lambda: _line(cells, "adresse", 200, required=True)),
        "address_extra": read(lambda: _line(cells, "complement_adresse", 200)),
        "postal_code": read(lambda: _matching(cells, "code_postal", r"\d{5}", "un code postal (cinq chiffres)")),
        "code_insee": read(
            lambda: _matching(cells, "code_insee", r"([013-9]\d|2[AB1-9])\d{3}", "un code INSEE", required=False)
        ),
        "commune_key": read(lambda: _commune_key(cells)),
        "point": read(lambda: _point(cells)),
        "opening_hours": read(lambda: _hours(cells)),
        "phone": _phone(cells, notices),
        "email": _email(cells, notices),
        "website": _website(cells, notices),
        "summary": _text(cells, "presentation_resume"),
        "description": _text(cells, "presentation_detail"),
        "labels": tuple(label for label in Label.values if any(label in _labels_in(cell) for cell in labels_cells)),
    }
    read(lambda: _matching(cells, "pivot", r"[a-zA-Z0-9]{9,14}", "un SIRET, un RNA ou un SIREN"))
    read(lambda: _day(cells))
    if faults:
        raise LineRefused(faults)
    if len(values["summary"]) > SUMMARY_LENGTH:
        notices.append(f"presentation_resume dépasse les {SUMMARY_LENGTH} caractères du format.")
    return Facts(**values), notices


def _line(cells: Mapping[str, str], column: str, longest: int, *, required: bool = False) -> str:
    value = " ".join(cells.get(column, "").split())
    if column != "id":
        value = value.replace("'", "’")
    if required and not value:
        raise _Fault(f"{column} est vide.")
    if len(value) > longest:
        raise _Fault(f"{column} dépasse {longest} caractères.")
    return value


def _text(cells: Mapping[str, str], column: str) -> str:
    return cells.get(column, "").replace("\r\n", "\n").replace("\r", "\n").replace("'", "’").strip()


def _matching(cells: Mapping[str, str], column: str, pattern: str, what: str, *, required: bool = True) -> str:
    value = cells.get(column, "").strip()
    if not value and not required:
        return ""
    if not value:
        raise _Fault(f"{column} est vide.")
    if not re.fullmatch(pattern, value, re.ASCII):
        raise _Fault(f"{column} {quoted(value)} n’est pas {what}.")
    return value


def _day(cells: Mapping[str, str]) -> date:
    value = cells.get("date_maj", "").strip()
    if not value:
        raise _Fault("date_maj est vide.")
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise _Fault(f"date_maj {quoted(value)} n’est pas une date (AAAA-MM-JJ, comme 2026-11-23).") from None


def _commune_key(cells: Mapping[str, str]) -> str:
    """The commune's name as names are compared, without the « Cedex 2 » of an envelope."""
    name = _line(cells, "commune", 100, required=not cells.get("code_insee", "").strip())
    return re.sub(r" cedex\b.*", "", search_key(name))


def _point(cells: Mapping[str, str]) -> tuple[float, float] | None:
    """Latitude and longitude in degrees; both empty is no position, one alone is a fault."""
    latitude, longitude = cells.get("latitude", "").strip(), cells.get("longitude", "").strip()
    if not latitude and not longitude:
        return None
    if not latitude or not longitude:
        raise _Fault(f"latitude et longitude vont ensemble{NBSP}: l’une des deux est vide.")
    return _degrees("latitude", latitude, 90), _degrees("longitude", longitude, 180)


def _degrees(column: str, value: str, bound: int) -> float:
    try:
        number = float(value.replace(",", "."))  # a French spreadsheet's comma
    except ValueError:
        raise _Fault(f"{column} {quoted(value)} n’est pas un nombre de degrés (comme 48.74405).") from None
    if not math.isfinite(number) or abs(number) > bound:
        raise _Fault(f"{column} {quoted(value)} est hors du globe (de −{bound} à {bound}).")
    return number


def _hours(cells: Mapping[str, str]) -> str:
    value = cells.get("horaires", "").strip()
    if len(value) > 500:
        raise _Fault("horaires dépasse 500 caractères.")
    complaint = _hours_complaint(value)
    if complaint:
        raise _Fault(complaint)
    return value


@lru_cache(maxsize=4096)
def _hours_complaint(value: str) -> str:
    try:
        hours.validate(value)
    except DomainError as error:
        return f"horaires{NBSP}: {error.message}"
    return ""


def _phone(cells: Mapping[str, str], notices: list[str]) -> str:
    value = cells.get("telephone", "").strip()
    phone = normal_phone(value)
    if phone is None or len(phone) > 20:
        notices.append(f"telephone {quoted(value)} ne se lit pas{NBSP}: gardé pour l’export, pas montré.")
        return ""
    return phone


def _email(cells: Mapping[str, str], notices: list[str]) -> str:
    value = cells.get("courriels", "").strip()
    first = value.split("|")[0].strip()
    if first and not (re.fullmatch(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\".]+", first) and len(first) <= 254):
        notices.append(f"courriels {quoted(value)} ne se lit pas{NBSP}: gardé pour l’export, pas montré.")
        return ""
    return first


def _website(cells: Mapping[str, str], notices: list[str]) -> str:
    value = cells.get("site_web", "").strip()
    first = value.split("|")[0].strip()
    if first and not _is_web_address(first):
        notices.append(f"site_web {quoted(value)} ne se lit pas{NBSP}: gardé pour l’export, pas montré.")
        return ""
    return first


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return (
            parts.scheme in ("http", "https")
            and "." in (parts.hostname or "")
            and len(value) <= 200
            and not re.search(r"[\s<>\"]", value)
        )
    except ValueError:
        return False


def kind_of(name: str, typologie: str) -> str:
    """What a place is: by its own name first (the Orne's EPN often call themselves tiers-lieux too)."""
    words = fold(name)
    if re.match(r"epn\b|espaces? publics? numeriques?\b", words):
        return SpaceKind.EPN
    if re.match(r"echangeur\b", words):
        return SpaceKind.ECHANGEUR
    return SpaceKind.TIERS_LIEU if TIERS_LIEUX in _tokens(typologie) or "tiers lieu" in words else SpaceKind.EPN


def _tokens(cell: str) -> list[str]:
    return [token.strip() for token in cell.split("|") if token.strip()]


_LABEL_WORDS = {
    Label.PAT: re.compile(r"(?i)\bP@T\b|points? d.acc[eè]s [àa] la t[ée]l[ée]formation"),
    Label.ZNM: re.compile(r"\bZNM\b|(?i:zones? num[ée]riques? multi-?services?)"),
}


def _label_of(token: str) -> str | None:
    return next((str(label) for label, words in _LABEL_WORDS.items() if words.search(token)), None)


def _labels_in(cell: str) -> set[str | None]:
    return {_label_of(token) for token in _tokens(cell)} - {None}


def shortened(value: str, longest: int = 60) -> str:
    """A cell on one line, and not longer than a line."""
    line = " ".join(value.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def quoted(value: str) -> str:
    """A cell as a sentence quotes it."""
    return f"«{NBSP}{shortened(value)}{NBSP}»"


def commune_is(facts: Facts, *, code_insee: str, key: str) -> bool:
    """Whether the cells name that commune, by its code or by its name."""
    return facts.code_insee == code_insee or facts.commune_key == key


# --- Cells out ---


@dataclass(frozen=True)
class SpaceFacts:
    """A space as it is now, with the cells that it came with (`national`) and the day of its last change."""

    external_id: str
    slug: str
    fields: Mapping[str, Any]
    commune_code: str
    commune_name: str
    commune_key: str
    commune_point: tuple[float, float]
    point: tuple[float, float]
    updated_on: date
    national: Mapping[str, str]


def cells_of(space: SpaceFacts) -> dict[str, str]:
    """The line of a space: each cell as it came in, or as its field says now where staff changed it."""
    cells = {column: space.national.get(column, "") for column in COLUMNS}
    extras = {name: str(cell) for name, cell in space.national.items() if name not in cells}
    try:
        came_in: Facts | None = facts_of(cells)[0]
    except LineRefused:  # born here, or the format's reading of a cell has changed since
        came_in = None
    changed = _changed_cells(space, cells, came_in)
    if came_in is None or changed:
        changed["date_maj"] = space.updated_on.isoformat()
    # The format wants a point where a French spreadsheet wrote a comma.
    commas = {name: cells[name].replace(",", ".") for name in ("latitude", "longitude")}
    return cells | commas | changed | extras


def _changed_cells(space: SpaceFacts, cells: Mapping[str, str], came_in: Facts | None) -> dict[str, str]:
    """The cells that no longer say what the space says."""
    changed: dict[str, str] = {}
    before = came_in.fields() if came_in else {}
    if came_in is None or came_in.external_id != space.external_id:
        changed["id"] = space.external_id or f"{HOME}{space.slug}"
    if not cells["pivot"].strip():
        changed["pivot"] = NO_PIVOT
    for name, (column, write) in _WRITERS.items():
        if name not in before or before[name] != space.fields[name]:
            changed[column] = write(space.fields[name], cells[column])
    if (
        came_in is None
        or not commune_is(came_in, code_insee=space.commune_code, key=space.commune_key)
        or came_in.postal_code != space.fields["postal_code"]
    ):
        changed |= {
            "commune": space.commune_name,
            "code_insee": space.commune_code,
            "code_postal": space.fields["postal_code"],
        }
    point = space.commune_point if came_in is not None and came_in.point is None else came_in and came_in.point
    if point != space.point:
        changed |= {"latitude": _number(space.point[0]), "longitude": _number(space.point[1])}
    if before.get("labels", []) != list(space.fields["labels"]):
        others = [token for token in _tokens(cells["formations_labels"]) if not _label_of(token)]
        changed["formations_labels"] = "|".join(others)
    return changed


def _number(degrees: float) -> str:
    return format(Decimal(repr(degrees)), "f")


def _as_it_is(value: str, cell: str) -> str:
    return value


def _write_kind(kind: str, cell: str) -> str:
    others = [value for value in _tokens(cell) if value != TIERS_LIEUX]
    return "|".join([TIERS_LIEUX, *others] if kind == SpaceKind.TIERS_LIEU else others)


def _write_phone(phone: str, cell: str) -> str:
    digits = re.sub(r"\D", "", phone)
    return f"+33{digits[1:]}" if re.fullmatch(r"0\d{9}", digits) else phone.replace(" ", "")


def _write_first(value: str, cell: str) -> str:
    """A cell that lists several: the first is the one we know, the others stay."""
    return "|".join(filter(None, [value, *(token for token in _tokens(cell)[1:] if token != value)]))


def _write_summary(summary: str, cell: str) -> str:
    return summary if len(summary) <= SUMMARY_LENGTH else f"{summary[: SUMMARY_LENGTH - 1].rstrip()}…"


def _write_labels(labels: Iterable[str], cell: str) -> str:
    return "|".join([*(token for token in _tokens(cell) if not _label_of(token)), *labels])


_WRITERS: dict[str, tuple[str, Callable[[Any, str], str]]] = {
    "name": ("nom", _as_it_is),
    "kind": ("typologie", _write_kind),
    "address": ("adresse", _as_it_is),
    "address_extra": ("complement_adresse", _as_it_is),
    "phone": ("telephone", _write_phone),
    "email": ("courriels", _write_first),
    "website": ("site_web", _write_first),
    "opening_hours": ("horaires", _as_it_is),
    "summary": ("presentation_resume", _write_summary),
    "description": ("presentation_detail", _as_it_is),
    "labels": ("autres_formations_labels", _write_labels),
}


# --- Addresses of pages ---


def slug_candidates(name: str, commune: str) -> Iterator[str]:
    """Addresses for a space's page, the best first: its name, then with its commune, then numbered. Never ends."""
    base = fold(name).replace(" ", "-")[:60].strip("-") or "espace"
    yield base
    town = fold(commune).replace(" ", "-")
    longer = base if base.endswith(town) else f"{base}-{town}"[:70].strip("-")
    if longer != base:
        yield longer
    number = 2
    while True:
        yield f"{longer}-{number}"
        number += 1
