"""The eleven public holidays of metropolitan France (Code du travail, article L3133-1)."""

from datetime import date, timedelta
from functools import lru_cache

from dateutil.easter import easter

_FIXED = {
    (1, 1): "jour de l’An",
    (5, 1): "fête du Travail",
    (5, 8): "8 Mai",
    (7, 14): "fête nationale",
    (8, 15): "Assomption",
    (11, 1): "Toussaint",
    (11, 11): "11 Novembre",
    (12, 25): "Noël",
}
_AFTER_EASTER = {1: "lundi de Pâques", 39: "Ascension", 50: "lundi de Pentecôte"}


@lru_cache(maxsize=200)
def _of_year(year: int) -> dict[date, str]:
    sunday = easter(year)
    moving = {sunday + timedelta(days=days): name for days, name in _AFTER_EASTER.items()}
    return {date(year, month, day): name for (month, day), name in _FIXED.items()} | moving


def holiday_name(day: date) -> str | None:
    """The name of the public holiday that falls on `day`, or None."""
    return _of_year(day.year).get(day)


def is_working_day(day: date) -> bool:
    """Monday to Friday, public holidays excepted."""
    return day.weekday() < 5 and holiday_name(day) is None
