"""Each commune knows its nearest landmarks, whoever writes them and in whatever order."""

import threading
from contextlib import suppress
from time import perf_counter

import pytest
from django.db import connection, transaction

from orne_accueil.common.errors import DomainError
from orne_accueil.territory import actions
from orne_accueil.territory.actions import load_territory, remove_landmark, upsert_landmark, upsert_landmarks
from orne_accueil.territory.enums import LandmarkKind
from orne_accueil.territory.geo import great_circle_km
from orne_accueil.territory.models import Commune, Landmark, NearestLandmark
from orne_accueil.territory.official_files import LandmarkData
from orne_accueil.territory.selectors import nearest
from tests.factories import make_commune
from tests.factories_territory import ORNE, make_space_landmark, make_station


def nearest_names(kind: str = "space") -> dict[str, str]:
    rows = NearestLandmark.objects.filter(kind=kind).select_related("commune", "landmark")
    return {row.commune.name: row.landmark.name for row in rows}


@pytest.fixture
def three_communes(db: None) -> list[Commune]:
    """West, Middle and East, on one parallel."""
    return [
        make_commune(name, latitude=48.6, longitude=longitude)
        for name, longitude in [("Ouest", -0.8), ("Milieu", 0.0), ("Est", 0.8)]
    ]


def test_the_nearest_station_is_the_nearest_by_brute_force(db):
    load_territory(ORNE)
    stations = list(Landmark.objects.filter(kind="station"))

    for near in NearestLandmark.objects.select_related("commune"):
        here = (near.commune.latitude, near.commune.longitude)
        shortest = min(great_circle_km(*here, station.latitude, station.longitude) for station in stations)
        assert near.km == pytest.approx(shortest, abs=6e-4)


def test_a_new_space_takes_only_the_communes_that_it_is_nearest_to(three_communes):
    west, _, east = three_communes
    make_space_landmark("EPN d’Ouest", commune=west)
    make_space_landmark("EPN d’Est", commune=east, latitude=48.6, longitude=0.3)

    assert nearest_names() == {"Ouest": "EPN d’Ouest", "Milieu": "EPN d’Est", "Est": "EPN d’Est"}


def test_a_space_that_moves_gives_its_communes_back(three_communes):
    west, _, east = three_communes
    make_space_landmark("EPN d’Ouest", commune=west)
    mobile = make_space_landmark("EPN mobile", commune=west, key="mobile", longitude=0.1)
    assert nearest_names()["Milieu"] == "EPN mobile"

    upsert_landmark(kind="space", key=mobile.key, name="EPN mobile", commune=east, latitude=48.6, longitude=0.85)

    assert nearest_names() == {"Ouest": "EPN d’Ouest", "Milieu": "EPN d’Ouest", "Est": "EPN mobile"}


def test_a_space_that_closes_leaves_its_communes_to_the_next(three_communes):
    west, _, east = three_communes
    make_space_landmark("EPN d’Ouest", commune=west)
    make_space_landmark("EPN d’Est", commune=east, key="est")

    assert remove_landmark(kind="space", key="est") is True

    assert set(nearest_names().values()) == {"EPN d’Ouest"}


def test_the_last_space_that_closes_leaves_nothing(three_communes):
    make_space_landmark(commune=three_communes[0], key="seul")

    remove_landmark(kind="space", key="seul")

    assert nearest_names() == {}
    assert nearest(three_communes[0], LandmarkKind.SPACE) is None


def test_removing_what_is_not_there_is_said(db):
    assert remove_landmark(kind="space", key="inconnu") is False


def test_kinds_do_not_mix(three_communes):
    west = three_communes[0]
    make_station("Ouest", commune=west, key="a")
    make_space_landmark("EPN", commune=west, key="a")

    remove_landmark(kind="space", key="a")

    assert set(nearest_names("station").values()) == {"Ouest"}


def test_of_two_spaces_at_one_mairie_the_first_key_is_kept(three_communes):
    west = three_communes[0]
    make_space_landmark("Second", commune=west, key="b")
    make_space_landmark("Premier", commune=west, key="a")

    assert set(nearest_names().values()) == {"Premier"}


def test_a_new_name_keeps_the_row_and_the_distances(three_communes):
    west = three_communes[0]
    before = make_space_landmark("Ancien nom", commune=west, key="a")

    after = make_space_landmark("Nouveau nom", commune=west, key="a")

    assert after.pk == before.pk
    assert set(nearest_names().values()) == {"Nouveau nom"}


def test_an_unchanged_space_writes_nothing(three_communes, django_assert_max_num_queries):
    west = three_communes[0]
    make_space_landmark("EPN", commune=west, key="a")

    with django_assert_max_num_queries(8) as queries:  # a savepoint, the lock, the row
        make_space_landmark("EPN", commune=west, key="a")

    written = [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert written == []


def test_many_spaces_are_written_at_once_with_an_unknown_commune_left_empty(three_communes):
    count = upsert_landmarks(
        kind="space",
        landmarks=[
            LandmarkData(LandmarkKind.SPACE, "a", "EPN A", three_communes[0].code_insee, 48.6, -0.8),
            LandmarkData(LandmarkKind.SPACE, "b", "EPN B", "99999", 48.6, 0.8),
        ],
    )

    assert (count.created, count.updated) == (2, 0)
    assert Landmark.objects.get(key="a").commune == three_communes[0]
    assert Landmark.objects.get(key="b").commune is None
    assert nearest_names()["Est"] == "EPN B"


def test_a_landmark_without_a_name_is_refused_in_french(db):
    with pytest.raises(DomainError, match="Un repère a une clé et un nom"):
        make_station(key="")


def test_a_space_is_written_in_well_under_200_ms_among_381_communes(db):
    load_territory(ORNE)
    for rank in range(30):
        make_space_landmark(latitude=48.3 + rank / 60, longitude=-0.7 + rank / 20)

    def seconds() -> float:
        start = perf_counter()
        make_space_landmark(latitude=48.6, longitude=0.1)
        return perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.2  # the others waited for a busy machine


# --- Two at once ---


def _write_two_spaces_at_once(monkeypatch: pytest.MonkeyPatch, *, patience: float) -> set[tuple[str, str]]:
    """Two rivals open a space each, on either side; both have written their row before either looks around.

    `patience`: seconds after which the first stops waiting for a rival that the guard holds outside.
    """
    for name, longitude in [("Ouest", -0.8), ("Est", 0.8)]:
        make_commune(name, latitude=48.6, longitude=longitude)
    refresh = actions._refresh_nearest
    met = threading.Barrier(2)

    def refresh_after_both_wrote(kind: LandmarkKind) -> int:
        with suppress(threading.BrokenBarrierError):
            met.wait(timeout=patience)
        return refresh(kind)

    monkeypatch.setattr(actions, "_refresh_nearest", refresh_after_both_wrote)

    def open_space(name: str, longitude: float) -> None:
        try:
            upsert_landmark(kind="space", key=name, name=name, commune=None, latitude=48.6, longitude=longitude)
        finally:
            connection.close()

    rivals = [
        threading.Thread(target=open_space, args=("EPN d’Ouest", -0.8)),
        threading.Thread(target=open_space, args=("EPN d’Est", 0.8)),
    ]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()
    return set(nearest_names().items())


TRUE_NEAREST = {("Ouest", "EPN d’Ouest"), ("Est", "EPN d’Est")}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_spaces_opened_at_once_both_find_their_communes(monkeypatch):
    assert _write_two_spaces_at_once(monkeypatch, patience=1) == TRUE_NEAREST


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_each_misses_the_other(monkeypatch):
    """The twin with the guard off: both see only their own space, and the last to write is everybody's nearest."""
    monkeypatch.setattr(actions, "advisory_lock", lambda *_: None)

    assert _write_two_spaces_at_once(monkeypatch, patience=60) != TRUE_NEAREST


@pytest.mark.django_db(transaction=True)
def test_a_landmark_written_in_a_transaction_that_fails_leaves_no_trace():
    make_commune("Ouest", latitude=48.6, longitude=-0.8)

    def open_space_then_fail() -> None:
        with transaction.atomic():
            make_space_landmark("EPN")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        open_space_then_fail()

    assert not Landmark.objects.exists()
    assert nearest_names() == {}
