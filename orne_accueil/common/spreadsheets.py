"""CSV that a spreadsheet opens as it is meant: French separator, accents kept, and no cell taken for a formula."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

BOM = "\ufeff"
"""Without it, Excel reads UTF-8 as Latin-1."""

_STARTS_A_FORMULA = frozenset("=+-@|%")


def safe_cell(value: Any) -> str:
    """The value as text that no spreadsheet computes: one apostrophe in front of what could start a formula.

    Full-width signs count as the plain ones, and blanks in front (spaces, tabs, returns, invisible characters) do not
    hide the sign behind. Negative numbers given as numbers are left alone; tabs and returns at the start never are.
    """
    if isinstance(value, int | float):
        return str(value)
    text = "" if value is None else str(value)
    if text[:1] in ("\t", "\r", "\n"):
        return f"'{text}"
    for char in text:
        if char.isspace() or unicodedata.category(char) in ("Cf", "Cc"):
            continue
        plain = unicodedata.normalize("NFKC", char)
        return f"'{text}" if plain[:1] in _STARTS_A_FORMULA else text
    return text


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The lines of a file, BOM first, cells made safe, semicolons between them: for a streamed answer."""
    yield BOM + _line(header)
    for row in rows:
        yield _line([safe_cell(cell) for cell in row])


def _line(cells: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()
