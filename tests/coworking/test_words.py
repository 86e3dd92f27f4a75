"""Opening hours, places and access in French: a table at its bounds."""

import pytest

from coworking.enums import AccessType
from coworking.rules.words import access_in_french, at_the_place, hours_in_french, the_place

HOURS = [
    ("", [], []),
    ("24/7", [("Tous les jours", "jour et nuit")], []),
    (
        "Mo-Fr 09:00-12:30,13:30-18:00",
        [("Du lundi au vendredi", "de 9 h à 12 h 30 et de 13 h 30 à 18 h")],
        ["Fermé les jours fériés."],
    ),
    (
        "Mo,Tu,Th,Fr 09:00-12:00; Sa 10:00-12:00; Aug off",
        [("Lundi, mardi, jeudi et vendredi", "de 9 h à 12 h"), ("Samedi", "de 10 h à 12 h")],
        ["Fermé en août.", "Fermé les jours fériés."],
    ),
    ("Mo-Su 08:00-20:00; PH off", [("Tous les jours", "de 8 h à 20 h")], ["Fermé les jours fériés."]),
    (
        "Mo-Fr 09:00-12:00; PH 10:00-12:00",
        [("Du lundi au vendredi", "de 9 h à 12 h")],
        ["Les jours fériés : de 10 h à 12 h."],
    ),
]

NOTES = [
    ("Aug off", "Fermé en août."),
    ("Jul-Aug off", "Fermé en juillet et août."),
    ("Apr-Sep Sa 09:00-12:00", "D’avril à septembre, le samedi : de 9 h à 12 h."),
    ("Dec 24-Jan 02 off", "Fermé du 24 décembre au 2 janvier."),
    ("Jul 14-20 off", "Fermé du 14 au 20 juillet."),
    ("2026 Aug 03-2026 Aug 15 off", "Fermé du 3 au 15 août 2026."),
    ("May 01 off", "Fermé le 1er mai."),
    ("SH off", "Fermé pendant les vacances scolaires."),
    ("Sa,PH off", "Fermé le samedi et les jours fériés."),
    ("Sa[1] 10:00-12:00", "Le premier samedi du mois : de 10 h à 12 h."),
    ("Sa[-1] off", "Fermé le dernier samedi du mois."),
    ("week 02-52/2 Mo 09:00-12:00", "Les semaines paires, le lundi : de 9 h à 12 h."),
    ('Dec 24 off "inventaire"', "Fermé le 24 décembre (inventaire)."),
    ("easter off", "Règle particulière : easter off."),
    ("week 1-53/3 Mo 09:00-12:00", "Règle particulière : week 1-53/3 Mo 09:00-12:00."),
]


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(("expression", "lines", "notes"), HOURS)
def test_a_week_in_french(expression: str, lines: list[tuple[str, str]], notes: list[str]) -> None:
    words = hours_in_french(expression)
    assert [(days, plain(hours)) for days, hours in words.lines] == lines
    assert [plain(note) for note in words.notes] == notes


@pytest.mark.parametrize(("rule", "sentence"), NOTES)
def test_a_rule_that_the_weekly_form_cannot_show_is_said(rule: str, sentence: str) -> None:
    words = hours_in_french(f"PH off; {rule}")
    assert plain(words.notes[-1]) == sentence


@pytest.mark.parametrize(
    ("name", "the", "at"),
    [
        ("EPN d’Argentan", "l’EPN d’Argentan", "à l’EPN d’Argentan"),
        ("Échangeur de Flers", "l’Échangeur de Flers", "à l’Échangeur de Flers"),
        ("Tiers-lieu de Rânes", "le Tiers-lieu de Rânes", "au Tiers-lieu de Rânes"),
        ("Maison des services", "la Maison des services", "à la Maison des services"),
        ("La Manufacture", "La Manufacture", "à La Manufacture"),
        ("Le Moulin", "Le Moulin", "au Moulin"),
        ("Les Ateliers", "Les Ateliers", "aux Ateliers"),
        ("Orne Numérique", "Orne Numérique", "à Orne Numérique"),
    ],
)
def test_a_place_is_named_with_its_article(name: str, the: str, at: str) -> None:
    assert (the_place(name), at_the_place(name)) == (the, at)


@pytest.mark.parametrize("access", list(AccessType))
def test_every_access_has_its_sentence_and_keeps_the_note(access: str) -> None:
    assert access_in_french(access, "Porte de gauche").endswith(". Porte de gauche.")


def test_the_code_comes_at_seven_or_at_once_for_today() -> None:
    assert plain(access_in_french(AccessType.CODE)).endswith("le jour même à 7 h.")
    assert access_in_french(AccessType.CODE, is_for_today=True).endswith("dans une minute.")
