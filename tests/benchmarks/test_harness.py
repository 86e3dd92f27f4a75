"""The small twin of `make bench`: the harness measures what it says, and a missed bound is said."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.load import Measure
from benchmarks.report import GROWTH_BOUND, RATIO_BOUND, Volume, render

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One quick run of everything: database, servers, load, limit."""
    path = tmp_path_factory.mktemp("bench") / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--json", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    [volume] = json.loads(path.read_text())
    return {**volume, "text": done.stdout}


def test_every_page_answers_under_load(quick: dict[str, Any]) -> None:
    for name, by_clients in quick["figures"].items():
        for clients, figures in by_clients.items():
            assert figures["failures"] == 0, f"{name}, {clients}: {figures['statuses']}"
            assert figures["answered"] > 0, f"{name}, {clients}"


def test_pages_stay_within_their_queries(quick: dict[str, Any]) -> None:
    counts = {name: len(query["sql"]) for name, query in quick["queries"].items()}

    assert {name: query["status"] for name, query in quick["queries"].items()} == {
        "semaine": 200,
        "recherche": 200,
        "réservation": 302,
    }
    assert counts["semaine"] <= 8
    assert counts["recherche"] <= 12
    assert counts["réservation"] <= 20


def test_a_web_process_stays_small(quick: dict[str, Any]) -> None:
    assert len(quick["memory"]) == 2
    assert all(0 < process["peak"] < 200 for process in quick["memory"])


def test_the_report_gives_ratios_first_then_figures_then_plans(quick: dict[str, Any]) -> None:
    text = quick["text"]

    places = [text.index(title) for title in ("Rapports", "Figures", "Plans")]
    assert places == sorted(places)
    assert "semaine, 2 client(s)" in text
    assert "Index Scan" in text or "Seq Scan" in text


# --- What the report says ---


def volume(bookings: int, *, ours: float, p95: float = 10.0) -> Volume:
    made = Volume(bookings, queries={page: {"sql": [], "status": 200, "bytes": 1} for page in ("semaine",)})
    for name, rate in {
        "page de référence": 100.0,
        "réservation de référence": 100.0,
        "semaine": ours,
        "recherche": ours,
        "réservation": ours,
    }.items():
        for clients in (1, 8):
            made.add(name, clients, [Measure(name, clients, seconds=1.0, times=[p95] * int(rate))])
    made.memory = [{"rss": 90.0, "peak": 95.0}]
    return made


@pytest.mark.parametrize(("ours", "missed"), [(RATIO_BOUND * 100, 0), (RATIO_BOUND * 100 - 1, 2)])
def test_a_ratio_under_its_bound_is_said(ours: float, missed: int) -> None:
    assert render([volume(10_000, ours=ours)]).count("MANQUÉ") == missed


@pytest.mark.parametrize(("growth", "missed"), [(GROWTH_BOUND - 0.01, 0), (GROWTH_BOUND, 2)])
def test_a_page_that_slows_down_with_volume_is_said(growth: float, missed: int) -> None:
    small, large = volume(10_000, ours=90.0), volume(1_000_000, ours=90.0, p95=10.0 * growth)

    assert render([small, large]).count("MANQUÉ") == missed


def test_a_heavy_process_is_said() -> None:
    heavy = volume(10_000, ours=90.0)
    heavy.memory = [{"rss": 150.0, "peak": 201.0}]

    assert render([heavy]).count("MANQUÉ") == 1


def test_the_median_of_rounds_is_kept() -> None:
    made = Volume(1)
    made.add("semaine", 1, [Measure("semaine", 1, 1.0, times=[1.0] * count) for count in (10, 30, 20)])

    assert made.figures["semaine"][1].per_second == 20
