"""Reads for pages, with a bounded number of queries whatever the number of bookings."""

from .availability import (
    Alternative,
    Answer,
    Cell,
    Found,
    Missed,
    RoomWeek,
    Search,
    Week,
    alternatives,
    free_rooms,
    nearest_free_rooms,
    search_rooms,
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
from .national import FileState, national_file_state, national_lines
from .preview import Choice, RoomDay, room_day, would_book
from .rows import bookable_rooms, space_page
from .spaces import equipment_in_use, listed_elsewhere, public_spaces

__all__ = [
    "Alternative",
    "Answer",
    "Cell",
    "Choice",
    "DaySheet",
    "FileState",
    "Found",
    "Missed",
    "RoomDay",
    "RoomWeek",
    "Search",
    "Week",
    "alternatives",
    "answerers_of",
    "bookable_rooms",
    "bookings_of",
    "coordinators",
    "day_sheet",
    "equipment_in_use",
    "free_rooms",
    "half_days_left",
    "listed_elsewhere",
    "national_file_state",
    "national_lines",
    "nearest_free_rooms",
    "public_spaces",
    "room_day",
    "search_rooms",
    "space_page",
    "space_week",
    "upcoming_closures",
    "waiting_for",
    "week_of",
    "would_book",
]
