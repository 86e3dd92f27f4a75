"""Exporting spaces in the national format: nothing of a file is lost, and what staff changed leaves changed."""

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coworking import actions
from coworking.actions import import_spaces
from coworking.enums import SpaceKind
from coworking.models import Space
from coworking.rules import national
from coworking.rules.national_file import COLUMNS, REQUIRED, read_table, write_table
from coworking.selectors import national_lines
from orne_accueil.accounts.models import Person
from orne_accueil.territory.models import Commune
from tests.coworking.test_import import DEMO_FILE, LINE, file_of
from tests.factories import make_commune
from tests.factories_coworking import NOW, make_space

pytestmark = pytest.mark.django_db

PATTERNS = {
    "pivot": r"[a-zA-Z0-9]{9,14}",
    "code_postal": r"\d{5}",
    "code_insee": r"([013-9]\d|2[AB1-9])\d{3}",
    "telephone": r"(\+33|\+590|\+594|\+262|\+596|\+269|\+687|\+689|\+508|\+681)(\d){6,9}",
    "latitude": r"-?\d+(\.\d+)?",
    "longitude": r"-?\d+(\.\d+)?",
    "date_maj": r"\d{4}-\d{2}-\d{2}",
}
"""What the published schema (1.0.2) asks of the cells that we may write ourselves; empty is allowed unless required."""


@pytest.fixture(autouse=True)
def argentan(db: None) -> Commune:
    return make_commune("Argentan", code_insee="61006", postal_codes=["61200"], latitude=48.74405, longitude=-0.01662)


def exported() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(national_lines()), newline="")))


def imported(**cells: str) -> Space:
    import_spaces(file_of(LINE | cells), by=None, at=NOW)
    return Space.objects.get()


def changed_cells(**cells: str) -> dict[str, str]:
    """What the export of the only space says that its line did not."""
    [row] = exported()
    before = dict.fromkeys(COLUMNS, "") | LINE | cells
    return {column: cell for column, cell in row.items() if before.get(column, "") != cell}


def assert_valid(row: Mapping[str, str]) -> None:
    missing = [column for column in REQUIRED if not row[column].strip()]
    wrong = {
        column: row[column]
        for column, pattern in PATTERNS.items()
        if row[column] and not re.fullmatch(pattern, row[column], re.ASCII)
    }
    assert (missing, wrong) == ([], {})
    assert len(row["presentation_resume"]) <= 280


# --- Round trip ---


def test_the_demonstration_file_comes_back_byte_for_byte(argentan: Commune) -> None:
    argentan.delete()
    call_command("load_territory", verbosity=0)
    import_spaces(DEMO_FILE.read_bytes(), by=None, at=NOW)

    assert "".join(national_lines()).encode() == DEMO_FILE.read_bytes()


def test_columns_come_in_the_order_of_the_schema_then_the_others() -> None:
    text = file_of(LINE | {"wifi": "oui", "accueil": "non"}, columns=("wifi", *reversed(COLUMNS), "accueil"))
    import_spaces(text, by=None, at=NOW)

    [row] = exported()
    assert list(row) == [*COLUMNS, "accueil", "wifi"]
    assert (row["wifi"], row["accueil"]) == ("oui", "non")


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
FILLED = WORDS.filter(str.strip)
FREE = sorted(set(COLUMNS) - set(REQUIRED) - {"code_insee", "latitude", "longitude", "horaires", "commune"})

LINES = st.fixed_dictionaries(
    {
        "id": FILLED,
        "pivot": st.from_regex(r"[a-zA-Z0-9]{9,14}", fullmatch=True),
        "nom": FILLED,
        "commune": st.sampled_from(["Argentan", "ARGENTAN", " argentan cedex 2 "]),
        "code_postal": st.sampled_from(["61200", "61205"]),
        "adresse": FILLED,
        "date_maj": st.dates().map(str),
    },
    optional=dict.fromkeys(FREE, WORDS)
    | {
        "code_insee": st.sampled_from(["", "61006"]),
        "horaires": st.sampled_from(["", "Mo-Fr 09:00-12:00", " 24/7 ", "Mo-Sa 10:00-18:00; Aug off; PH off"]),
        "typologie": st.sampled_from(["", "TIERS_LIEUX", "ASSO|TIERS_LIEUX", "INCONNUE", "|"]),
        "telephone": st.sampled_from(["", "+33233670000", "0233670000", "demander Paul", "+442071838750"]),
        "courriels": st.sampled_from(["", "a@b.fr", "a@b.fr|c@d.fr", "paul"]),
        "site_web": st.sampled_from(["", "https://a.fr", "https://a.fr|https://b.fr", "a.fr", "http://["]),
        "autres_formations_labels": st.sampled_from(["", "P@T", "ZNM|Autre", "Zone numérique multiservices"]),
        "autre colonne": WORDS,
    },
)  # fmt: skip
POINTS = st.one_of(
    st.just(("", "")),
    st.tuples(st.floats(-90, 90).map(str), st.floats(-180, 180).map(str)),
    st.just(("48.744050", "-0.0166200")),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=LINES, point=POINTS)
def test_any_line_comes_back_cell_for_cell(line: dict[str, str], point: tuple[str, str]) -> None:
    Space.objects.all().delete()
    line = line | dict(zip(("latitude", "longitude"), point, strict=True))
    columns = (*COLUMNS, "autre colonne")

    report = import_spaces(file_of(line, columns=columns).encode(), by=None, at=NOW)
    report_again = import_spaces("".join(national_lines()), by=None, at=NOW)

    assert (report.created, report.refused) == (1, [])
    assert report_again.unchanged == 1
    [row] = exported()
    assert {column: cell for column, cell in row.items() if cell} == {c: cell for c, cell in line.items() if cell}


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.dictionaries(st.sampled_from(COLUMNS), WORDS), max_size=4))
def test_a_table_that_we_write_is_read_back(rows: list[dict[str, str]]) -> None:
    table = read_table("".join(write_table(rows)).encode())

    found = [{column: cell for column, cell in record.cells.items() if cell} for record in table.records]
    assert found == [
        {column: cell for column, cell in row.items() if cell}
        for row in rows
        if any(cell.strip() for cell in row.values())
    ]


# --- What staff changed ---


def test_an_untouched_space_leaves_as_it_came() -> None:
    imported()

    assert changed_cells() == {}


@pytest.mark.parametrize(
    ("fields", "cells"),
    [
        ({"name": "Chez nous"}, {"nom": "Chez nous"}),
        ({"phone": "06 00 00 00 00"}, {"telephone": "+33600000000"}),
        ({"email": "nous@demo.test"}, {"courriels": "nous@demo.test|mairie@argentan.test"}),
        ({"email": ""}, {"courriels": "mairie@argentan.test"}),
        ({"website": "https://nous.test"}, {"site_web": "https://nous.test"}),
        ({"labels": ["P@T"]}, {"autres_formations_labels": "P@T"}),
        ({"kind": SpaceKind.TIERS_LIEU}, {"typologie": "TIERS_LIEUX"}),
        ({"latitude": 48.5}, {"latitude": "48.5"}),
        ({"summary": "S" * 300}, {"presentation_resume": "S" * 279 + "…"}),
        ({"description": "Deux\nlignes"}, {"presentation_detail": "Deux\nlignes"}),
        ({"postal_code": "61201"}, {"code_postal": "61201"}),
    ],
)
def test_what_staff_changed_leaves_changed_with_its_date(
    fields: dict[str, object], cells: dict[str, str], coordinator: Person
) -> None:
    space = imported()
    for name, value in fields.items():
        setattr(space, name, value)
    actions.save_space(space=space, changed=fields, by=coordinator, at=NOW)

    found = changed_cells()

    day = found.pop("date_maj")
    assert day == national.date.fromisoformat(day).isoformat()
    # A position leaves whole: the other half may then be written as a number is.
    assert {column: cell for column, cell in found.items() if column != "longitude"} == cells
    assert_valid(exported()[0])


def test_another_commune_leaves_with_its_name_and_code(coordinator: Person) -> None:
    space = imported()
    space.commune = make_commune("L’Aigle", official_name="L'Aigle", code_insee="61214")
    actions.save_space(space=space, changed=["commune"], by=coordinator, at=NOW)

    found = changed_cells()

    assert found.pop("date_maj")
    assert found == {"commune": "L'Aigle", "code_insee": "61214"}


def test_a_label_taken_away_leaves_no_trace(coordinator: Person) -> None:
    space = imported(formations_labels="Fabriques de Territoire|P@T", autres_formations_labels="ZNM|Autre")
    space.labels = []
    actions.save_space(space=space, changed=["labels"], by=coordinator, at=NOW)

    [row] = exported()
    assert (row["formations_labels"], row["autres_formations_labels"]) == ("Fabriques de Territoire", "Autre")


def test_a_space_born_here_is_a_valid_line() -> None:
    make_space(name="La Ruche", slug="la-ruche", kind=SpaceKind.TIERS_LIEU, phone="02 33 67 00 00")

    [row] = exported()
    assert_valid(row)
    assert (row["id"], row["pivot"], row["typologie"]) == ("orne-accueil:la-ruche", "0" * 14, "TIERS_LIEUX")


def test_a_french_decimal_comma_leaves_as_the_point_that_the_format_wants() -> None:
    imported(latitude="48,74405", longitude="-0,01662")

    assert changed_cells() == {}


# --- Who is in the file, and where it goes ---


def test_unpublished_spaces_are_not_in_the_file() -> None:
    make_space(is_published=False)

    assert exported() == []


def test_the_command_writes_a_file_or_its_output(tmp_path: Path) -> None:
    imported()
    make_space(is_published=False)
    path, output = tmp_path / "espaces.csv", io.StringIO()

    call_command("export_spaces", path)
    call_command("export_spaces", stdout=output)
    call_command("export_spaces", tmp_path / "tous.csv", "--all")

    assert path.read_bytes().decode() == output.getvalue() == "".join(national_lines())
    assert len((tmp_path / "tous.csv").read_text().splitlines()) == 3
    with pytest.raises(CommandError, match="Impossible d’écrire"):
        call_command("export_spaces", tmp_path / "nulle-part" / "espaces.csv")


def test_the_open_data_file_is_served_and_not_sent_twice(client: Client, django_assert_num_queries: object) -> None:
    space = imported()

    first = client.get("/donnees/espaces.csv")
    with django_assert_num_queries(1):  # type: ignore[operator]
        again = client.get("/donnees/espaces.csv", headers={"if-none-match": first["ETag"]})
    space.summary = "Autre chose."
    actions.save_space(space=space, changed=["summary"], by=None, at=NOW)
    changed = client.get("/donnees/espaces.csv", headers={"if-none-match": first["ETag"]})

    assert (first.status_code, again.status_code, changed.status_code) == (200, 304, 200)
    assert first["Content-Type"] == "text/csv; charset=utf-8"
    assert first["Content-Disposition"] == 'attachment; filename="espaces.csv"'
    assert "Last-Modified" in first
    assert first.content.decode() != changed.content.decode()
    assert not first.cookies


def test_the_open_data_file_of_an_empty_install_has_its_columns(client: Client) -> None:
    response = client.get("/donnees/espaces.csv")

    assert response.content.decode() == ",".join(COLUMNS) + "\r\n"
