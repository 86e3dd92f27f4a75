"""What a booking is decided on, read in SQL under the space's lock: the room as it is, what closes it, who sits where.

The ORM would take five times the processor of all the rest of a booking to write these five queries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from coworking.enums import LIVE_STATES, Presence
from coworking.models import Booking, Room
from coworking.rules.slots import LONGEST, ClosedTime, Seat

from .rows import _fetch

_LIVE = sorted(state.value for state in LIVE_STATES)

_DECIDING = (
    "mode", "min_minutes", "max_minutes", "notice_minutes", "horizon_days", "buffer_before_minutes",
    "buffer_after_minutes", "quota_half_days", "change_limit_minutes", "capacity", "needs_approval",
)  # fmt: skip
_ROOM = f"""
    SELECT s.opening_hours, {", ".join(f"r.{name}" for name in _DECIDING)}
    FROM coworking_room r JOIN coworking_space s ON s.id = r.space_id
    WHERE r.id = %s AND r.is_active AND s.is_published AND s.is_bookable
"""  # noqa: S608 - names of our columns

_CLOSED = """
    SELECT x.starts_at, x.ends_at, x.reason FROM coworking_closure x
    WHERE x.space_id = %(space)s AND x.starts_at < %(end)s AND x.ends_at > %(start)s
        AND (x.room_id IS NULL OR x.room_id = %(room)s OR EXISTS (
            SELECT 1 FROM coworking_room_includes i WHERE i.from_room_id = %(room)s AND i.to_room_id = x.room_id
        ))
    ORDER BY x.starts_at, x.id
"""

_HERS = """
    SELECT
        (SELECT b.id FROM coworking_booking b
         WHERE b.person_id = %(person)s AND b.room_id = %(room)s AND b.starts_at = %(start)s AND b.ends_at = %(end)s
             AND b.state = ANY(%(live)s) ORDER BY b.id LIMIT 1),
        EXISTS (SELECT 1 FROM coworking_booking b WHERE b.person_id = %(person)s AND b.state = ANY(%(live)s))
"""

_SEATS = """
    WITH taken AS (
        SELECT u.id, u.room_id, u.position FROM coworking_unit u WHERE u.room_id = %(room)s AND u.is_active
        UNION
        SELECT u.id, u.room_id, u.position FROM coworking_room_includes i
        JOIN coworking_unit u ON u.room_id = i.to_room_id
        WHERE i.from_room_id = %(room)s AND u.is_active
    )
    SELECT u.id, u.room_id = %(room)s, o.id, lower(o.occupies), upper(o.occupies),
        u.room_id = b.room_id AND b.presence <> %(present)s
    FROM taken u
    LEFT JOIN LATERAL (
        SELECT o.id, o.occupies, o.booking_id FROM coworking_occupation o
        WHERE o.unit_id = u.id AND o.live AND lower(o.occupies) > %(earliest)s
            AND lower(o.occupies) < %(end)s AND upper(o.occupies) > %(start)s
        OFFSET 0
    ) o ON true
    LEFT JOIN coworking_booking b ON b.id = o.booking_id
    ORDER BY u.position, u.id, o.id
"""
# Unit by unit, by the index on (unit, start): asked for the range alone, PostgreSQL would walk the whole network's.


def refresh(room: Room) -> bool:
    """Read afresh, into the room and its space, what decides of a booking; False when the public may no longer book it.

    One query, and one more where the room came without its space.
    """
    rows = _fetch(_ROOM, [room.pk])
    if not rows:
        return False
    room.space.opening_hours, *values = rows[0]
    for name, value in zip(_DECIDING, values, strict=True):
        setattr(room, name, value)
    return True


def closed_times(room: Room, start: datetime, end: datetime) -> list[ClosedTime]:
    """What closes the room, its space or a room that it takes too, within [start, end). One query."""
    asked = {"space": room.space_id, "room": room.pk, "start": start, "end": end}
    return [ClosedTime(*row) for row in _fetch(_CLOSED, asked)]


@dataclass(frozen=True)
class Hers:
    """What a person has already: this very slot, and anything live at all."""

    same: Booking | None
    has_any: bool


def already_hers(person_id: int, room: Room, start: datetime, end: datetime) -> Hers:
    """Whether a person holds this very slot, and whether she ever booked. One query, two when she holds it."""
    asked = {"person": person_id, "room": room.pk, "start": start, "end": end, "live": _LIVE}
    [(same, has_any)] = _fetch(_HERS, asked)
    return Hers(Booking.objects.get(pk=same) if same is not None else None, has_any)


@dataclass(frozen=True)
class Seats:
    """The units that a room takes: its own, identical, and those of the rooms it includes; and who sits in its own."""

    own: Sequence[int]
    included: Sequence[int]
    taken: Sequence[Seat]


def seats_of(room: Room, start: datetime, end: datetime) -> Seats:
    """The room's units, in order, and the live occupations of its own that the chain of overlaps around [start, end)
    reaches. One query, and one per link of the chain.

    A seat may move while its holder takes a single unit and has not arrived. `includes` holds the rooms that those
    include in turn: the action that writes it sees to that.
    """
    while True:
        seats = _read_seats(room, start, end)
        if len(seats.own) < 2 or not seats.taken:
            return seats
        widest = min(start, *(s.start for s in seats.taken)), max(end, *(s.end for s in seats.taken))
        if widest == (start, end):
            return seats
        start, end = widest


def _read_seats(room: Room, start: datetime, end: datetime) -> Seats:
    earliest = start - LONGEST - timedelta(days=1)
    asked = {"room": room.pk, "start": start, "end": end, "earliest": earliest, "present": Presence.PRESENT.value}
    own: dict[int, None] = {}
    included: dict[int, None] = {}
    taken = []
    for unit, is_own, key, first, last, movable in _fetch(_SEATS, asked):
        (own if is_own else included)[unit] = None
        if is_own and key is not None:
            taken.append(Seat(key=key, unit=unit, start=first, end=last, movable=bool(movable)))
    return Seats(list(own), list(included), taken)
