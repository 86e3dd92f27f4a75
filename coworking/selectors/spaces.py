"""Reads of spaces for public pages and open data."""

from django.db.models import Prefetch

from coworking.models import Equipment, Room, Space, SpaceQuerySet
from orne_accueil.common.text import fold


def public_spaces() -> SpaceQuerySet:
    """Published spaces with commune and active rooms (`space.active_rooms`). Two queries."""
    rooms = Room.objects.filter(is_active=True)
    return (
        Space.objects.published()
        .select_related("commune")
        .prefetch_related(Prefetch("rooms", queryset=rooms, to_attr="active_rooms"))
    )


def equipment_in_use() -> list[Equipment]:
    """The tags that at least one bookable room carries, by name."""
    return sorted(Equipment.objects.filter(rooms__is_active=True).distinct(), key=lambda tag: fold(tag.name))


def listed_elsewhere() -> list[Space]:
    """Published spaces that are booked on a site of their own, by name. One query."""
    return list(Space.objects.published().filter(is_bookable=False).select_related("commune"))
