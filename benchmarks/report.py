"""What the measures say: ratios first, then the figures, then PostgreSQL's plans."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .load import Measure

RATIO_BOUND = 0.4
GROWTH_BOUND = 1.3
MEMORY_BOUND = 200.0
QUERY_BOUND = 8
PEERS = {"semaine": 0.13, "réservation": 0.36}
"""The fastest peer's share of the reference at eight clients (measured-peers)."""


@dataclass
class Figures:
    """Medians over the rounds. Times in milliseconds."""

    per_second: float
    p50: float
    p95: float
    answered: int
    failures: int
    web_ms: float
    """Processor per answer, of the web processes and of PostgreSQL: what a busy machine disturbs least."""
    database_ms: float
    statuses: dict[int, int]


@dataclass
class Volume:
    """Everything measured at one volume."""

    bookings: int
    queries: dict[str, Any] = field(default_factory=dict)
    plans: dict[str, str] = field(default_factory=dict)
    figures: dict[str, dict[int, Figures]] = field(default_factory=dict)
    memory: list[dict[str, float]] = field(default_factory=list)

    def add(self, name: str, clients: int, rounds: Sequence[Measure]) -> None:
        statuses: dict[int, int] = {}
        for one in rounds:
            for status, count in one.statuses.items():
                statuses[status] = statuses.get(status, 0) + count
        self.figures.setdefault(name, {})[clients] = Figures(
            per_second=statistics.median(one.per_second for one in rounds),
            p50=statistics.median(one.p50 for one in rounds),
            p95=statistics.median(one.p95 for one in rounds),
            answered=sum(len(one.times) for one in rounds),
            failures=sum(one.failures for one in rounds),
            web_ms=statistics.median(one.web_ms / max(1, len(one.times)) for one in rounds),
            database_ms=statistics.median(one.database_ms / max(1, len(one.times)) for one in rounds),
            statuses=statuses,
        )

    def ratio(self, name: str, reference: str, clients: int) -> float:
        """Our requests per second over the reference's."""
        return self.figures[name][clients].per_second / (self.figures[reference][clients].per_second or 1)

    @property
    def peak(self) -> float:
        """The highest resident size of a web process, in MB."""
        return max((process["peak"] for process in self.memory), default=0.0)


def render(volumes: Sequence[Volume], *, plans: bool = True) -> str:
    """The whole report, as text."""
    lines = ["", "Rapports (à la référence mesurée dans la même passe)", ""]
    for volume in volumes:
        lines += [f"  {volume.bookings:,} réservations".replace(",", " ")]
        lines += [f"    {line}" for line in _ratios(volume)]
    if len(volumes) > 1:
        lines += ["  croissance", *(f"    {line}" for line in _growth(volumes[0], volumes[-1]))]
    for volume in volumes:
        lines += ["", f"Figures, {volume.bookings:,} réservations".replace(",", " "), ""]
        lines += [f"  {line}" for line in _figures(volume)]
    if plans:
        lines += ["", "Plans de PostgreSQL, au plus grand volume", ""]
        for name, plan in volumes[-1].plans.items():
            lines += [f"  {name}", *(f"    {line}" for line in plan.splitlines()), ""]
    return "\n".join(lines)


def _ratios(volume: Volume) -> Iterator[str]:
    for name, reference in (("semaine", "page de référence"), ("réservation", "réservation de référence")):
        for clients in sorted(volume.figures[name]):
            ratio = volume.ratio(name, reference, clients)
            bound = RATIO_BOUND if clients == max(volume.figures[name]) else None
            yield _line(f"{name}, {clients} client(s)", f"{ratio:.2f} ×", bound, ratio >= (bound or 0), PEERS[name])
    yield _line("requêtes SQL de la semaine", str(_count(volume, "semaine")), None, True)
    within = volume.peak <= MEMORY_BOUND
    yield _line("un processus web, au plus haut", f"{volume.peak:.0f} Mo", f"{MEMORY_BOUND:.0f} Mo", within)


def _growth(small: Volume, large: Volume) -> Iterator[str]:
    for name in ("semaine", "recherche", "réservation", "page de référence"):
        for clients in sorted(small.figures[name]):
            ratio = large.figures[name][clients].p95 / (small.figures[name][clients].p95 or 1)
            bound = GROWTH_BOUND if name == "semaine" else None
            yield _line(f"{name}, p95, {clients} client(s)", f"{ratio:.2f} ×", bound, ratio < (bound or 99))


def _line(what: str, value: str, bound: Any, is_within: bool, peer: float | None = None) -> str:
    words = f"{what:<38} {value:>9}"
    if bound is not None:
        words += f"   borne {bound}   {'tenu' if is_within else 'MANQUÉ'}"
    if peer is not None and bound is not None:
        words += f"   (meilleur pair : {peer} ×)"
    return words


def _count(volume: Volume, page: str) -> int:
    return len(volume.queries[page]["sql"])


def _figures(volume: Volume) -> Iterator[str]:
    yield (
        f"{'':<26}{'clients':>8}{'par s':>9}{'p50 ms':>9}{'p95 ms':>9}{'réponses':>10}{'échecs':>8}"
        f"{'UC web':>8}{'UC base':>8}{'SQL':>5}"
    )
    for name, by_clients in volume.figures.items():
        for clients, one in sorted(by_clients.items()):
            sql = str(_count(volume, name)) if name in volume.queries else ""
            yield (
                f"{name:<26}{clients:>8}{one.per_second:>9.0f}{one.p50:>9.1f}{one.p95:>9.1f}"
                f"{one.answered:>10}{one.failures:>8}{one.web_ms:>8.1f}{one.database_ms:>8.1f}{sql:>5}"
            )
    for number, process in enumerate(volume.memory, start=1):
        yield f"processus web {number} : {process['rss']:.0f} Mo, {process['peak']:.0f} Mo au plus haut"
    for name, query in volume.queries.items():
        yield f"{name} : statut {query['status']}, {query['bytes'] / 1000:.0f} ko avant compression"
