"""Rivals at the same instant, on real connections: one wins, the others read why, and nothing deadlocks.

Each guard has a twin test with the guard off, in which the fault appears: a race that cannot be lost proves nothing.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from coworking import actions
from coworking.actions.bookings import SlotTaken
from coworking.enums import Period
from coworking.models import Booking, Closure, Occupation, Room
from coworking.selectors import ground
from orne_accueil.common import clock, db
from orne_accueil.common.db import DEADLOCK_DETECTED, constraints_as_errors, period, sqlstate
from orne_accueil.common.errors import Busy, DomainError
from tests.factories import make_person
from tests.factories_coworking import NOW, TUESDAY, half_day, make_room, make_space

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.engine]

CLIENTS = 24


def at_once(count: int, gesture: Callable[[int], Any]) -> list[Any]:
    """Run `gesture(0)`, … `gesture(count - 1)` in as many threads, let go together; results or exceptions."""
    barrier = threading.Barrier(count)
    results: list[Any] = [None] * count

    def run(index: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=60)
            results[index] = gesture(index)
        except Exception as error:  # the exception is the result
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return results


def overlapping_pairs() -> int:
    """How many pairs of live occupations of one unit share an instant: the fault itself, counted in SQL."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM coworking_occupation a JOIN coworking_occupation b
               ON a.unit_id = b.unit_id AND a.id < b.id AND a.occupies && b.occupies WHERE a.live AND b.live"""
        )
        return cursor.fetchone()[0]


@contextmanager
def without_the_constraint():
    """Take the exclusion constraint away, and put it back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'occupation_never_overlaps'"
        )
        (definition,) = cursor.fetchone()
        cursor.execute("ALTER TABLE coworking_occupation DROP CONSTRAINT occupation_never_overlaps")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE coworking_occupation CASCADE")
            cursor.execute(f"ALTER TABLE coworking_occupation ADD CONSTRAINT occupation_never_overlaps {definition}")


def test_one_slot_has_one_holder() -> None:
    room = make_room()
    people = [make_person() for _ in range(CLIENTS)]

    results = at_once(
        CLIENTS,
        lambda i: actions.book_room(room=room, person=people[i], wish=half_day(), usage="other", by=people[i], at=NOW),
    )

    outcomes = Counter(type(result) for result in results)
    assert outcomes.pop(Booking) == 1
    assert set(outcomes) <= {SlotTaken, Busy}, results  # Busy: on a slow machine the queue outlasts the lock's patience
    assert outcomes.total() == CLIENTS - 1
    assert overlapping_pairs() == 0


def test_without_lock_and_constraint_one_slot_has_several(monkeypatch: pytest.MonkeyPatch) -> None:
    room = make_room()
    people = [make_person() for _ in range(CLIENTS)]
    monkeypatch.setattr(actions.bookings, "advisory_lock", lambda *args, **kwargs: None)
    everybody_looked = threading.Barrier(CLIENTS)
    look = ground.seats_of

    def look_together(*args: Any) -> Any:
        seats = look(*args)
        everybody_looked.wait(timeout=60)
        return seats

    monkeypatch.setattr(ground, "seats_of", look_together)
    with without_the_constraint():
        at_once(
            CLIENTS,
            lambda i: actions.book_room(
                room=room, person=people[i], wish=half_day(), usage="other", by=people[i], at=NOW
            ),
        )
        assert overlapping_pairs() > 0


def test_the_constraint_alone_still_refuses_a_second_holder(monkeypatch: pytest.MonkeyPatch) -> None:
    room = make_room()
    people = [make_person() for _ in range(4)]
    monkeypatch.setattr(actions.bookings, "advisory_lock", lambda *args, **kwargs: None)

    results = at_once(
        4,
        lambda i: actions.book_room(room=room, person=people[i], wish=half_day(), usage="other", by=people[i], at=NOW),
    )

    assert sum(isinstance(result, Booking) for result in results) == 1
    assert all(isinstance(result, Booking | DomainError) for result in results), results
    assert overlapping_pairs() == 0


def _several_slots(room: Room, *, lock: bool) -> list[Any]:
    """Each client takes ten slots in one transaction, in an order of its own, as a series will."""
    unit = room.units.get()

    def take(index: int) -> str:
        days = [TUESDAY + timedelta(days=offset) for offset in range(10)]
        random.Random(index).shuffle(days)
        try:
            with transaction.atomic():
                if lock:
                    db.advisory_lock(db.LOCK_SPACE, [room.space_id])
                for day in days:
                    start, end = clock.day_bounds(day)
                    with constraints_as_errors():
                        Occupation.objects.create(unit=unit, occupies=period(start, end))
        except DomainError:
            return "taken"
        except OperationalError as error:
            return sqlstate(error) or "?"
        return "booked"

    return at_once(20, take)


def test_twenty_clients_and_ten_slots_never_deadlock() -> None:
    results = _several_slots(make_room(), lock=True)

    assert Counter(results) == {"booked": 1, "taken": 19}


def test_without_the_lock_they_deadlock() -> None:
    results = _several_slots(make_room(), lock=False)

    assert DEADLOCK_DETECTED in results


def test_closing_and_booking_at_once_leave_no_booking_in_a_closure() -> None:
    space = make_space()
    rooms = [make_room(space) for _ in range(6)]
    people = [make_person() for _ in range(12)]
    start, end = clock.day_bounds(TUESDAY)

    def gesture(index: int) -> Any:
        if index == 0:
            return actions.close_space(space=space, room=None, start=start, end=end, reason="Gel", by=people[0], at=NOW)
        return actions.book_room(
            room=rooms[index % 6], person=people[index], wish=half_day(), usage="other", by=people[index], at=NOW
        )

    at_once(12, gesture)

    closed, booked = Closure.objects.count(), Booking.objects.live().count()
    assert (closed, booked) in {(0, 6), (1, 0)}


def test_changes_that_cross_do_not_deadlock() -> None:
    """Two people swap halves of a day in two rooms: whoever is second is told, nobody loses what she had."""
    space = make_space()
    rooms = [make_room(space), make_room(space)]
    people = [make_person(), make_person()]
    held = [
        actions.book_room(room=rooms[i], person=people[i], wish=half_day(), usage="other", by=people[i], at=NOW)
        for i in range(2)
    ]

    results = at_once(
        2,
        lambda i: actions.change_booking(
            booking=held[i],
            room=rooms[1 - i],
            wish=half_day(),
            usage="other",
            attendees=1,
            note="",
            by=people[i],
            at=NOW,
        ),
    )

    assert all(isinstance(result, SlotTaken) for result in results)
    assert Booking.objects.live().count() == 2
    assert overlapping_pairs() == 0


def test_a_held_lock_is_waited_for_and_then_refused_politely(monkeypatch: pytest.MonkeyPatch) -> None:
    room = make_room()
    person = make_person()
    release = threading.Event()
    held = threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                db.advisory_lock(db.LOCK_SPACE, [room.space_id])
                held.set()
                release.wait(timeout=30)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(timeout=30)
    monkeypatch.setattr(
        actions.bookings, "advisory_lock", lambda kind, keys: db.advisory_lock(kind, keys, timeout_ms=200)
    )
    try:
        with pytest.raises(Busy, match="Rien n’est perdu"):
            actions.book_room(room=room, person=person, wish=half_day(), usage="other", by=person, at=NOW)
    finally:
        release.set()
        thread.join()


def test_desks_of_one_room_fill_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    room = make_room(units=6)
    people = [make_person() for _ in range(CLIENTS)]
    periods = [Period.MORNING, Period.AFTERNOON]

    results = at_once(
        CLIENTS,
        lambda i: actions.book_room(
            room=room, person=people[i], wish=half_day(period=periods[i % 2]), usage="other", by=people[i], at=NOW
        ),
    )

    assert sum(isinstance(result, Booking) for result in results) == 12
    assert overlapping_pairs() == 0
