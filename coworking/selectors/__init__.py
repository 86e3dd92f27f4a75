"""Reads for pages, with a bounded number of queries whatever the number of bookings."""

from .availability import (
    Alternative,
    Cell,
    Found,
    RoomWeek,
    Search,
    Week,
    alternatives,
    free_rooms,
    nearest_free_rooms,
    week_of,
)
from .bookings import (
    DaySheet,
    answerers_of,
    bookings_of,
    coordinators,
    day_sheet,
    half_days_left,
    space_week,
    upcoming_closures,
    waiting_for,
)
from .spaces import equipment_in_use, public_spaces

__all__ = [
    "Alternative",
    "Cell",
    "DaySheet",
    "Found",
    "RoomWeek",
    "Search",
    "Week",
    "alternatives",
    "answerers_of",
    "bookings_of",
    "coordinators",
    "day_sheet",
    "equipment_in_use",
    "free_rooms",
    "half_days_left",
    "nearest_free_rooms",
    "public_spaces",
    "space_week",
    "upcoming_closures",
    "waiting_for",
    "week_of",
]
