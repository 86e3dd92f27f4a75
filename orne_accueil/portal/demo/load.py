"""Loading the demonstration, as often as one likes."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from coworking.models import Room
from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError
from orne_accueil.territory.models import Commune

from .bookings import Loaded, load_bookings
from .people import ARGENTAN, SEES, load_people, load_posts
from .places import load_places


@dataclass(frozen=True)
class DemoReport:
    """What is there after a load, and what it did to the bookings."""

    spaces: int
    rooms: int
    people: int
    bookings: Loaded


def load_demo(*, at: datetime) -> DemoReport:
    """Make what is missing of the demonstration and put its bookings around today. Safe to run again.

    1. people; 2. places and their rooms; 3. posts; 4. bookings. What somebody did since is kept. Raises DomainError
    without the Orne's communes.
    """
    if not Commune.objects.filter(code_insee=ARGENTAN).exists():
        raise DomainError("Chargez d’abord les communes : manage.py load_territory.", code="no_territory")
    # One transaction: a hundred commits, each waiting for the disk, would take longer than all the rest.
    with transaction.atomic():
        return _load(at)


def _load(at: datetime) -> DemoReport:
    today = clock.local(at).date()
    cast = load_people(at=at)
    spaces = load_places(coordination=cast.coordination, at=at, today=today)
    load_posts(cast, spaces=[spaces[ARGENTAN], spaces[SEES]], at=at)
    loaded = load_bookings(cast, spaces, at=at, today=today)
    return DemoReport(
        spaces=len(spaces),
        rooms=Room.objects.filter(space__in=spaces.values()).count(),
        people=len(cast.everybody),
        bookings=loaded,
    )
