"""Reads in SQL, for the page that is asked most: one space's week.

The ORM spends more time writing these queries than PostgreSQL answering them: on the week page, 9 ms of processor out
of 24, against 2 so. What comes out are the same models, without the columns that the page does not show.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

from coworking.models import Closure, Room, Space
from coworking.rules.slots import LONGEST
from orne_accueil.common.text import fold
from orne_accueil.territory.models import Commune

M = TypeVar("M", bound=Model)

_NOT_SHOWN = frozenset({"national", "staff_edited", "access_code"})

_PAGE = """
    SELECT {space}, c.id, c.code_insee, c.name, station.name, station.latitude, station.longitude
    FROM coworking_space s
    JOIN territory_commune c ON c.id = s.commune_id
    LEFT JOIN territory_nearestlandmark n ON n.commune_id = c.id AND n.kind = 'station'
    LEFT JOIN territory_landmark station ON station.id = n.landmark_id
    WHERE s.slug = %s AND s.is_published
"""

_ROOMS = """
    SELECT {room}, ARRAY(
        SELECT e.name FROM coworking_equipment e
        JOIN coworking_room_equipment carries ON carries.equipment_id = e.id
        WHERE carries.room_id = r.id
    )
    FROM coworking_room r
    WHERE r.space_id = %s AND r.is_active
    ORDER BY r.position, r.name, r.id
"""

_CLOSURES = """
    SELECT {closure} FROM coworking_closure x
    WHERE x.space_id = %s AND x.starts_at < %s AND x.ends_at > %s
    ORDER BY x.starts_at, x.id
"""

_TAKEN = """
    WITH taken AS (
        SELECT u.id, u.room_id, u.position, NULL::bigint AS larger
        FROM coworking_unit u WHERE u.room_id = ANY(%(rooms)s) AND u.is_active
        UNION ALL
        SELECT u.id, u.room_id, u.position, i.from_room_id
        FROM coworking_room_includes i JOIN coworking_unit u ON u.room_id = i.to_room_id
        WHERE i.from_room_id = ANY(%(rooms)s) AND u.is_active
    )
    SELECT u.id, u.room_id, u.larger, lower(o.occupies), upper(o.occupies)
    FROM taken u
    LEFT JOIN LATERAL (
        SELECT o.occupies FROM coworking_occupation o
        WHERE o.unit_id = u.id AND o.live AND lower(o.occupies) > %(earliest)s
            AND lower(o.occupies) < %(end)s AND upper(o.occupies) > %(start)s
        OFFSET 0
    ) o ON true
    ORDER BY u.position, u.id
"""
# Unit by unit, by the index on (unit, start): asked for the range alone, PostgreSQL would walk the whole network's,
# which takes 30 ms of a week at a million bookings.


@cache
def _shown(model: type[Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if field.name not in _NOT_SHOWN]


@cache
def _columns(model: type[Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in _shown(model))


@cache
def _sql(template: str, model: type[Model], alias: str) -> str:
    names = ", ".join(f'{alias}."{field.column}"' for field in _shown(model))
    return template.format(**{str(model._meta.model_name): names})


def _fetch(sql: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def _made(model: type[M], row: Sequence[Any]) -> M:
    columns = _columns(model)
    return model.from_db(connection.alias, columns, row[: len(columns)])


def space_page(slug: str) -> Space | None:
    """A published space with its commune's name, and that commune's nearest station. One query.

    Beside the model's: `station_name` (None where no station is known), `station_latitude`, `station_longitude`.
    """
    rows = _fetch(_sql(_PAGE, Space, "s"), [slug])
    if not rows:
        return None
    space = _made(Space, rows[0])
    commune, code, name, *station = rows[0][len(_columns(Space)) :]
    # from_db reads values in the model's own order of fields, whatever the order of the names.
    space.commune = Commune.from_db(connection.alias, ("id", "code_insee", "name"), (commune, code, name))
    space.station_name, space.station_latitude, space.station_longitude = station  # type: ignore[attr-defined]
    return space


def bookable_rooms(space: Space) -> list[Room]:
    """The rooms that the public may book there, each with its `equipment_names`, in order. One query."""
    rooms = []
    for row in _fetch(_sql(_ROOMS, Room, "r"), [space.pk]):
        room = _made(Room, row)
        room.equipment_names = sorted(row[-1], key=fold)  # type: ignore[attr-defined]
        room.space = space
        rooms.append(room)
    return rooms


def closures_between(space: Space, start: datetime, end: datetime) -> list[Closure]:
    """The closures of a space and of its rooms that touch [start, end), in order. One query."""
    return [_made(Closure, row) for row in _fetch(_sql(_CLOSURES, Closure, "x"), [space.pk, end, start])]


def taken_units(
    rooms: Sequence[int], start: datetime, end: datetime
) -> Iterator[tuple[int, int, int | None, datetime | None, datetime | None]]:
    """The units that these rooms take, and their live occupations that touch [start, end). One query.

    Rows of (unit, its room, a larger room among `rooms` that takes it too, occupied from, until); a free unit has one
    row without occupation. The bound on the start serves the index: nothing lasts more than LONGEST and a day.
    """
    earliest = start - LONGEST - timedelta(days=1)
    yield from _fetch(_TAKEN, {"rooms": list(rooms), "start": start, "end": end, "earliest": earliest})
