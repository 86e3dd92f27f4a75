"""`python -m benchmarks`: production's server with two processes, against a reference and the limit of the same run."""

import argparse
import contextlib
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from . import limit
from .databases import ROOT, Backends, Server, data_dir, environment, server_url
from .load import Measure, Request, forever, get, post, run
from .report import Volume, render
from .servers import WebServer, gather_static, serving

VOLUMES = (10_000, 1_000_000)
REFERENCE = "benchmarks.reference.settings"


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    volumes: Sequence[int]
    clients: Sequence[int]
    seconds: float
    rounds: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the ratios first, then the figures. Returns 1 when a bound is missed and --strict was asked."""
    options = _options(arguments)
    plan = Plan(options.volumes, options.clients, options.seconds, options.rounds)
    if options.quick:
        plan = Plan(volumes=[300], clients=[1, 2], seconds=0.5, rounds=1)
    (data_dir() / "bench").mkdir(parents=True, exist_ok=True)
    volumes = measure(plan)
    text = render(volumes, plans=not options.no_plans)
    print(text)
    if options.json:
        options.json.write_text(json.dumps([asdict(volume) for volume in volumes], ensure_ascii=False, indent=1))
    return int(options.strict and "MANQUÉ" in text)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--volumes", type=_numbers, default=list(VOLUMES), help="réservations : 10000,1000000")
    parser.add_argument("--clients", type=_numbers, default=[1, 8], help="clients simultanés : 1,8")
    parser.add_argument("--seconds", type=float, default=4.0, help="durée de chaque mesure")
    parser.add_argument("--rounds", type=int, default=3, help="passes, dont on garde la médiane")
    parser.add_argument("--quick", action="store_true", help="tout, en petit : le harnais marche-t-il ?")
    parser.add_argument("--no-plans", action="store_true", help="ne pas montrer les plans de PostgreSQL")
    parser.add_argument("--strict", action="store_true", help="finir en échec si une borne est manquée")
    parser.add_argument("--json", type=Path, metavar="FICHIER", help="aussi les figures, en JSON")
    return parser.parse_args(arguments)


def _numbers(text: str) -> list[int]:
    return [int(part.replace("_", "")) for part in text.split(",")]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measure(plan: Plan) -> list[Volume]:
    """Each volume in its own fresh copy of its database."""
    server = Server(server_url(), say)
    volumes = []
    for bookings in plan.volumes:
        url = server.copy(bookings)
        try:
            gather_static(url)
            volumes.append(_volume(plan, bookings, url))
        finally:
            server.drop(url)
    return volumes


def _volume(plan: Plan, bookings: int, url: str) -> Volume:
    looked = _inside(url, "look")
    found = _inside(url, "prepare")
    volume = Volume(bookings, queries=looked["queries"], plans=looked["plans"])
    with serving(url) as ours, serving(url, REFERENCE) as reference:
        course = _Course(found, ours, reference, Backends(url), url, plan.seconds)
        measures: dict[tuple[str, int], list[Measure]] = defaultdict(list)
        for number in range(plan.rounds):
            for clients in plan.clients:
                say(f"{bookings} réservations, passe {number + 1} sur {plan.rounds}, {clients} client(s)…")
                for name, one in course.measures(clients):
                    measures[name, clients].append(one)
        volume.memory = ours.memory()
    for (name, clients), ones in measures.items():
        volume.add(name, clients, ones)
    return volume


def _inside(url: str, what: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.inside", what],
        cwd=ROOT, env=environment(url), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{what}: {done.stderr.strip()[-3000:]}")
    return dict(json.loads(done.stdout))


@dataclass
class _Course:
    """The measures of one round, ours and the reference's in turn: what drifts, drifts for both."""

    found: dict[str, Any]
    ours: WebServer
    reference: WebServer
    database: Backends
    url: str
    seconds: float
    bodies: list[Iterator[Request]] = field(init=False)
    reference_bodies: list[Iterator[Request]] = field(init=False)

    def __post_init__(self) -> None:
        sessions = self.found["sessions"]
        self.bodies = list(map(_bookings, self.found["slots"], sessions))
        self.reference_bodies = list(map(_reference_bookings, self.found["reference_slots"], sessions))

    def measures(self, clients: int) -> Iterator[tuple[str, Measure]]:
        yield "page de référence", self.read("reference_weeks", self.reference, clients)
        yield "semaine", self.read("weeks", self.ours, clients)
        yield "recherche", self.read("searches", self.ours, clients)
        yield "semaine, compressée", self.read("weeks", self.ours, clients, compressed=True)
        yield "réservation de référence", self.book(self.reference_bodies, self.reference, clients)
        yield "réservation", self.book(self.bodies, self.ours, clients)
        yield "insertions nues", limit.inserts(self.url, clients, seconds=self.seconds)

    def read(self, pages: str, server: WebServer, clients: int, *, compressed: bool = False) -> Measure:
        paths = self.found[pages]
        requests = [
            forever(lambda number, s=session: get(paths[number], s, compressed=compressed), len(paths))
            for session in self.found["sessions"][:clients]
        ]
        for number, one in enumerate(requests):  # clients do not all read the same page at once
            for _ in range(number * len(paths) // len(requests)):
                next(one)
        with self.counting(server) as measures:
            measures.append(run(pages, server.port, requests, seconds=self.seconds))
        return measures[0]

    def book(self, bodies: list[Iterator[Request]], server: WebServer, clients: int) -> Measure:
        with self.counting(server) as measures:
            measures.append(run("book", server.port, bodies[:clients], seconds=self.seconds, warm_up=0.1))
        return measures[0]

    @contextlib.contextmanager
    def counting(self, server: WebServer) -> Iterator[list[Measure]]:
        """Give the one measure made in the block its processor time, its short warm-up included."""
        measures: list[Measure] = []
        before = server.processor_ms(), self.database.processor_ms()
        yield measures
        measures[0].web_ms = server.processor_ms() - before[0]
        measures[0].database_ms = self.database.processor_ms() - before[1]


def _bookings(slots: Sequence[str], session: str) -> Iterator[Request]:
    for slot in slots:
        path, body = slot.split(" ", 1)
        yield post(path, session, body)


def _reference_bookings(bodies: Sequence[str], session: str) -> Iterator[Request]:
    return (post("/book/", session, body) for body in bodies)


if __name__ == "__main__":
    sys.exit(main())
