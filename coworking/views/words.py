"""Words and addresses that several pages write."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from coworking.enums import RoomKind
from orne_accueil.common.text import NBSP, distance
from orne_accueil.territory.selectors import Place

ROOM_ICONS: dict[str, str] = {
    RoomKind.DESK: "desk",
    RoomKind.OFFICE: "office",
    RoomKind.MEETING: "meeting",
    RoomKind.TRAINING: "training",
    RoomKind.BOOTH: "phone-booth",
}

APPROVAL_WORDS = "Sur accord du lieu : réponse sous deux jours."


def counted(number: int, one: str, several: str) -> str:
    """« 1 salle libre », « 3 salles libres »."""
    return f"{number}{NBSP}{one if number == 1 else several}"


def capital(text: str) -> str:
    """The sentence with its first letter in capital; the rest as it is."""
    return text[:1].upper() + text[1:]


def iso_week(day: date) -> str:
    """« 2026-W49 », as the address of a week writes it."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def week_url(slug: str, day: date) -> str:
    """The page of a space in the week of that day."""
    return f"{reverse('coworking:space', args=[slug])}?semaine={iso_week(day)}"


def book_url(slug: str, parameters: dict[str, Any]) -> str:
    """The booking form, filled with these parameters."""
    return f"{reverse('coworking:book', args=[slug])}?{urlencode(parameters)}"


def where_words(km: float | None, place: Place | None) -> str:
    """« à 9 km de la gare d’Argentan »; nothing when no place was named."""
    if km is None or place is None:
        return ""
    words = distance(km)
    return words if words == "sur place" else f"{words} {place.de_label}"


def places_left(free: int, units: int, capacity: int) -> str:
    """How many of several identical places are left, or how many people one room holds."""
    if units > 1:
        return f"{counted(free, 'place libre', 'places libres')} sur {units}"
    return f"jusqu’à {capacity}{NBSP}personnes" if capacity > 1 else ""
