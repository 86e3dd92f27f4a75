"""Spaces from a file in the national format. What staff edited since is kept, and said."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, OperationalError, transaction

from coworking.models import Booking, Space
from coworking.rules import national, national_file
from coworking.rules.national import Facts
from coworking.rules.national_file import Record
from orne_accueil.accounts.models import Person
from orne_accueil.common.db import LOCK_SPACE, advisory_lock, constraints_as_errors
from orne_accueil.common.errors import Busy, DomainError
from orne_accueil.common.text import NBSP, distance
from orne_accueil.territory.actions import upsert_landmarks
from orne_accueil.territory.geo import great_circle_km
from orne_accueil.territory.models import Commune

from .spaces import LANDMARK_KIND, HoursBlocked, bookings_outside, landmark_of

BATCH = 200
"""Lines per transaction: a space's lock is never held for long, and a file is never held whole as rows."""

FAR_KM = 50
"""A place farther than this from its own mairie has probably had its latitude and longitude swapped."""


@dataclass(frozen=True)
class LineNote:
    """Something to say of one line of the file, counted from 1."""

    line: int
    name: str
    text: str

    def __str__(self) -> str:
        named = f" ({self.name})" if self.name else ""
        return f"Ligne {self.line}{named}{NBSP}: {self.text}"


@dataclass
class ImportReport:
    """What an import did, line by line where it did not do as the file said."""

    encoding: str = ""
    separator: str = ""
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[LineNote] = field(default_factory=list)
    kept: list[LineNote] = field(default_factory=list)
    """What staff edited and the file would have overwritten."""
    blocked: list[LineNote] = field(default_factory=list)
    """New opening hours that live bookings forbid; the rest of the line was imported."""
    notices: list[str] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """How many lines the file holds, its header and empty ones apart."""
        return self.created + self.updated + self.unchanged + len(self.refused)

    @property
    def summary(self) -> str:
        """« 2 espaces créés, 1 mis à jour, 18 sans changement, 1 ligne refusée. »"""
        parts = [
            f"{figure}{NBSP}{one if figure == 1 else many}"
            for figure, one, many in [
                (self.created, "espace créé", "espaces créés"),
                (self.updated, "mis à jour", "mis à jour"),
                (self.unchanged, "sans changement", "sans changement"),
                (len(self.refused), "ligne refusée", "lignes refusées"),
            ]
            if figure
        ]
        return f"{', '.join(parts) or 'Aucune ligne dans ce fichier'}."


def import_spaces(source: bytes | str, *, by: Person | None, at: datetime) -> ImportReport:
    """Create or update the spaces of a file in the national format, known by their `id`. Idempotent.

    1. Find how the file is written; FileRefused if it cannot be read at all. 2. By batches, each in a transaction of
    its own: read the lines, find their communes, lock, write what differs. A line that is refused costs itself alone.
    3. Push the landmarks, once.

    A field that staff edited is kept; opening hours that would leave live bookings outside are too; both are reported.
    A column that the file does not have changes nothing. Takes the locks of the spaces whose hours change, in batches.
    """
    table = national_file.read_table(source)
    run = _Import(table=table, by=by, at=at)
    while batch := list(islice(table.records, BATCH)):
        run.take(batch)
    run.push_landmarks()
    return run.report


@dataclass
class _Line:
    """A line that could be read, and its commune once found."""

    number: int
    cells: dict[str, str]
    facts: Facts
    commune: Commune


@dataclass
class _Outcome:
    """What writing one line did."""

    line: _Line
    space: Space
    verb: str
    changes: dict[str, list[str]]
    kept: list[str]
    blocked: str = ""


class _Import:
    """One run: what it has seen of the file so far."""

    def __init__(self, *, table: national_file.Table, by: Person | None, at: datetime) -> None:
        self.by, self.at = by, at
        self.report = ImportReport(
            encoding=table.encoding, separator=table.separator, notices=[*table.notices, *_column_notices(table)]
        )
        self.lines_by_id: dict[str, int] = {}
        self.written: list[int] = []
        self.slugs = set(Space.objects.values_list("slug", flat=True))

    # --- Reading ---

    def take(self, batch: Sequence[Record]) -> None:
        """Read and write one batch; if it cannot be written whole, its lines one by one."""
        lines = self._read(batch)
        try:
            self._record(self._write(lines))
        except (DomainError, IntegrityError, OperationalError):
            for line in lines:
                self._write_alone(line)

    def _write_alone(self, line: _Line) -> None:
        try:
            self._record(self._write([line]))
        except DomainError as error:
            self._refuse(line.number, line.facts.name, error.message)
        except (IntegrityError, OperationalError):
            self._refuse(line.number, line.facts.name, Busy().message)

    def _read(self, batch: Sequence[Record]) -> list[_Line]:
        """The lines that can be written; the others are refused, each for everything that is wrong with it."""
        read: list[tuple[Record, Facts, list[str]]] = []
        for record in batch:
            if record.fault:
                self._refuse(record.line, "", record.fault)
                continue
            try:
                read.append((record, *national.facts_of(record.cells)))
            except national.LineRefused as refusal:
                name = record.cells.get("nom", "") or record.cells.get("id", "")
                self._refuse(record.line, national.shortened(name), " ".join(refusal.faults))
        communes = _Communes([facts for _, facts, _ in read])
        lines = []
        for record, facts, notices in read:
            commune = communes.find(facts)
            first = self.lines_by_id.get(facts.external_id)
            if commune is None:
                where = national.quoted(record.cells.get("commune", "") or facts.code_insee)
                self._refuse(record.line, facts.name, f"commune {where} ({facts.postal_code}) inconnue ici.")
            elif first is not None:
                why = f"id {national.quoted(facts.external_id)} déjà vu à la ligne {first}."
                self._refuse(record.line, facts.name, why)
            else:
                self.lines_by_id[facts.external_id] = record.line
                lines.append(_Line(record.line, record.cells, facts, commune))
                notices += _far_notice(facts, commune)
                self.report.notices += [str(LineNote(record.line, facts.name, notice)) for notice in notices]
        return lines

    def _refuse(self, number: int, name: str, why: str) -> None:
        self.report.refused.append(LineNote(number, name, why))

    # --- Writing ---

    def _write(self, lines: Sequence[_Line]) -> list[_Outcome]:
        """Write what differs, in one transaction: locks of spaces, then rows, as docs/locking.md says."""
        if not lines:
            return []
        with transaction.atomic(), constraints_as_errors():
            locked = self._lock_those_whose_hours_change(lines)
            known = _known_spaces(line.facts.external_id for line in lines)
            booked = _booked(locked, at=self.at)
            outcomes = [self._decide(line, known.get(line.facts.external_id), locked, booked) for line in lines]
            _save(outcomes)
            self._audit(outcomes)
        return outcomes

    def _lock_those_whose_hours_change(self, lines: Sequence[_Line]) -> set[int]:
        wanted = {line.facts.external_id: line.facts.opening_hours for line in lines if "horaires" in line.cells}
        present = Space.objects.filter(external_id__in=wanted).values_list("pk", "external_id", "opening_hours")
        changing = {pk for pk, external_id, hours in present if hours != wanted[str(external_id)]}
        advisory_lock(LOCK_SPACE, changing)
        return changing

    def _decide(self, line: _Line, space: Space | None, locked: set[int], booked: set[int]) -> _Outcome:
        """Set the space's fields as the line says, staff's edits and booked hours excepted."""
        if space is None:
            return self._new(line)
        cells = {**space.national, **line.cells}
        facts = national.facts_of(cells)[0]
        # A space that was born here is staff's throughout.
        edited = set(space.staff_edited) if space.external_id else set(national.EDITED_WORDS) | {"latitude"}
        outcome = _Outcome(line, space, "unchanged", {}, [])
        wanted = {
            name: value
            for name, value in facts.fields().items()
            if any(column in cells for column in national.FIELD_COLUMNS[name])
        }
        wanted["commune"] = line.commune
        for name, value in wanted.items():
            before = getattr(space, name)
            if before == value:
                continue
            if name in edited:
                outcome.kept.append(name)
            elif name == "opening_hours" and (why := self._hours_forbidden(space, value, locked, booked)):
                outcome.blocked = why
            else:
                _set(outcome, name, value)
        self._place(outcome, facts, edited, silent="latitude" not in cells)
        stored = {name: cell for name, cell in cells.items() if cell}
        if space.external_id and space.national != stored:
            space.national = stored
            outcome.verb = "updated"
        if outcome.changes:
            outcome.verb = "updated"
        return outcome

    def _place(self, outcome: _Outcome, facts: Facts, edited: set[str], *, silent: bool) -> None:
        """The position of the line, or its commune's mairie where the line gives none.

        `silent`: no file ever had a column for it; only a change of commune then moves the space.
        """
        space = outcome.space
        if silent and "commune" not in outcome.changes:
            return
        point = facts.point or (space.commune.latitude, space.commune.longitude)
        if point == (space.latitude, space.longitude):
            return
        if edited & {"latitude", "longitude"}:
            if facts.point is not None:
                outcome.kept.append("position")
            return
        _set(outcome, "latitude", point[0])
        _set(outcome, "longitude", point[1])

    def _hours_forbidden(self, space: Space, expression: str, locked: set[int], booked: set[int]) -> str:
        """Why these hours cannot be given now, or nothing."""
        if space.pk not in locked:
            raise Busy  # somebody changed them since the locks were taken: the line is tried again alone
        if space.pk not in booked:
            return ""
        blocked = bookings_outside(space, expression, at=self.at)
        return HoursBlocked(blocked).message if blocked else ""

    def _new(self, line: _Line) -> _Outcome:
        facts = line.facts
        latitude, longitude = facts.point or (line.commune.latitude, line.commune.longitude)
        space = Space(
            external_id=facts.external_id,
            slug=self._free_slug(facts.name, line.commune.name),
            commune=line.commune,
            latitude=latitude,
            longitude=longitude,
            national={name: cell for name, cell in line.cells.items() if cell},
            **facts.fields(),
        )
        return _Outcome(line, space, "created", {"name": ["None", space.name]}, [])

    def _free_slug(self, name: str, commune: str) -> str:
        slug = next(slug for slug in national.slug_candidates(name, commune) if slug not in self.slugs)
        self.slugs.add(slug)
        return slug

    def _audit(self, outcomes: Sequence[_Outcome]) -> None:
        """Who imported what: written at once, where auditlog would write row by row."""
        content_type = ContentType.objects.get_for_model(Space)
        actor = self.by.user if self.by else None
        actions = {"created": LogEntry.Action.CREATE, "updated": LogEntry.Action.UPDATE}
        LogEntry.objects.bulk_create(
            LogEntry(
                content_type=content_type,
                object_pk=str(outcome.space.pk),
                object_id=outcome.space.pk,
                object_repr=str(outcome.space),
                action=actions[outcome.verb],
                changes=outcome.changes,
                actor=actor,
                timestamp=self.at,
                additional_data={"what": "import", "line": outcome.line.number},
            )
            for outcome in outcomes
            if outcome.changes
        )

    # --- Telling ---

    def _record(self, outcomes: Sequence[_Outcome]) -> None:
        counts = Counter(outcome.verb for outcome in outcomes)
        self.report.created += counts["created"]
        self.report.updated += counts["updated"]
        self.report.unchanged += counts["unchanged"]
        self.written += [outcome.space.pk for outcome in outcomes]
        for outcome in outcomes:
            number, name = outcome.line.number, outcome.space.name
            for kept in outcome.kept:
                words = f"conservé{NBSP}: {national.EDITED_WORDS[kept]} par l’équipe."
                self.report.kept.append(LineNote(number, name, words))
            if outcome.blocked:
                words = f"horaires non changés{NBSP}: {outcome.blocked}"
                self.report.blocked.append(LineNote(number, name, words))

    def push_landmarks(self) -> None:
        """Give the territory every space of the file: what is already right costs a comparison."""
        landmarks = []
        for start in range(0, len(self.written), 1000):
            keys = self.written[start : start + 1000]
            spaces = Space.objects.published().filter(pk__in=keys).select_related("commune").order_by("pk")
            landmarks += [landmark_of(space) for space in spaces]
        if landmarks:
            upsert_landmarks(kind=LANDMARK_KIND, landmarks=landmarks)


def _column_notices(table: national_file.Table) -> list[str]:
    extras = table.extra_columns
    if not extras:
        return []
    return [f"Colonnes hors du format, gardées pour l’export{NBSP}: {', '.join(extras)}."]


def _far_notice(facts: Facts, commune: Commune) -> list[str]:
    if facts.point is None:
        return []
    km = great_circle_km(*facts.point, commune.latitude, commune.longitude)
    if km <= FAR_KM:
        return []
    return [f"position {distance(km)} de la mairie{NBSP}: latitude et longitude seraient-elles interverties{NBSP}?"]


def _known_spaces(ids: Iterable[str]) -> dict[str, Space]:
    """The spaces of these identifiers, locked; those born here are known by their slug."""
    wanted = list(ids)
    slugs = [value.removeprefix(national.HOME) for value in wanted if value.startswith(national.HOME)]
    rows = Space.objects.select_related("commune").select_for_update(of=("self",), no_key=True).order_by("pk")
    known = {str(space.external_id): space for space in rows.filter(external_id__in=wanted)}
    if slugs:
        born_here = rows.filter(external_id=None, slug__in=slugs)
        known |= {f"{national.HOME}{space.slug}": space for space in born_here}
    return known


def _booked(spaces: set[int], *, at: datetime) -> set[int]:
    """Those of the spaces that live bookings still await."""
    if not spaces:
        return set()
    live = Booking.objects.live().filter(ends_at__gt=at, room__space__in=spaces)
    return set(live.values_list("room__space_id", flat=True).distinct())


def _set(outcome: _Outcome, name: str, value: Any) -> None:
    outcome.changes[name] = [national.shortened(str(words), 200) for words in (getattr(outcome.space, name), value)]
    setattr(outcome.space, name, value)


_WRITTEN = [
    "name", "kind", "commune", "address", "address_extra", "postal_code", "latitude", "longitude", "phone", "email",
    "website", "opening_hours", "summary", "description", "labels", "national", "updated_at",
]  # fmt: skip


def _save(outcomes: Sequence[_Outcome]) -> None:
    Space.objects.bulk_create([outcome.space for outcome in outcomes if outcome.verb == "created"])
    # An update of many columns of many rows in one statement: bulk_update writes a CASE per row and column.
    Space.objects.bulk_create(
        [outcome.space for outcome in outcomes if outcome.verb == "updated"],
        update_conflicts=True,
        unique_fields=["external_id"],
        update_fields=_WRITTEN,
    )


class _Communes:
    """The communes that some lines name: by code, else by name and postal code. Two queries."""

    def __init__(self, lines: Sequence[Facts]) -> None:
        codes = {facts.code_insee for facts in lines if facts.code_insee}
        self.by_code = Commune.objects.in_bulk(codes, field_name="code_insee") if codes else {}
        keys = {facts.commune_key for facts in lines if facts.code_insee not in self.by_code and facts.commune_key}
        self.by_key: dict[str, list[Commune]] = {}
        for commune in Commune.objects.filter(folded_name__in=keys) if keys else []:
            self.by_key.setdefault(commune.folded_name, []).append(commune)

    def find(self, facts: Facts) -> Commune | None:
        """The one commune that the line means, or None. A Cedex code is the département's at least."""
        if facts.code_insee in self.by_code:
            return self.by_code[facts.code_insee]
        same_name = self.by_key.get(facts.commune_key, [])
        same_code = [commune for commune in same_name if facts.postal_code in commune.postal_codes]
        same_department = [c for c in same_name if c.code_insee[:2] == facts.postal_code[:2]]
        for found in (same_code, same_department):
            if len(found) == 1:
                return found[0]
        return None
