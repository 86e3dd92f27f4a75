"""Importing spaces in the national format: what is taken, what is refused and why, what staff keep."""

import csv
import io
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coworking import actions
from coworking.actions import ImportReport, import_spaces
from coworking.enums import Period, SpaceKind
from coworking.models import Space
from coworking.rules.national_file import COLUMNS, FileRefused
from orne_accueil.accounts.models import Person
from orne_accueil.common.db import LOCK_SPACE
from orne_accueil.territory.models import Commune, Landmark, NearestLandmark
from tests.factories import make_commune, make_person
from tests.factories_coworking import NOW, half_day, make_booking, make_room

pytestmark = pytest.mark.django_db

DEMO_FILE = Path(__file__).resolve().parents[2] / "orne_accueil/portal/demo/epn_61.csv"

LINE = {
    "id": "epn-1",
    "pivot": "21610006600016",
    "nom": "EPN d'Argentan",
    "commune": "Argentan",
    "code_postal": "61200",
    "code_insee": "61006",
    "adresse": "Place du Docteur-Couinaud",
    "latitude": "48.74405",
    "longitude": "-0.01662",
    "telephone": "+33233670000",
    "courriels": "epn@argentan.test|mairie@argentan.test",
    "site_web": "https://argentan.test",
    "horaires": "Mo-Fr 09:00-12:30,13:30-18:00",
    "date_maj": "2026-11-23",
    "services": "Accès internet et matériel informatique|Un service que le format ignore",
}


@pytest.fixture(autouse=True)
def argentan(db: None) -> Commune:
    return make_commune("Argentan", code_insee="61006", postal_codes=["61200"], latitude=48.74405, longitude=-0.01662)


def file_of(*lines: dict[str, str], columns: tuple[str, ...] = COLUMNS, **style: Any) -> str:
    """A file of the format with these lines; `style` is the csv writer's."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns, extrasaction="ignore", restval="", **style)
    writer.writeheader()
    writer.writerows(lines)
    return buffer.getvalue()


def run(*lines: dict[str, str], **style: Any) -> ImportReport:
    return import_spaces(file_of(*lines, **style), by=None, at=NOW)


def refusals(report: ImportReport) -> list[tuple[int, str]]:
    return [(note.line, note.text) for note in report.refused]


# --- What is taken ---


def test_a_line_becomes_a_space_and_its_landmark(argentan: Commune) -> None:
    report = run(LINE)

    space = Space.objects.get()
    assert (report.created, report.refused, report.notices) == (1, [], [])
    assert (space.name, space.kind, space.commune) == ("EPN d’Argentan", SpaceKind.EPN, argentan)
    assert (space.phone, space.email, space.website) == ("02 33 67 00 00", "epn@argentan.test", "https://argentan.test")
    assert (space.slug, space.is_published, space.is_bookable) == ("epn-d-argentan", True, True)
    assert space.national["services"] == LINE["services"]
    assert Landmark.objects.get().key == space.slug
    assert NearestLandmark.objects.get(commune=argentan).km == 0
    assert LogEntry.objects.get_for_object(space).get().additional_data == {"what": "import", "line": 2}


def test_the_same_file_twice_changes_nothing() -> None:
    run(LINE)
    before = Space.objects.values().get()

    report = run(LINE)

    assert (report.created, report.updated, report.unchanged) == (0, 0, 1)
    assert Space.objects.values().get() == before


def test_a_changed_cell_updates_the_space_and_keeps_its_address() -> None:
    run(LINE)

    report = run(LINE | {"nom": "EPN du centre", "presentation_detail": "Deux salles.\nUn jardin."})

    space = Space.objects.get()
    assert (report.updated, space.name, space.slug) == (1, "EPN du centre", "epn-d-argentan")
    assert space.description == "Deux salles.\nUn jardin."
    assert Landmark.objects.get().name == "EPN du centre"


def test_two_places_of_one_name_have_two_addresses() -> None:
    run(*({**LINE, "id": f"m-{number}", "nom": "Médiathèque"} for number in range(3)))

    slugs = sorted(Space.objects.values_list("slug", flat=True))
    assert slugs == ["mediatheque", "mediatheque-argentan", "mediatheque-argentan-2"]


@pytest.mark.parametrize(
    ("name", "typologie", "kind"),
    [
        ("EPN de Sées", "TIERS_LIEUX|COMMUNE", SpaceKind.EPN),
        ("Espace Public Numérique", "", SpaceKind.EPN),
        ("Échangeur de Flers", "COMMUNE", SpaceKind.ECHANGEUR),
        ("La Fabrique", "ASSO|TIERS_LIEUX", SpaceKind.TIERS_LIEU),
        ("Médiathèque", "BIB", SpaceKind.EPN),
    ],
)
def test_the_kind_is_read_from_the_name_then_the_typology(name: str, typologie: str, kind: str) -> None:
    run(LINE | {"nom": name, "typologie": typologie})

    assert Space.objects.get().kind == kind


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        ({"autres_formations_labels": "P@T|Label du Perche"}, ["P@T"]),
        ({"formations_labels": "Fabriques de Territoire|Zone numérique multiservices"}, ["ZNM"]),
        ({"autres_formations_labels": "ZNM|Point d'accès à la téléformation"}, ["P@T", "ZNM"]),
        ({"autres_formations_labels": "PATIO"}, []),
    ],
)
def test_the_labels_of_the_orne_are_recognised(cells: dict[str, str], labels: list[str]) -> None:
    run(LINE | cells)

    assert Space.objects.get().labels == labels


def test_without_a_position_the_place_stands_at_its_mairie(argentan: Commune) -> None:
    run(LINE | {"latitude": "", "longitude": ""})

    space = Space.objects.get()
    assert (space.latitude, space.longitude) == (argentan.latitude, argentan.longitude)


def test_a_swapped_position_is_imported_and_said() -> None:
    report = run(LINE | {"latitude": "-0.01662", "longitude": "48.74405"})

    assert report.created == 1
    assert "interverties" in report.notices[0]
    assert report.notices[0].startswith("Ligne 2 (EPN d’Argentan)")


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ({"telephone": "demander Paul"}, "phone"),
        ({"courriels": "paul"}, "email"),
        ({"site_web": "argentan"}, "website"),
    ],
)
def test_a_contact_that_cannot_be_used_is_kept_for_the_export_only(cells: dict[str, str], field: str) -> None:
    report = run(LINE | cells)

    space = Space.objects.get()
    assert (report.created, getattr(space, field)) == (1, "")
    assert cells.items() <= space.national.items()
    assert "gardé pour l’export" in report.notices[0]


# --- Communes ---


@pytest.mark.parametrize(
    "cells",
    [
        {"commune": "Ailleurs"},  # the code says it
        {"code_insee": ""},
        {"code_insee": "", "commune": "ARGENTAN CEDEX", "code_postal": "61205"},
        {"code_insee": "61999"},
        {"commune": ""},
    ],
)
def test_a_commune_is_known_by_its_code_or_its_name_and_postal_code(cells: dict[str, str], argentan: Commune) -> None:
    report = run(LINE | cells)

    assert report.refused == []
    assert Space.objects.get().commune == argentan


@pytest.mark.parametrize(
    "cells",
    [
        {"commune": "Reims", "code_insee": "51454", "code_postal": "51100"},
        {"code_insee": "", "code_postal": "14000"},  # another Argentan, of another département
    ],
)
def test_an_unknown_commune_is_refused(cells: dict[str, str]) -> None:
    report = run(LINE | cells)

    assert "inconnue ici" in report.refused[0].text
    assert not Space.objects.exists()


def test_a_name_that_two_communes_bear_needs_the_postal_code() -> None:
    make_commune("Argentan", code_insee="61777", postal_codes=["61300"])

    report = run(LINE | {"code_insee": "", "code_postal": "61999"}, LINE | {"id": "2", "code_insee": ""})

    assert [note.line for note in report.refused] == [2]
    assert Space.objects.get().commune.code_insee == "61006"


# --- How files are written ---


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_separators_encodings_and_line_ends_are_found(separator: str, encoding: str, line_end: str) -> None:
    text = file_of(LINE | {"nom": "EPN d’été"}, delimiter=separator, lineterminator=line_end)

    report = import_spaces(text.encode(encoding), by=None, at=NOW)

    assert (report.created, report.refused) == (1, [])
    assert Space.objects.get().name == "EPN d’été"
    assert [notice for notice in report.notices if "UTF-8" in notice] == (
        ["Ce fichier n’est pas en UTF-8, que le format demande\u00a0: il a été lu en Windows-1252."]
        if encoding == "cp1252"
        else []
    )


def test_titles_are_read_however_they_are_capitalised() -> None:
    text = file_of(LINE).replace("id,pivot,nom", "ID, Pivot ,NOM", 1)

    assert import_spaces(text, by=None, at=NOW).created == 1


def test_optional_columns_may_be_missing_and_leave_what_is_there() -> None:
    run(LINE)
    few = ("id", "pivot", "nom", "commune", "code_postal", "adresse", "date_maj")

    report = run(LINE | {"adresse": "2 rue Neuve"}, columns=few)

    space = Space.objects.get()
    assert (report.updated, space.address) == (1, "2 rue Neuve")
    assert (space.phone, space.opening_hours) == ("02 33 67 00 00", LINE["horaires"])
    assert space.national["services"] == LINE["services"]


def test_an_empty_cell_empties_the_field_where_a_missing_column_does_not() -> None:
    run(LINE)

    run(LINE | {"telephone": ""})

    assert Space.objects.get().phone == ""


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "vide"),
        (b"\n\n", "vide"),
        ("bonjour", "ne se distinguent pas"),
        (file_of(LINE, columns=COLUMNS[1:]), "la colonne obligatoire id"),
        (file_of(LINE, columns=("id", "pivot", "code_insee", "date_maj")), "obligatoires nom, code_postal et adresse"),
        (file_of(LINE).replace("source", "nom", 1), "présente deux fois"),
        (b"\x81\x8d\xff", "UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(content: bytes | str, why: str) -> None:
    with pytest.raises(FileRefused, match=why) as refusal:
        import_spaces(content, by=None, at=NOW)

    assert refusal.value.message.endswith(".")
    assert not Space.objects.exists()


def test_extra_columns_are_kept_and_said() -> None:
    report = run(LINE | {"wifi": "oui"}, columns=(*COLUMNS, "wifi"))

    assert Space.objects.get().national["wifi"] == "oui"
    assert report.notices == ["Colonnes hors du format, gardées pour l’export\u00a0: wifi."]


# --- Lines refused ---


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"id": " "}, "id est vide."),
        ({"nom": ""}, "nom est vide."),
        ({"nom": "N" * 121}, "nom dépasse 120 caractères."),
        ({"adresse": ""}, "adresse est vide."),
        ({"commune": "", "code_insee": ""}, "commune est vide."),
        ({"code_postal": "6120"}, "code_postal « 6120 » n’est pas un code postal (cinq chiffres)."),
        ({"code_insee": "6106"}, "code_insee « 6106 » n’est pas un code INSEE."),
        ({"pivot": ""}, "pivot est vide."),
        ({"pivot": "2,16E+13"}, "pivot « 2,16E+13 » n’est pas un SIRET, un RNA ou un SIREN."),
        ({"date_maj": ""}, "date_maj est vide."),
        ({"date_maj": "23/11/2026"}, "date_maj « 23/11/2026 » n’est pas une date (AAAA-MM-JJ, comme 2026-11-23)."),
        ({"date_maj": "2026-02-30"}, "date_maj « 2026-02-30 » n’est pas une date (AAAA-MM-JJ, comme 2026-11-23)."),
        ({"date_maj": "20261123"}, "date_maj « 20261123 » n’est pas une date (AAAA-MM-JJ, comme 2026-11-23)."),
        ({"latitude": "nord"}, "latitude « nord » n’est pas un nombre de degrés (comme 48.74405)."),
        ({"latitude": "91"}, "latitude « 91 » est hors du globe (de −90 à 90)."),
        ({"longitude": "nan"}, "longitude « nan » est hors du globe (de −180 à 180)."),
        ({"longitude": ""}, "latitude et longitude vont ensemble : l’une des deux est vide."),
        ({"horaires": "tous les matins"}, "horaires : Ces horaires ne se lisent pas : « tous les matins »."),
        ({"horaires": "Mo 09:00-12:00; " * 40}, "horaires dépasse 500 caractères."),
        ({"nom": "EPN\x00"}, "une cellule contient un caractère nul."),
    ],
)
def test_a_line_is_refused_with_why_and_the_rest_is_imported(cells: dict[str, str], why: str) -> None:
    report = run(LINE | cells, LINE | {"id": "autre"})

    [(line, text)] = refusals(report)
    assert line == 2
    assert why in text.replace("\u00a0", " ")
    assert (report.created, Space.objects.get().external_id) == (1, "autre")


def test_everything_wrong_with_a_line_is_said_at_once() -> None:
    report = run(LINE | {"date_maj": "hier", "latitude": "x", "code_postal": ""})

    text = report.refused[0].text
    assert all(column in text for column in ("date_maj", "latitude", "code_postal"))


def test_a_line_number_is_the_files_own_across_cells_of_several_lines() -> None:
    long = LINE | {"presentation_detail": "Une\r\n\r\nprésentation\nlongue."}

    report = run(long, LINE | {"id": "2", "date_maj": "?"}, long | {"id": "3"}, LINE | {"id": "4", "date_maj": "?"})

    assert [note.line for note in report.refused] == [6, 11]
    assert report.created == 2


def test_blank_lines_are_skipped_and_counted() -> None:
    header, *lines = file_of(LINE, LINE | {"id": "2", "nom": ""}).splitlines()

    report = import_spaces("\n".join(["", header, "", lines[0], ",,,", "", lines[1]]), by=None, at=NOW)

    assert [note.line for note in report.refused] == [7]


def test_a_quote_that_is_not_closed_costs_its_own_line_only() -> None:
    header, first, second, third = file_of(LINE, LINE | {"id": "2"}, LINE | {"id": "3"}).splitlines()

    report = import_spaces("\n".join([header, first.replace("epn-1", '"epn-1'), second, third]), by=None, at=NOW)

    assert refusals(report) == [(2, "des guillemets ne sont pas fermés, ou suivis d’autre chose qu’un séparateur.")]
    assert sorted(Space.objects.values_list("external_id", flat=True)) == ["2", "3"]


@pytest.mark.parametrize(("change", "word"), [(lambda line: line + ",x", "trop"), (lambda line: "a,b,c", "trop peu")])
def test_a_line_with_another_number_of_cells_is_refused(change: Callable[[str], str], word: str) -> None:
    header, line = file_of(LINE).splitlines()

    report = import_spaces(f"{header}\n{change(line)}\n", by=None, at=NOW)

    assert report.refused[0].text.startswith(f"{word} de cellules (")


def test_the_second_line_of_one_id_is_refused_with_the_line_of_the_first() -> None:
    report = run(LINE, LINE | {"id": "2"}, LINE | {"nom": "Autre nom"})

    assert refusals(report) == [(4, "id «\u00a0epn-1\u00a0» déjà vu à la ligne 2.")]
    assert Space.objects.get(external_id="epn-1").name == "EPN d’Argentan"


def test_a_refused_line_does_not_use_up_its_id() -> None:
    report = run(LINE | {"date_maj": "?"}, LINE)

    assert ([note.line for note in report.refused], report.created) == ([2], 1)


# --- What staff did ---


def edit(space: Space, by: Person, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(space, name, value)
    actions.save_space(space=space, changed=fields, by=by, at=NOW)


def test_a_field_that_staff_edited_is_kept_and_said(coordinator: Person) -> None:
    run(LINE)
    edit(Space.objects.get(), coordinator, phone="06 00 00 00 00")

    report = run(LINE | {"telephone": "+33233111111", "adresse": "2 rue Neuve"})

    space = Space.objects.get()
    assert (space.phone, space.address) == ("06 00 00 00 00", "2 rue Neuve")
    assert [str(note) for note in report.kept] == [
        "Ligne 2 (EPN d’Argentan)\u00a0: conservé\u00a0: téléphone modifié par l’équipe."
    ]


def test_every_field_may_be_kept(coordinator: Person) -> None:
    run(LINE)
    space = Space.objects.get()
    elsewhere = make_commune("Sées", code_insee="61464")
    edits = {
        "name": "Chez nous", "kind": SpaceKind.TIERS_LIEU, "commune": elsewhere, "address": "Ici",
        "address_extra": "Au fond", "postal_code": "61500", "latitude": 48.6, "phone": "06 00 00 00 00",
        "email": "nous@demo.test", "website": "https://nous.test", "summary": "Nous.", "description": "Nous tous.",
        "labels": ["ZNM"],
    }  # fmt: skip
    edit(space, coordinator, **edits)
    actions.change_hours(space=space, expression="Mo 09:00-12:00", by=coordinator, at=NOW)
    before = Space.objects.values().get()

    report = run(LINE | {"nom": "Autre", "horaires": "Tu 09:00-12:00", "telephone": "+33233111111"})

    after = Space.objects.values().get()
    assert {name for name in before if before[name] != after[name]} == {"national", "updated_at"}
    assert len(report.kept) == len(edits) + 1
    assert report.blocked == []


def test_staff_writing_what_the_file_says_is_no_conflict(coordinator: Person) -> None:
    run(LINE)
    edit(Space.objects.get(), coordinator, phone="02 33 67 00 00")

    assert run(LINE).kept == []


def test_a_space_born_here_is_never_overwritten(coordinator: Person, argentan: Commune) -> None:
    space = Space(
        name="La Ruche", slug="la-ruche", commune=argentan, address="1 rue Neuve", postal_code="61200",
        latitude=48.7, longitude=0.0,
    )  # fmt: skip
    actions.save_space(space=space, changed=["name"], by=coordinator, at=NOW)

    report = run(LINE | {"id": "orne-accueil:la-ruche"})

    space.refresh_from_db()
    assert (space.name, space.external_id, space.national) == ("La Ruche", None, {})
    assert (report.unchanged, Space.objects.count()) == (1, 1)
    assert "conservé" in str(report.kept[0])


# --- Opening hours under live bookings ---


def booked_space(period: str = Period.AFTERNOON) -> Space:
    run(LINE)
    space = Space.objects.get()
    make_booking(make_room(space), make_person(), half_day(period=period))
    return space


def test_hours_that_bookings_forbid_are_kept_and_the_rest_of_the_line_imported() -> None:
    space = booked_space()

    report = run(LINE | {"horaires": "Mo-Fr 09:00-12:30", "telephone": "+33233111111"})

    space.refresh_from_db()
    assert (space.opening_hours, space.phone) == (LINE["horaires"], "02 33 11 11 11")
    assert (report.updated, report.refused) == (1, [])
    assert str(report.blocked[0]).replace("\u00a0", " ") == (
        "Ligne 2 (EPN d’Argentan) : horaires non changés : 1 réservation tomberait hors de ces horaires. "
        "Déplacez-les ou annulez-les d’abord."
    )


def test_hours_that_bookings_allow_are_changed() -> None:
    space = booked_space(Period.MORNING)

    report = run(LINE | {"horaires": "Mo-Fr 09:00-12:30"})

    space.refresh_from_db()
    assert (space.opening_hours, report.blocked) == ("Mo-Fr 09:00-12:30", [])


def test_hours_change_under_the_lock_of_their_space(monkeypatch: pytest.MonkeyPatch) -> None:
    run(LINE, LINE | {"id": "2"})
    taken: list[tuple[int, set[int]]] = []
    monkeypatch.setattr(actions.imports, "advisory_lock", lambda kind, keys, **_: taken.append((kind, set(keys))))

    run(LINE, LINE | {"id": "2", "horaires": "Mo 09:00-12:00"})

    assert taken == [(LOCK_SPACE, {Space.objects.get(external_id="2").pk})]


# --- Whole files ---


def test_the_demonstration_file_is_imported_whole() -> None:
    call_command("load_territory", verbosity=0)

    report = import_spaces(DEMO_FILE.read_bytes(), by=None, at=NOW)

    assert (report.created, report.refused, report.notices) == (21, [], [])
    assert Space.objects.filter(kind=SpaceKind.EPN).count() == 21
    assert Landmark.objects.filter(kind="space").count() == 21


def test_a_batch_that_cannot_be_written_whole_is_written_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions.imports._Import, "_free_slug", lambda self, name, commune: name[:3].lower())

    report = run(LINE | {"nom": "Icare"}, LINE | {"id": "2", "nom": "Icarie"}, LINE | {"id": "3", "nom": "Loin"})

    assert [note.line for note in report.refused] == [3]
    assert sorted(Space.objects.values_list("slug", flat=True)) == ["ica", "loi"]


def test_queries_do_not_grow_with_the_lines_of_a_batch() -> None:
    def count(lines: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            report = run(*(LINE | {"id": f"{lines}-{number}", "nom": f"EPN {number}"} for number in range(lines)))
        assert report.created == lines
        return len(queries)

    count(2)  # content types and communes are read once per process
    assert count(1) == count(100)


def test_ten_thousand_lines_are_imported_in_seconds() -> None:
    lines = [LINE | {"id": str(number), "nom": f"EPN {number % 500}"} for number in range(10_000)]
    lines[6_000]["date_maj"] = "hier"
    content = file_of(*lines).encode()
    start = time.perf_counter()

    report = import_spaces(content, by=None, at=NOW)

    assert (report.created, [note.line for note in report.refused]) == (9_999, [6_002])
    assert time.perf_counter() - start < 60  # about 10 s alone on two cores
    assert import_spaces(content, by=None, at=NOW + timedelta(hours=1)).unchanged == 9_999


# --- The command ---


def test_the_command_tells_what_it_did(tmp_path: Path) -> None:
    path = tmp_path / "lieux.csv"
    path.write_text(file_of(LINE, LINE | {"id": "2", "date_maj": "?"}))
    output = io.StringIO()

    call_command("import_spaces", path, stdout=output)

    told = output.getvalue().replace("\u00a0", " ")
    assert "lieux.csv : UTF-8, séparateur virgule." in told
    assert "Refusée. Ligne 3 (EPN d'Argentan) : date_maj « ? » n’est pas une date" in told
    assert "1 espace créé, 1 ligne refusée." in told


def test_the_command_fails_when_asked_to_be_strict(tmp_path: Path) -> None:
    path = tmp_path / "lieux.csv"
    path.write_text(file_of(LINE, LINE | {"id": "2", "date_maj": "?"}))

    with pytest.raises(CommandError, match="1 ligne"):
        call_command("import_spaces", path, "--strict", stdout=io.StringIO())

    assert Space.objects.count() == 1


@pytest.mark.parametrize(("content", "why"), [(None, "Impossible de lire"), ("id,nom\n", "colonnes obligatoires")])
def test_the_command_says_in_one_line_why_a_file_cannot_be_read(tmp_path: Path, content: str | None, why: str) -> None:
    path = tmp_path / "lieux.csv"
    if content is not None:
        path.write_text(content)

    with pytest.raises(CommandError, match=why):
        call_command("import_spaces", path, stdout=io.StringIO())
