"""Volume data: as much as asked, never overlapping, the same each time, and never in production by accident."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from coworking.enums import LIVE_STATES
from coworking.management.seed import Volume, seed
from coworking.models import Booking, Occupation, Room, Space, Unit
from coworking.rules import hours
from orne_accueil.accounts.models import Person
from orne_accueil.territory.models import Landmark
from tests.conftest import paris
from tests.factories import make_commune

pytestmark = pytest.mark.django_db

NOW = paris("2026-11-25 08:30")


@pytest.fixture(autouse=True)
def communes(db: None) -> None:
    for _ in range(3):
        make_commune()


def run(bookings: int = 400, *, at: datetime = NOW, **wanted: int) -> None:
    defaults: dict[str, Any] = {"rooms": None, "spaces": None, "years": None, "seed": 61}
    seed(Volume.of(bookings, **defaults | wanted), at=at, say=lambda text: None)


@pytest.mark.parametrize(
    ("bookings", "rooms", "years"), [(10_000, 60, 1), (1_000_000, 600, 10), (167, 1, 1), (1, 1, 1)]
)
def test_what_is_not_given_follows_from_the_density(bookings: int, rooms: int, years: int) -> None:
    volume = Volume.of(bookings, rooms=None, spaces=None, years=None, seed=1)

    assert (volume.rooms, volume.years, volume.spaces) == (rooms, years, max(1, rooms // 3))


def test_as_much_is_written_as_was_asked() -> None:
    run(400, rooms=6, spaces=2)

    assert (Space.objects.count(), Room.objects.count(), Booking.objects.count()) == (2, 6, 400)
    assert Unit.objects.count() == 16
    assert Occupation.objects.count() == 400
    assert Landmark.objects.filter(kind="space").count() == 2


def test_two_live_occupations_never_overlap() -> None:
    run(400, rooms=3, years=1)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM coworking_occupation a JOIN coworking_occupation b "
            "ON a.unit_id = b.unit_id AND a.id < b.id AND a.occupies && b.occupies"
        )
        assert cursor.fetchone() == (0,)


def test_bookings_are_what_they_say() -> None:
    run(400)

    states = Counter(Booking.objects.values_list("state", flat=True))
    assert states["confirmed"] > 300
    assert {"cancelled", "refused"} < set(states)
    for booking in Booking.objects.select_related("room__space").prefetch_related("occupations"):
        booking.full_clean(exclude=["room", "person"])
        assert hours.is_within(booking.room.space.opening_hours, booking.starts_at, booking.ends_at)
        assert [occupation.live for occupation in booking.occupations.all()] == [booking.state in LIVE_STATES]


def test_some_are_to_come_and_most_are_past() -> None:
    run(400)

    coming = Booking.objects.filter(starts_at__gt=NOW).count()
    assert 20 < coming < 100
    assert not Booking.objects.filter(starts_at__gt=NOW + timedelta(weeks=9)).exists()


def test_the_same_seed_gives_the_same_bookings() -> None:
    def references(seed: int) -> list[Any]:
        run(60, seed=seed)
        found = list(Booking.objects.order_by("pk").values_list("reference", "starts_at", "state"))
        for model in (Booking, Space, Person):
            model.objects.all().delete()
        return found

    first = references(61)
    assert references(61) == first
    assert references(62) != first


def test_it_adds_to_what_is_there() -> None:
    run(60)
    run(60)

    assert Booking.objects.count() == 120


def test_keys_go_on_after_those_written_at_once() -> None:
    run(60)

    booking = Booking.objects.order_by("pk").last()
    assert booking is not None
    last = booking.pk
    booking.pk, booking.reference = None, Booking().reference
    booking.save()
    assert booking.pk == last + 1


def test_more_than_the_rooms_hold_is_refused() -> None:
    with pytest.raises(CommandError, match="donnez plus de salles"):
        call_command("seed_load", "--bookings", "5000", "--rooms", "1", "--years", "1", verbosity=0)

    assert not Booking.objects.exists()


@pytest.mark.parametrize("option", ["--listings", "--searches"])
def test_what_does_not_exist_yet_says_so(option: str) -> None:
    with pytest.raises(CommandError, match="pas encore"):
        call_command("seed_load", option, "5")


def test_production_is_spared(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setitem(connection.settings_dict, "NAME", "orne")
    settings.DEBUG = False

    with pytest.raises(CommandError, match="--yes-i-know"):
        call_command("seed_load", "--bookings", "10")
    assert not Booking.objects.exists()

    call_command("seed_load", "--bookings", "10", "--yes-i-know", verbosity=0)
    assert Booking.objects.count() == 10
