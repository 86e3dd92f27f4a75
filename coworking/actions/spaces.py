"""Spaces, their rooms, units, hours and animators."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Model

from coworking.models import Booking, Equipment, Occupation, Room, Space, SpaceAnimator, Unit
from coworking.rules import hours
from orne_accueil.accounts.models import Person
from orne_accueil.common.db import LOCK_SPACE, advisory_lock, constraints_as_errors, retry_on_deadlock
from orne_accueil.common.errors import DomainError
from orne_accueil.common.text import NBSP
from orne_accueil.territory.actions import remove_landmark, upsert_landmarks
from orne_accueil.territory.enums import LandmarkKind
from orne_accueil.territory.official_files import LandmarkData

LANDMARK_KIND = LandmarkKind.SPACE

EDITABLE_FIELDS = frozenset(
    {
        "name", "kind", "is_published", "is_bookable", "external_url", "commune", "address", "address_extra",
        "postal_code", "latitude", "longitude", "access_text", "phone", "email", "website", "summary", "description",
        "photo", "photo_credit", "labels", "technology", "down_mbps", "up_mbps", "measured_on", "measure_source",
    }
)  # fmt: skip


class HoursBlocked(DomainError):
    """Live bookings would fall outside the new hours; `bookings` lists them in order."""

    def __init__(self, bookings: Sequence[Booking]) -> None:
        count = len(bookings)
        word = "réservation tomberait" if count == 1 else "réservations tomberaient"
        super().__init__(
            f"{count}{NBSP}{word} hors de ces horaires. Déplacez-les ou annulez-les d’abord.",
            code="bookings_stand",
            field="opening_hours",
        )
        self.bookings = list(bookings)


def save_space(*, space: Space, changed: Iterable[str], by: Person | None, at: datetime) -> Space:
    """Save a space's own facts (not its hours), remember which fields staff edited, and keep its landmark.

    Of a space that exists, only what `changed` names is written: hours or another fact that somebody changed meanwhile
    stay. `by` None is the import: it marks nothing as edited. Raises DomainError for an unknown field or a broken
    constraint.
    """
    fields = set(changed)
    if unknown := fields - EDITABLE_FIELDS - {"slug", "external_id", "national", "opening_hours"}:
        raise DomainError(
            f"Ces champs ne se modifient pas ici{NBSP}: {', '.join(sorted(unknown))}.", code="unknown_field"
        )
    with transaction.atomic():
        if space.pk:
            now = Space.objects.select_for_update(of=("self",), no_key=True).only("staff_edited").get(pk=space.pk)
            space.staff_edited = now.staff_edited
        if by is not None and space.external_id:
            space.staff_edited = sorted({*space.staff_edited, *(fields & EDITABLE_FIELDS)})
        with constraints_as_errors():
            space.save(update_fields=sorted({*fields, "staff_edited", "updated_at"}) if space.pk else None)
        _keep_landmark(space)
        return space


def _keep_landmark(space: Space) -> None:
    """Homes and communes know their nearest EPN by what is pushed down here."""
    if space.is_published:
        upsert_landmarks(kind=LANDMARK_KIND, landmarks=[landmark_of(space)])
    else:
        remove_landmark(kind=LANDMARK_KIND, key=space.slug)


def landmark_of(space: Space) -> LandmarkData:
    """What the territory knows of a published space."""
    return LandmarkData(
        kind=LANDMARK_KIND,
        key=space.slug,
        name=space.name,
        commune_code=space.commune.code_insee,
        latitude=space.latitude,
        longitude=space.longitude,
        url=space.get_absolute_url(),
    )


@retry_on_deadlock
def change_hours(*, space: Space, expression: str, by: Person | None, at: datetime) -> Space:
    """Give a space new opening hours. Raises HoursBlocked with the live bookings that would fall outside them."""
    expression = expression.strip()
    hours.validate(expression)
    with transaction.atomic():
        advisory_lock(LOCK_SPACE, [space.pk])
        blocked = bookings_outside(space, expression, at=at)
        if blocked:
            raise HoursBlocked(blocked)
        space.opening_hours = expression
        if by is not None and space.external_id:
            space.staff_edited = sorted({*space.staff_edited, "opening_hours"})
        space.save(update_fields=["opening_hours", "staff_edited", "updated_at"])
        return space


def bookings_outside(space: Space, expression: str, *, at: datetime) -> list[Booking]:
    """The live bookings to come that these hours would no longer contain. The caller holds the space's lock.

    A booking that the present hours do not contain (the animator made an exception) does not block new ones either.
    """
    standing = Booking.objects.live().filter(room__space=space, ends_at__gt=at).order_by("starts_at", "pk")
    by_key = {b.pk: b for b in standing.select_related("room__space", "person")}
    already = set(hours.outside(space.opening_hours, _ranges(by_key.values())))
    return [by_key[key] for key in hours.outside(expression, _ranges(by_key.values())) if key not in already]


def _ranges(bookings: Iterable[Booking]) -> list[tuple[int, datetime, datetime]]:
    return [(b.pk, b.starts_at, b.ends_at) for b in bookings]


def add_room(
    *,
    room: Room,
    units: int,
    equipment: Iterable[Equipment] = (),
    includes: Iterable[Room] = (),
    by: Person,
    at: datetime,
) -> Room:
    """Add a room with that many identical units (1 to 200)."""
    with transaction.atomic():
        advisory_lock(LOCK_SPACE, [room.space_id])
        with constraints_as_errors():
            room.save(force_insert=True)
        room.equipment.set(equipment)
        _set_includes(room, includes)
        _set_units(room, units, at=at)
        return room


def change_room(
    *,
    room: Room,
    units: int | None = None,
    equipment: Iterable[Equipment] | None = None,
    includes: Iterable[Room] | None = None,
    by: Person,
    at: datetime,
) -> Room:
    """Save a room's terms. Bookings already made keep what they were promised."""
    with transaction.atomic():
        advisory_lock(LOCK_SPACE, [room.space_id])
        with constraints_as_errors():
            room.save()
        if equipment is not None:
            room.equipment.set(equipment)
        if includes is not None:
            _set_includes(room, includes)
        if units is not None:
            _set_units(room, units, at=at)
        return room


def set_unit_count(*, room: Room, units: int, by: Person, at: datetime) -> None:
    """Put that many units in service. Raises DomainError when one to retire is still booked."""
    with transaction.atomic():
        advisory_lock(LOCK_SPACE, [room.space_id])
        _set_units(room, units, at=at)


def _set_includes(room: Room, includes: Iterable[Room]) -> None:
    """Write the rooms that this one takes too, and theirs in turn; no room takes itself."""
    found: dict[int, Room] = {}
    edge = list(includes)
    while edge:
        for included in edge:
            if included.space_id != room.space_id:
                raise DomainError(
                    "Une salle ne comprend que des salles du même lieu.", code="includes", field="includes"
                )
            if included.pk == room.pk:
                raise DomainError("Une salle ne se comprend pas elle-même.", code="includes", field="includes")
        found.update({included.pk: included for included in edge})
        edge = list(Room.objects.filter(included_in__in=edge).exclude(pk__in=found).distinct())
    room.includes.set(found.values())
    for larger in Room.objects.filter(includes=room).exclude(pk=room.pk):
        larger.includes.add(*found.values())


def _set_units(room: Room, units: int, *, at: datetime) -> None:
    if not 1 <= units <= 200:
        raise DomainError("Une salle compte de 1 à 200 places.", code="units", field="units")
    existing = list(room.units.order_by("position"))
    for unit in existing:
        wanted = unit.position <= units
        if unit.is_active and not wanted and _is_taken_after(unit, at):
            raise DomainError(
                f"La place {unit.position} est encore réservée{NBSP}: déplacez d’abord sa réservation.",
                code="unit_taken",
                field="units",
            )
        if unit.is_active != wanted:
            unit.is_active = wanted
            unit.save(update_fields=["is_active"])
    last = existing[-1].position if existing else 0
    Unit.objects.bulk_create(Unit(room=room, position=number) for number in range(last + 1, units + 1))


def _is_taken_after(unit: Unit, at: datetime) -> bool:
    return Occupation.objects.live().filter(unit=unit, occupies__endswith__gt=at).exists()


def add_animator(*, space: Space, person: Person, by: Person | None, at: datetime) -> SpaceAnimator:
    """Let a person run the space. Does nothing more if she already does."""
    with transaction.atomic():
        animator, _ = SpaceAnimator.objects.get_or_create(space=space, person=person)
        return animator


def remove_animator(*, space: Space, person: Person, by: Person, at: datetime) -> None:
    """Take a space from an animator. Its requests then go to those who remain, or to the coordination."""
    with transaction.atomic():
        SpaceAnimator.objects.filter(space=space, person=person).delete()


def drop_twin_animator(row: Model, keep: Person) -> None:
    """Two names of one animator become one person, inside the merge: she runs the space once."""
    row.delete()
