"""French text: folding for comparison, dates and distances as people say them."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta

from .clock import local

NBSP = "\u00a0"
NNBSP = "\u202f"

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "’": "'", "ß": "ss"})


def fold(text: str) -> str:
    """Lower-case ASCII words separated by single spaces: « L’Aigle » and « l aigle » become the same."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    bare = "".join(char for char in decomposed if not unicodedata.combining(char)).lower()
    return re.sub(r"[^a-z0-9]+", " ", bare).strip()


def long_date(day: date, *, year: bool = False) -> str:
    """« mardi 1er décembre », with the year if asked."""
    number = "1er" if day.day == 1 else str(day.day)
    words = f"{WEEKDAYS[day.weekday()]} {number}{NBSP}{MONTHS[day.month - 1]}"
    return f"{words} {day.year}" if year else words


def clock_time(wall: time | datetime) -> str:
    """« 14 h » or « 14 h 30 », as one reads a clock aloud. A datetime is shown in the Orne's time."""
    if isinstance(wall, datetime):
        wall = local(wall).time()
    return f"{wall.hour}{NBSP}h" if wall.minute == 0 else f"{wall.hour}{NBSP}h{NBSP}{wall.minute:02d}"


def date_range(start: datetime, end: datetime) -> str:
    """« mardi 1er décembre, de 14 h à 18 h », or both days when the range crosses midnight.

    Whole days have no hours: « vendredi 25 décembre, toute la journée », or the first and the last day.
    """
    first, last = local(start), local(end)
    if first.time() == last.time() == time() and first < last:
        last_day = last.date() - timedelta(days=1)
        if first.date() == last_day:
            return f"{long_date(last_day)}, toute la journée"
        return f"du {long_date(first.date())} au {long_date(last_day)}"
    if first.date() == last.date():
        return f"{long_date(first.date())}, de{NBSP}{clock_time(start)} à{NBSP}{clock_time(end)}"
    return f"du {long_date(first.date())}, {clock_time(start)}, au {long_date(last.date())}, {clock_time(end)}"


def distance(km: float) -> str:
    """« à 9 km », « à 800 m », « sur place » under 100 metres. `km` is a great-circle distance."""
    if km < 0.1:
        return "sur place"
    if km < 1:
        return f"à {round(km * 10) * 100}{NBSP}m"
    if km < 10:
        figure = f"{km:.1f}".replace(".", ",").removesuffix(",0")
        return f"à {figure}{NBSP}km"
    return f"à {km:.0f}{NBSP}km"


def de(name: str) -> str:
    """« d’Argentan », « de Sées », « du Theil », « des Aspres », « de L’Aigle »: a commune's name after « de »."""
    if name.startswith("Le "):
        return f"du {name[3:]}"
    if name.startswith("Les "):
        return f"des {name[4:]}"
    if fold(name)[:1] in set("aeiou") or fold(name).startswith("h"):
        return f"d’{name}"
    return f"de {name}"


def joined(words: list[str], last: str = "et") -> str:
    """« a, b et c »."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
