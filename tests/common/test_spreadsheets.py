"""CSV that no spreadsheet computes."""

import csv
import io

import pytest

from orne_accueil.common.spreadsheets import csv_lines, safe_cell

ATTACKS = [
    '=HYPERLINK("http://x","y")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\u200b=1+1",
    "\ufeff=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM",
    "|cmd",
    "\tplain",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_could_start_a_formula_is_disarmed(attack: str) -> None:
    assert safe_cell(attack) == f"'{attack}"


@pytest.mark.parametrize(
    "plain", ["", "Léa Fontaine", "a=b", "1 + 1", "« =1 »", "06 12 34 56 78", "l’été", "2026-12-01", "x@y.fr"]
)
def test_plain_words_are_left_alone(plain: str) -> None:
    assert safe_cell(plain) == plain


def test_numbers_and_nothing_are_left_alone() -> None:
    assert (safe_cell(-3), safe_cell(2.5), safe_cell(None)) == ("-3", "2.5", "")


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_disarmed_cell_reads_back_whole(attack: str) -> None:
    text = "".join(csv_lines(["Nom", "Note"], [["Léa; « x »", attack]]))

    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))
    assert rows == [["Nom", "Note"], ["Léa; « x »", f"'{attack}"]]
