"""One keyword-only function per use case: the only writers of this app.

Each opens the transaction, takes the locks of docs/locking.md, decides by the rules, writes, and enqueues the message.
"""

from .bookings import (
    AlreadyBooked,
    SlotTaken,
    approve_booking,
    book_room,
    cancel_booking,
    change_booking,
    lapse_booking,
    mark_presence,
    refuse_booking,
)
from .callers import book_for_caller
from .closures import ClosureBlocked, close_space, reopen_space
from .imports import ImportReport, LineNote, import_spaces
from .messages import write_access_messages, write_reminders
from .photos import change_photo
from .spaces import (
    HoursBlocked,
    add_animator,
    add_room,
    change_hours,
    change_room,
    remove_animator,
    save_space,
    set_unit_count,
)
from .team import invite_animator

__all__ = [
    "AlreadyBooked",
    "ClosureBlocked",
    "HoursBlocked",
    "ImportReport",
    "LineNote",
    "SlotTaken",
    "add_animator",
    "add_room",
    "approve_booking",
    "book_for_caller",
    "book_room",
    "cancel_booking",
    "change_booking",
    "change_hours",
    "change_photo",
    "change_room",
    "close_space",
    "import_spaces",
    "invite_animator",
    "lapse_booking",
    "mark_presence",
    "refuse_booking",
    "remove_animator",
    "reopen_space",
    "save_space",
    "set_unit_count",
    "write_access_messages",
    "write_reminders",
]
