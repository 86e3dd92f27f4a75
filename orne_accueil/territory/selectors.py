"""What pages and other apps read of the territory, each with a bounded number of queries."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet, Value
from django.urls import reverse

from orne_accueil.common.text import de

from .enums import LandmarkKind
from .geo import GreatCircleKm
from .models import INSEE_CODE, Commune, DataFile, Epci, Landmark, NearestLandmark
from .rules import search_key, starts_within_one_edit, within_one_edit, without_article

TYPO_FROM = 4  # letters: shorter words have too many neighbours
PREFIX_TYPO_FROM = 5
RESOLVE_FROM = 3  # letters from which a single beginning is enough to know a place


@dataclass(frozen=True)
class Place:
    """A point of the territory that somebody named: a commune at its mairie, or a station."""

    label: str
    latitude: float
    longitude: float
    commune: Commune | None = None
    landmark: Landmark | None = None

    @property
    def detail(self) -> str:
        """What tells two places of one name apart: the postal codes, or the lines of a station."""
        if self.landmark:
            return ", ".join(self.landmark.lines)
        return ", ".join(self.commune.postal_codes) if self.commune else ""

    @property
    def de_label(self) -> str:
        """« d’Argentan », « de la gare d’Argentan »."""
        if self.commune:
            return self.commune.de_name
        return f"de la {self.label}"


class Match(IntEnum):
    """How well a name answers what was typed; the lower, the better."""

    EXACT = 0
    PREFIX = 1
    WORD = 2
    TYPO = 3
    PREFIX_TYPO = 4


@dataclass(frozen=True)
class Typed:
    """What was typed in a place field, understood."""

    words: str
    digits: str
    wants_station: bool

    @classmethod
    def read(cls, text: str) -> "Typed":
        """« Argentan (61200) » is words and digits; « gare d'Argentan » words and the wish for a station."""
        key = search_key(text[:100])
        digits = " ".join(re.findall(r"\b[0-9]{2,5}\b", key))
        key = " ".join(re.sub(r"\b[0-9]+\b", " ", key).split())
        station = re.match(r"(la )?gare( sncf)?\b ?(de la |de l |de |du |des |d )?", key)
        if station and not digits:
            return cls(words=key[station.end() :], digits="", wants_station=True)
        return cls(words=key, digits=digits.split()[0] if digits else "", wants_station=False)


def match(typed: str, key: str) -> Match | None:
    """How the name `key` answers `typed`, both being search keys; None when it does not.

    Spaces count for nothing (« laigle » is « l aigle »), nor does a leading article (« ferte mace »).
    """
    glued = typed.replace(" ", "")
    if not glued:
        return None
    names = {key.replace(" ", ""), without_article(key).replace(" ", "")}
    if glued in names:
        return Match.EXACT
    if any(name.startswith(glued) for name in names):
        return Match.PREFIX
    if f" {typed}" in f" {key}":
        return Match.WORD
    if len(glued) >= TYPO_FROM and any(within_one_edit(glued, name) for name in names):
        return Match.TYPO
    if len(glued) >= PREFIX_TYPO_FROM and any(starts_within_one_edit(glued, name) for name in names):
        return Match.PREFIX_TYPO
    return None


@dataclass(frozen=True)
class _Candidate:
    """A name that answers what was typed, with what a suggestion shows of it."""

    rank: Match
    is_station: bool
    population: int
    key: str
    pk: int
    name: str
    detail: tuple[str, ...]
    code_insee: str

    @property
    def order(self) -> tuple[int, bool, int, str, int]:
        """Best match first; then communes, by population, before the stations."""
        return (self.rank, self.is_station, -self.population, self.key, self.pk)


def _candidates(typed: Typed, *, stations: bool) -> list[_Candidate]:
    """Every name that answers, best first. One query over all the names: they are few, and folded already."""
    rows: list[QuerySet] = []
    if not typed.wants_station and (typed.words or typed.digits):
        rows.append(
            Commune.objects.order_by().values_list(
                Value(False), "population", "folded_name", "pk", "name", "postal_codes", "code_insee"
            )
        )
    if stations and not typed.digits and (typed.words or typed.wants_station):
        rows.append(
            Landmark.objects.order_by()
            .filter(kind=LandmarkKind.STATION)
            .values_list(Value(True), Value(0), "folded_name", "pk", "name", "lines", Value(""))
        )
    if not rows:
        return []
    found = []
    for is_station, population, key, pk, name, detail, code in rows[0].union(*rows[1:], all=True):
        rank = _rank(typed, key, () if is_station else (*detail, code))
        if rank is not None:
            found.append(_Candidate(rank, is_station, population, key, pk, name, tuple(detail), code))
    return sorted(found, key=lambda candidate: candidate.order)


def _rank(typed: Typed, key: str, codes: tuple[str, ...]) -> Match | None:
    if typed.digits and not any(code.startswith(typed.digits) for code in codes):
        return None
    if typed.words:
        return match(typed.words, key)
    return Match.EXACT if typed.digits in codes else Match.PREFIX


@dataclass(frozen=True)
class Suggestion:
    """One line under a place field: `value` is what find_place() reads, `url` a commune's page or empty."""

    label: str
    detail: str
    value: str
    url: str


def suggestions(text: str, *, stations: bool = True, limit: int = 8) -> list[Suggestion]:
    """What to propose to somebody who typed `text`, best first. One query."""
    found = _candidates(Typed.read(text), stations=stations)[:limit]
    names = [candidate.name for candidate in found if not candidate.is_station]
    return [_suggestion(candidate, alone=names.count(candidate.name) < 2) for candidate in found]


def _suggestion(found: _Candidate, *, alone: bool) -> Suggestion:
    if found.is_station:
        label = f"Gare {de(found.name)}"
        return Suggestion(label=label, detail=", ".join(found.detail), value=label, url="")
    return Suggestion(
        label=found.name,
        detail=", ".join(found.detail),
        value=found.name if alone else f"{found.name} ({found.detail[0]})",
        url=reverse("portal:commune", args=[found.code_insee]),
    )


def search_communes(text: str, limit: int = 8) -> list[Commune]:
    """The communes that `text` may mean: exact, beginning, beginning of a word, one typo; then by population.

    Blind to accents, case, hyphens, apostrophes, « St », « s/ » and leading articles; understands a beginning
    of postal code and « Argentan (61200) ». Two queries at most, with their EPCI.
    """
    found = _candidates(Typed.read(text), stations=False)[:limit]
    by_pk = _by_pk(Commune, found)
    return [by_pk[candidate.pk] for candidate in found if candidate.pk in by_pk]


def search_places(text: str, limit: int = 8) -> list[Place]:
    """The communes and stations that `text` may mean, best first; a commune before the station of its name.

    « gare d'Arg » asks for stations only. Three queries at most.
    """
    return _places(_candidates(Typed.read(text), stations=True)[:limit])


def find_place(text: str) -> Place | None:
    """The one place that `text` names, or None when it names none, or several: show search_places() then.

    One name written in full, or a beginning of at least three letters or one typo that a single place
    answers. Where a commune and its station share the name, the commune is meant unless « gare » is typed. A
    typo in a mere beginning is never enough: « Breto » may become « Bretoncelles », « Brest » must not. Three
    queries at most.
    """
    typed = Typed.read(text)
    found = _candidates(typed, stations=True)
    if not found:
        return None
    best = found[0].rank
    if best == Match.PREFIX_TYPO or (best != Match.EXACT and len(typed.words.replace(" ", "")) < RESOLVE_FROM):
        return None
    answers = [candidate for candidate in found if candidate.rank == best]
    answers = [candidate for candidate in answers if not candidate.is_station] or answers
    return _places(answers)[0] if len(answers) == 1 else None


def _places(found: list[_Candidate]) -> list[Place]:
    communes = _by_pk(Commune, [candidate for candidate in found if not candidate.is_station])
    stations = _by_pk(Landmark, [candidate for candidate in found if candidate.is_station])
    rows = [(stations if candidate.is_station else communes).get(candidate.pk) for candidate in found]
    return [_place(row) for row in rows if row is not None]


def _by_pk(model: type[Commune] | type[Landmark], found: list[_Candidate]) -> dict[int, Any]:
    if not found:
        return {}
    parent = "epci" if model is Commune else "commune"
    return model._default_manager.select_related(parent).in_bulk([candidate.pk for candidate in found])


def _place(found: Commune | Landmark) -> Place:
    if isinstance(found, Commune):
        return Place(found.name, found.latitude, found.longitude, commune=found)
    return Place(found.label, found.latitude, found.longitude, landmark=found)


# --- Communes ---------------------------------------------------------------------------------------


def nearest(commune: Commune, kind: LandmarkKind | str) -> NearestLandmark | None:
    """The landmark of that kind nearest to the commune's mairie, with its km as the crow flies. One query."""
    return (
        NearestLandmark.objects.filter(commune=commune, kind=kind)
        .select_related("landmark", "landmark__commune")
        .first()
    )


def with_nearest(communes: QuerySet[Commune]) -> QuerySet[Commune]:
    """The communes with their EPCI, and their nearest landmarks in `nearest_list`: two queries."""
    return communes.select_related("epci").prefetch_related(
        Prefetch(
            "nearest",
            queryset=NearestLandmark.objects.select_related("landmark__commune").order_by("kind"),
            to_attr="nearest_list",
        )
    )


def filtered_communes(
    *, text: str = "", epci_siren: str = "", station_km: float | None = None
) -> QuerySet[Commune] | list[Commune]:
    """The communes that answer all that is given, with their nearest landmarks.

    In the order of search_communes() when a text is typed (three queries), of the alphabet otherwise (two,
    and lazy, for a paginator). `station_km` bounds the distance from the mairie to a station, as the crow flies.
    """
    communes = with_nearest(Commune.objects.order_by("folded_name", "code_insee"))
    if epci_siren:
        communes = communes.filter(epci__siren=epci_siren)
    if station_km is not None:
        near = NearestLandmark.objects.filter(commune=OuterRef("pk"), kind=LandmarkKind.STATION, km__lte=station_km)
        communes = communes.filter(Exists(near))
    if not text:
        return communes
    found = [candidate.pk for candidate in _candidates(Typed.read(text), stations=False)]
    by_pk = communes.in_bulk(found) if found else {}
    return [by_pk[pk] for pk in found if pk in by_pk]


def is_named(commune: Commune, text: str) -> bool:
    """Whether `text` is the commune's whole name, and not a beginning or a typo of it."""
    return match(Typed.read(text).words, commune.folded_name) == Match.EXACT


@dataclass(frozen=True)
class Neighbour:
    """A commune whose mairie is near another's."""

    commune: Commune
    km: float


@dataclass(frozen=True)
class CommunePage:
    """One commune as its page shows it."""

    commune: Commune
    station: NearestLandmark | None
    space: NearestLandmark | None
    neighbours: list[Neighbour]


def commune_page(code_insee: str) -> CommunePage | None:
    """What the page of a commune shows, or None when no commune bears that code. Three queries."""
    if not re.fullmatch(INSEE_CODE, code_insee):
        return None
    commune = with_nearest(Commune.objects.order_by()).filter(code_insee=code_insee).first()
    if commune is None:
        return None
    by_kind = {near.kind: near for near in commune.nearest_list}  # type: ignore[attr-defined]
    return CommunePage(
        commune=commune,
        station=by_kind.get(LandmarkKind.STATION),
        space=by_kind.get(LandmarkKind.SPACE),
        neighbours=_neighbours(commune, count=6),
    )


def _neighbours(commune: Commune, *, count: int) -> list[Neighbour]:
    around = (
        Commune.objects.exclude(pk=commune.pk)
        .annotate(km=GreatCircleKm("latitude", "longitude", commune.latitude, commune.longitude))
        .order_by("km", "pk")
    )
    return [Neighbour(commune=other, km=other.km) for other in around[:count]]


def epcis_with_counts() -> list[Epci]:
    """Every EPCI with the number of its communes known here in `commune_count`, by bare name. One query."""
    epcis = Epci.objects.annotate(commune_count=Count("communes")).filter(commune_count__gt=0)
    return sorted(epcis.order_by("siren"), key=lambda epci: search_key(epci.bare_name))


def stations() -> list[Landmark]:
    """Every station with its commune, by name. One query."""
    return list(
        Landmark.objects.filter(kind=LandmarkKind.STATION).select_related("commune").order_by("folded_name", "key")
    )


# --- Published files --------------------------------------------------------------------------------


@dataclass(frozen=True)
class PublishedFile:
    """What a cache needs to know of a published file, without its content."""

    etag: str
    changed_at: datetime


def published_file(name: str) -> PublishedFile | None:
    """The state of a published file, or None before the first load. One small query."""
    row = DataFile.objects.filter(name=name).values_list("etag", "changed_at").first()
    return PublishedFile(*row) if row else None


def published_content(name: str) -> bytes:
    """Its content, compressed with gzip."""
    return bytes(DataFile.objects.values_list("content", flat=True).get(name=name))
