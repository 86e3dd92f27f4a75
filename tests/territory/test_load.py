"""The official files: all of them or nothing, said line by line."""

import gzip
import io
import json
from typing import Any

import pytest
from django.core.management import call_command

from orne_accueil.territory import actions
from orne_accueil.territory.actions import load_territory
from orne_accueil.territory.models import Commune, Contour, DataFile, Epci, Landmark, NearestLandmark
from orne_accueil.territory.official_files import FilesRefused
from tests.factories import make_commune
from tests.factories_territory import ARGENTAN, ORNE, SEES, STATION, feature, official_folder, square, table

pytestmark = pytest.mark.django_db

NBSP = "\u00a0"


def rows_loaded() -> int:
    models: list[Any] = [Commune, Epci, Landmark, Contour, NearestLandmark, DataFile]
    return sum(model.objects.count() for model in models)


def refused(folder) -> list[str]:
    """The problems of a refused load, as they are printed."""
    with pytest.raises(FilesRefused) as refusal:
        load_territory(folder)
    return [str(problem).replace(NBSP, " ") for problem in refusal.value.problems]


# --- The Orne ---


def test_the_orne_is_loaded_whole_and_a_second_run_changes_nothing():
    first = load_territory(ORNE)

    assert {what: count.created for what, count in first.counts.items()} == {
        "EPCI": 16,
        "communes": 381,
        "contours": 381,
        "gares": 12,
        "repères les plus proches": 0,
    }
    assert NearestLandmark.objects.filter(kind="station").count() == 381
    changed_at = DataFile.objects.get().changed_at

    second = load_territory(ORNE)

    assert second.changes == 0
    assert second.remarks == []
    assert DataFile.objects.get().changed_at == changed_at


def test_names_are_printed_as_people_write_them_and_kept_as_the_file_does():
    load_territory(ORNE)

    aigle = Commune.objects.get(code_insee="61214")
    assert (aigle.name, aigle.official_name) == ("L’Aigle", "L'Aigle")
    assert Epci.objects.get(siren="200068468").long_name == "Communauté de communes des Pays de L’Aigle"
    assert Epci.objects.get(siren="200068435").name == "Cœur du Perche"


def test_a_single_day_left_open_in_the_source_is_that_day():
    load_territory(ORNE)

    for commune in Commune.objects.exclude(mairie_hours=[]):
        assert all(first and last for first, last, _ in commune.mairie_hours), commune.name
        assert commune.hours_lines


# --- Files as they come ---


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + table([ARGENTAN, SEES]).encode(),
        table([ARGENTAN, SEES], eol="\r\n").encode(),
        table([ARGENTAN, SEES], delimiter=";").encode(),
        table([ARGENTAN, SEES], delimiter="\t").encode(),
        table([ARGENTAN, SEES]).replace("\n", "\n\n").encode(),
        table([ARGENTAN | {"altitude": "160"}, SEES | {"altitude": "180"}]).encode(),
        table([{k: v for k, v in row.items() if not k.startswith("mairie")} for row in (ARGENTAN, SEES)]).encode(),
    ],
    ids=["bom", "crlf", "semicolons", "tabs", "blank lines", "extra column", "no mairie"],
)
def test_the_usual_shapes_of_a_csv_are_read(tmp_path, content):
    load_territory(official_folder(tmp_path, communes=content))

    assert list(Commune.objects.values_list("code_insee", "name")) == [("61006", "Argentan"), ("61464", "Sées")]


def test_an_extra_column_is_ignored_and_said(tmp_path):
    report = load_territory(official_folder(tmp_path, communes=[ARGENTAN | {"altitude": "160"}]))

    assert any("altitude" in remark for remark in report.remarks)


def test_missing_contours_and_stations_are_allowed_and_said(tmp_path):
    report = load_territory(official_folder(tmp_path))

    assert [remark.split(NBSP)[0] for remark in report.remarks] == [
        "Pas de fichier communes_*.geojson",
        "Pas de fichier gares_*.csv",
    ]
    assert Commune.objects.count() == 2


def test_an_island_without_epci_is_loaded(tmp_path):
    island = ARGENTAN | {"epci_siren": "", "epci_nom": "", "epci_type": ""}

    load_territory(official_folder(tmp_path, communes=[island]))

    assert Commune.objects.get().epci is None


def test_another_departement_is_loaded_beside_the_first(tmp_path):
    load_territory(ORNE)
    caen = ARGENTAN | {"code_insee": "14118", "nom": "Caen", "siren": "", "codes_postaux": "14000"}
    (tmp_path / "communes_14.csv").write_text(table([caen]))
    (tmp_path / "communes_14.geojson").write_text(json.dumps({"features": [feature("14118")]}))

    report = load_territory(tmp_path)

    assert Commune.objects.count() == 382
    assert not any("n’est plus" in remark for remark in report.remarks)
    published = json.loads(gzip.decompress(DataFile.objects.get().content))
    assert len(published["features"]) == 382
    assert load_territory(ORNE).changes == 0


# --- Broken files ---

BROKEN_CELLS = [
    ({"code_insee": "6100"}, "code_insee « 6100 » n’est pas un code INSEE"),
    ({"code_insee": "61006\x00"}, "n’est pas un code INSEE"),
    ({"nom": ""}, "nom est vide."),
    ({"nom": "x" * 101}, "nom dépasse 100 caractères."),
    ({"siren": "12"}, "siren « 12 » n’est pas un SIREN"),
    ({"epci_siren": ""}, "epci_siren est vide."),
    ({"epci_siren": "1234"}, "epci_siren « 1234 » n’est pas un SIREN"),
    ({"epci_nom": "CC "}, "epci_nom est vide."),
    ({"epci_type": "XX"}, "epci_type « XX » inconnu (attendu : CC, CA, CU ou METRO)."),
    ({"codes_postaux": ""}, "codes_postaux est vide."),
    ({"codes_postaux": "61200|612"}, "« 612 » n’est pas un code postal"),
    ({"population": "-1"}, "population « -1 » n’est pas un nombre d’habitants"),
    ({"population": "12,5"}, "population « 12,5 » n’est pas un nombre d’habitants"),
    ({"latitude": "48,7"}, "latitude « 48,7 » n’est pas un nombre (point décimal attendu)."),
    ({"latitude": "nan"}, "latitude nan est hors des bornes"),
    ({"latitude": "90.01"}, "latitude 90.01 est hors des bornes (de −90 à 90)."),
    ({"longitude": "-180.1"}, "longitude -180.1 est hors des bornes"),
    ({"mairie_telephone": "0" * 21}, "mairie_telephone dépasse 20 caractères."),
    ({"mairie_site": "javascript:alert(1)"}, "n’est pas une adresse web"),
    ({"mairie_horaires": "tous les jours"}, "mairie_horaires n’est pas lisible"),
    ({"mairie_horaires": '[["lundi"]]'}, "mairie_horaires n’est pas lisible"),
    ({"mairie_horaires": '[["lune","",[["09:00","10:00"]]]]'}, "jour inconnu « lune »"),
    ({"mairie_horaires": '[["lundi","",[["10:00","09:00"]]]]'}, "10:00 – 09:00 finit avant de commencer."),
]


@pytest.mark.parametrize(("wrong", "why"), BROKEN_CELLS)
def test_a_broken_line_is_reported_with_its_number_and_nothing_is_loaded(tmp_path, wrong, why):
    folder = official_folder(tmp_path, communes=[SEES, ARGENTAN | wrong])

    (problem,) = refused(folder)

    assert problem.startswith("communes_61.csv, ligne 3 : ")
    assert why in problem
    assert rows_loaded() == 0


def test_every_fault_of_every_file_is_listed_at_once(tmp_path):
    folder = official_folder(
        tmp_path,
        communes=[ARGENTAN | {"population": "beaucoup", "latitude": "nord"}, SEES | {"nom": ""}],
        stations=[STATION | {"longitude": "ouest"}],
        contours=[feature("61006", kind="Point")],
    )

    problems = refused(folder)

    assert [problem.split(" : ")[0] for problem in problems] == [
        "communes_61.csv, ligne 2",
        "communes_61.csv, ligne 2",
        "communes_61.csv, ligne 3",
        "communes_61.geojson, ligne 1",
        "gares_61.csv, ligne 2",
    ]
    assert rows_loaded() == 0


def test_a_line_is_counted_as_the_file_does_after_a_cell_on_two_lines(tmp_path):
    two_lines = SEES | {"mairie_adresse": "Place du Parquet\n61500 Sées"}

    (problem,) = refused(official_folder(tmp_path, communes=[two_lines, ARGENTAN | {"population": ""}]))

    assert problem.startswith("communes_61.csv, ligne 4 : ")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "communes_61.csv : le fichier est vide."),
        (table([ARGENTAN]).splitlines()[0], "communes_61.csv : aucune commune dans le fichier."),
        ("code_insee,nom\n61006,Argentan\n", "communes_61.csv, ligne 1 : colonnes manquantes : epci_siren, epci_nom"),
        (table([ARGENTAN]).replace("population", "habitants"), "ligne 1 : colonne manquante : population."),
        (table([ARGENTAN]).replace("siren,epci", "nom,epci", 1), "colonne présente deux fois : nom."),
        (table([ARGENTAN]) + "61464,Sées\n", "communes_61.csv, ligne 3 : 2 cellules au lieu de 14."),
        (table([ARGENTAN]) + '61464,"Sées\n', "communes_61.csv, ligne 3 : ligne illisible"),
        (table([ARGENTAN, ARGENTAN]), "ligne 3 : code_insee 61006 déjà vu (communes_61.csv, ligne 2)."),
        (
            table([ARGENTAN, SEES | {"epci_siren": ARGENTAN["epci_siren"]}]),
            "ligne 3 : l’EPCI 200068450 porte un autre nom ou une autre nature plus haut (communes_61.csv, ligne 2).",
        ),
        (table([ARGENTAN, SEES]).encode("latin-1"), "communes_61.csv, ligne 3 : le fichier n’est pas en UTF-8."),
    ],
)  # fmt: skip
def test_a_broken_table_is_refused_with_a_clear_sentence(tmp_path, content, problem):
    problems = refused(official_folder(tmp_path, communes=content))

    assert problem in problems[0]
    assert rows_loaded() == 0


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"nom": ""}, "nom est vide."),
        ({"code_insee": "61999"}, "code_insee 61999 absent des fichiers de communes."),
        ({"latitude": ""}, "latitude «  » n’est pas un nombre"),
        ({"code_uic": "1" * 21}, "code_uic dépasse 20 caractères."),
    ],
)
def test_a_broken_station_is_refused(tmp_path, wrong, why):
    problems = refused(official_folder(tmp_path, stations=[STATION | wrong]))

    assert problems[0].startswith("gares_61.csv, ligne 2 : ")
    assert why in problems[0]
    assert rows_loaded() == 0


@pytest.mark.parametrize(
    ("contours", "why"),
    [
        ("{", "communes_61.geojson, ligne 1 : JSON illisible"),
        ("[]", "ce n’est pas une FeatureCollection GeoJSON."),
        ([{"properties": {"code": "61006"}}], "contour n° 1 : il faut une géométrie et la propriété code."),
        ([feature("61006", kind="Point")], "de type Point, Polygon ou MultiPolygon attendu."),
        ([feature("61006", [[[0, 0], [0, 1], [1, 1]]])], "un contour n’est pas fermé."),
        ([feature("61006", square(179.95, 0))], "un point est hors des bornes (180.05, 0)."),
        ([feature("61006", [[["a", 0], [0, 1], [1, 1], ["a", 0]]])], "ne sont pas des paires de nombres."),
        ([feature("61999")], "code 61999 absent des fichiers de communes."),
        ([feature("61006"), feature("61006")], "contour n° 2 : second contour pour le code 61006."),
    ],
)
def test_a_broken_contour_is_refused(tmp_path, contours, why):
    problems = refused(official_folder(tmp_path, contours=contours))

    assert why in problems[0]
    assert rows_loaded() == 0


def test_a_missing_folder_or_file_is_said(tmp_path):
    assert refused(tmp_path / "ailleurs")[0].endswith("ce dossier n’existe pas.")
    assert "aucun fichier communes_*.csv" in refused(tmp_path)[0]


def test_a_load_that_breaks_at_its_last_step_leaves_nothing(tmp_path, monkeypatch):
    def break_down(kind: object) -> int:
        raise RuntimeError("plus de courant")

    monkeypatch.setattr(actions, "_refresh_nearest", break_down)

    with pytest.raises(RuntimeError):
        load_territory(official_folder(tmp_path, stations=[STATION], contours=[feature("61006")]))

    assert rows_loaded() == 0


# --- Files that change ---


def test_only_what_changed_is_written(tmp_path):
    load_territory(official_folder(tmp_path))
    before = Commune.objects.get(code_insee="61464").pk

    report = load_territory(official_folder(tmp_path, communes=[ARGENTAN, SEES | {"population": "4200"}]))

    count = report.counts["communes"]
    assert (count.created, count.updated, count.unchanged) == (0, 1, 1)
    sees = Commune.objects.get(code_insee="61464")
    assert (sees.pk, sees.population) == (before, 4200)


def test_a_commune_that_left_the_files_is_kept_and_reported(tmp_path):
    load_territory(official_folder(tmp_path))

    report = load_territory(official_folder(tmp_path, communes=[ARGENTAN]))

    assert Commune.objects.filter(code_insee="61464").exists()
    assert any("Sées (61464) n’est plus dans les fichiers" in remark for remark in report.remarks)


def test_a_station_that_left_the_files_goes_and_its_communes_find_the_next(tmp_path):
    sees_station = STATION | {"code_uic": "", "nom": "Sées", "code_insee": "61464", "latitude": "48.60555"}
    load_territory(official_folder(tmp_path, stations=[STATION, sees_station]))
    assert Landmark.objects.get(name="Sées").key == "sees"

    report = load_territory(official_folder(tmp_path, stations=[STATION]))

    assert report.counts["gares"].removed == 1
    assert any("gare de Sées n’est plus dans les fichiers" in remark for remark in report.remarks)
    assert [near.landmark.name for near in NearestLandmark.objects.order_by("commune_id")] == ["Argentan"] * 2


def test_spaces_are_left_alone_by_the_official_files(tmp_path):
    space = actions.upsert_landmark(
        kind="space", key="epn", name="EPN", commune=make_commune(), latitude=48.6, longitude=0.1
    )

    load_territory(official_folder(tmp_path, stations=[STATION]))

    assert Landmark.objects.filter(pk=space.pk).exists()
    assert NearestLandmark.objects.filter(kind="space").count() == 3


# --- The command ---


def test_the_command_says_what_it_did(tmp_path):
    out = io.StringIO()

    call_command("load_territory", str(official_folder(tmp_path)), stdout=out)
    call_command("load_territory", str(tmp_path), stdout=out)

    said = out.getvalue().replace(NBSP, " ")
    assert "communes : 2 ajouts" in said
    assert "communes : 2 sans changement" in said
    assert "Territoire chargé : 0 changement" in said


def test_the_command_lists_the_faults_and_exits_with_1(tmp_path):
    err = io.StringIO()
    folder = official_folder(tmp_path, communes=[ARGENTAN | {"population": ""}, SEES | {"nom": ""}])

    with pytest.raises(SystemExit) as end:
        call_command("load_territory", str(folder), stdout=io.StringIO(), stderr=err)

    assert end.value.code == 1
    said = err.getvalue().replace(NBSP, " ")
    assert "communes_61.csv, ligne 2 : population" in said
    assert "communes_61.csv, ligne 3 : nom est vide." in said
    assert "2 défauts trouvés, rien n’a été chargé." in said
