"""A file in the national format « Lieux de médiation numérique » (schema 1.0.2): bytes in, lines out, and back."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from orne_accueil.common.errors import DomainError
from orne_accueil.common.text import NBSP, joined

COLUMNS = (
    "id", "pivot", "nom", "commune", "code_postal", "code_insee", "adresse", "complement_adresse", "latitude",
    "longitude", "typologie", "telephone", "courriels", "site_web", "horaires", "presentation_resume",
    "presentation_detail", "source", "itinerance", "structure_parente", "date_maj", "services",
    "publics_specifiquement_adresses", "prise_en_charge_specifique", "frais_a_charge",
    "dispositif_programmes_nationaux", "formations_labels", "autres_formations_labels", "modalites_acces",
    "modalites_accompagnement", "fiche_acces_libre", "prise_rdv",
)  # fmt: skip
"""In the order of the schema, which is the order of an export."""

REQUIRED = ("id", "pivot", "nom", "commune", "code_postal", "adresse", "date_maj")
"""Reading does without `commune` where `code_insee` says it."""

LONGEST_FILE = 50 * 1024 * 1024

_SEPARATORS = {",": "virgule", ";": "point-virgule", "\t": "tabulation", "|": "barre verticale"}
_LINES_PER_RECORD = 500
"""A quoted cell that runs over more lines than this was not closed."""


class FileRefused(DomainError):
    """The file cannot be read at all: nothing was imported."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="file_refused", field="file")


@dataclass(frozen=True)
class Record:
    """One line of the table: where it starts in the file, and its cells, or why they cannot be read."""

    line: int
    cells: dict[str, str] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True)
class Table:
    """A file that can be read: its columns, how it was written, what deserves a word, and its lines, read as asked."""

    columns: tuple[str, ...]
    encoding: str
    separator: str
    notices: tuple[str, ...]
    records: Iterator[Record]

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """The columns that the format does not know; they are kept and given back."""
        return tuple(name for name in self.columns if name not in COLUMNS)


def read_table(content: bytes | str) -> Table:
    """Find how a file was written (encoding, separator, columns). Raises FileRefused, in one sentence.

    UTF-8 with or without a byte order mark, UTF-16 with one, else Windows-1252; `,` `;` tabulation or `|`.
    """
    if len(content) > LONGEST_FILE:
        raise FileRefused(f"Ce fichier dépasse {LONGEST_FILE // 1024**2}{NBSP}Mo{NBSP}: coupez-le en plusieurs.")
    text, encoding = _decoded(content) if isinstance(content, bytes) else (content.removeprefix("\ufeff"), "texte")
    lines = list(io.StringIO(text, newline=""))
    start = next((index for index, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise FileRefused("Ce fichier est vide.")
    separator = max(_SEPARATORS, key=lines[start].count)
    header, used = _next_record(lines, start, separator)
    if header is None:
        raise FileRefused(f"La ligne des titres (ligne {start + 1}) a des guillemets non fermés.")
    names = [_column(name) for name in header]
    notices = _check_header(names)
    if encoding == "Windows-1252":
        notices.append(f"Ce fichier n’est pas en UTF-8, que le format demande{NBSP}: il a été lu en Windows-1252.")
    return Table(
        columns=tuple(filter(None, names)),
        encoding=encoding,
        separator=_SEPARATORS[separator],
        notices=tuple(notices),
        records=_records(lines, start + used, names, separator),
    )


def _decoded(content: bytes) -> tuple[str, str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = [("utf-16", "UTF-16")]
    else:
        candidates = [("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252")]
    for codec, label in candidates:
        try:
            return content.decode(codec), label
        except UnicodeDecodeError:
            continue
    raise FileRefused(f"Ce fichier n’est pas un CSV en UTF-8{NBSP}: enregistrez-le au format «{NBSP}CSV UTF-8{NBSP}».")


def _column(name: str) -> str:
    """A title as the format writes it, however it was capitalised; another column's own title otherwise."""
    bare = name.strip()
    return bare.lower() if bare.lower() in COLUMNS else bare


def _check_header(names: list[str]) -> list[str]:
    missing = [name for name in REQUIRED if name not in names and not (name == "commune" and "code_insee" in names)]
    if missing:
        if len(names) == 1:
            raise FileRefused(
                f"Les colonnes ne se distinguent pas{NBSP}: séparez-les par des virgules ou des points-virgules."
            )
        word = "les colonnes obligatoires" if len(missing) > 1 else "la colonne obligatoire"
        raise FileRefused(f"Il manque à ce fichier {word} {joined(missing)}{NBSP}: rien n’a été importé.")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise FileRefused(f"Une colonne est présente deux fois{NBSP}: {joined(twice)}. Rien n’a été importé.")
    unnamed = [str(index) for index, name in enumerate(names, start=1) if not name]
    return [f"Colonne sans titre, ignorée{NBSP}: n°{NBSP}{joined(unnamed)}."] if unnamed else []


def _records(lines: list[str], start: int, names: list[str], separator: str) -> Iterator[Record]:
    """Every line that holds something. One that cannot be read costs itself alone: reading resumes on the next."""
    position = start
    while position < len(lines):
        cells, used = _next_record(lines, position, separator)
        number = position + 1
        position += used
        if cells is None:
            yield Record(number, fault="des guillemets ne sont pas fermés, ou suivis d’autre chose qu’un séparateur.")
        elif any(cell.strip() for cell in cells):
            yield _record(number, cells, names)


def _next_record(lines: list[str], position: int, separator: str) -> tuple[list[str] | None, int]:
    """The cells that start on a line of the file and how many lines they take; None and 1 when unreadable."""
    window = (lines[index] for index in range(position, min(position + _LINES_PER_RECORD, len(lines))))
    reader = csv.reader(window, delimiter=separator, strict=True)
    try:
        return next(reader, []), max(reader.line_num, 1)
    except csv.Error:
        return None, 1


def _record(number: int, cells: list[str], names: list[str]) -> Record:
    if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
        return Record(number, fault=_count_fault(len(cells), len(names), "trop"))
    if len(cells) < len(names):
        return Record(number, fault=_count_fault(len(cells), len(names), "trop peu"))
    found = {name: cell for name, cell in zip(names, cells, strict=False) if name}
    if any("\x00" in cell for cell in found.values()):
        return Record(number, fault="une cellule contient un caractère nul.")
    return Record(number, found)


def _count_fault(found: int, expected: int, word: str) -> str:
    return f"{word} de cellules ({found} pour {expected} colonnes){NBSP}: un séparateur manque ou est de trop."


def write_table(rows: Iterable[Mapping[str, str]], extra_columns: Iterable[str] = ()) -> Iterator[str]:
    """The lines of a file in the format, header first: commas, `\\r\\n` (RFC 4180).

    The format is read by machines: cells are not armoured against spreadsheet formulas (an apostrophe before « + »
    would break every telephone of the national map). What people open in a spreadsheet is exported elsewhere, armoured.
    """
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, [*COLUMNS, *extra_columns], restval="", lineterminator="\r\n")
    writer.writeheader()
    yield buffer.getvalue()
    for row in rows:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(row)
        yield buffer.getvalue()
