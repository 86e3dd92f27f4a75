"""Reads of spaces for public pages and open data."""

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Prefetch, Q, QuerySet

from coworking.models import Equipment, Room, Space, SpaceQuerySet


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
    return list(Equipment.objects.filter(rooms__is_active=True).distinct())


def bookable_rooms(space: Space) -> list[Room]:
    """The rooms that the public may book there, each with its `equipment_names`, in order. One query."""
    rooms = list(with_equipment_names(space.rooms.filter(is_active=True)))
    for room in rooms:
        room.space = space
    return rooms


def with_equipment_names(rooms: QuerySet[Room]) -> QuerySet[Room]:
    """The rooms with the sorted names of their tags in `equipment_names`, without a query of their own."""
    return rooms.annotate(
        equipment_names=ArrayAgg(
            "equipment__name", filter=Q(equipment__isnull=False), order_by="equipment__name", default=[]
        )
    )


def listed_elsewhere() -> list[Space]:
    """Published spaces that are booked on a site of their own, by name. One query."""
    return list(Space.objects.published().filter(is_bookable=False).select_related("commune"))
