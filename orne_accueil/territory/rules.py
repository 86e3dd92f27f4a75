"""Pure decisions: how names are compared, and how official data is said in French. No database, no clock."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from orne_accueil.common.text import NBSP, WEEKDAYS, clock_time, fold

# What people write for what the official name spells out. « s/ » and « ss » are what envelopes carry.
_ABBREVIATIONS = {
    "st": "saint",
    "ste": "sainte",
    "sts": "saints",
    "stes": "saintes",
    "s": "sur",
    "ss": "sous",
}
_ARTICLES = ("le", "la", "les", "l")


def search_key(text: str) -> str:
    """The words by which a name is compared: « St-Germain-du-Corbéis » gives « saint germain du corbeis ».

    Blind to case, accents, hyphens and apostrophes, and to the abbreviations St, Ste, s/ and ss.
    « L'Aigle » gives « l aigle ».
    """
    return " ".join(_ABBREVIATIONS.get(word, word) for word in fold(text).split())


def typographic(text: str) -> str:
    """The name as it is printed: ’ for ', « Cœur » for « Coeur », a dash between two names."""
    return text.replace("'", "’").replace("Coeur", "Cœur").replace("coeur", "cœur").replace(" - ", " – ")


def without_preposition(name: str) -> str:
    """« Sources de l’Orne » for « des Sources de l’Orne »: an EPCI's name as a list shows it."""
    bare = re.sub(r"^(de la |de l’|des |du |de |d’)", "", name)
    return bare[:1].upper() + bare[1:]


def without_article(key: str) -> str:
    """A key without its leading article: « la ferte mace » gives « ferte mace »."""
    first, _, rest = key.partition(" ")
    return rest if rest and first in _ARTICLES else key


def within_one_edit(one: str, other: str) -> bool:
    """Whether at most one letter was added, dropped, replaced, or swapped with its neighbour.

    That is a Damerau-Levenshtein distance of 0 or 1, in linear time.
    """
    if one == other:
        return True
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        start += 1
    if len(one) == len(other):
        if one[start + 1 :] == other[start + 1 :]:
            return True
        swapped = one[start + 1 : start + 2] + one[start : start + 1]
        return swapped == other[start : start + 2] and one[start + 2 :] == other[start + 2 :]
    if len(one) < len(other):
        return one[start:] == other[start + 1 :]
    return one[start + 1 :] == other[start:]


def starts_within_one_edit(typed: str, name: str) -> bool:
    """Whether some beginning of `name` is within one edit of what was typed."""
    return any(within_one_edit(typed, name[: len(typed) + more]) for more in (-1, 0, 1))


@dataclass(frozen=True)
class HoursLine:
    """« lundi et mardi » and « 8 h 30 – 12 h, 13 h 30 – 17 h 30 »."""

    days: str
    hours: str


def _days(first: str, last: str) -> str:
    if first == last or last not in WEEKDAYS or first not in WEEKDAYS:
        return first
    if (WEEKDAYS.index(last) - WEEKDAYS.index(first)) == 1:
        return f"{first} et {last}"
    return f"du {first} au {last}"


def hours_in_french(groups: Sequence[Sequence]) -> list[HoursLine]:
    """The mairie's hours, one line per group of days.

    `groups` is the Annuaire de l'administration's shape: [first day, last day, [["08:30:00", "12:00:00"]]],
    the days being a range, both included.
    """
    return [
        HoursLine(
            days=_days(first, last),
            hours=", ".join(
                f"{clock_time(time.fromisoformat(opens))}{NBSP}– {clock_time(time.fromisoformat(closes))}"
                for opens, closes in spans
            ),
        )
        for first, last, spans in groups
    ]
