"""The only way a view obtains an object: `get_x_for(user, …)`. A stranger gets 404."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404

from orne_accueil.accounts.models import Person
from orne_accueil.accounts.selectors import person_of

from .models import Booking, BookingQuerySet, Closure, Room, Space, SpaceQuerySet


def manages(person: Person | None, space: Space) -> bool:
    """Whether this person runs the space: its animator, or the coordination."""
    if person is None:
        return False
    return is_coordinator(person) or space.animators.filter(person=person).exists()


def is_coordinator(person: Person) -> bool:
    """Whether this person holds the coordination of the Département."""
    user = person.user
    return user is not None and user.is_active and user.is_superuser


def is_animator(person: Person) -> bool:
    """Whether this person runs at least one space."""
    return person.animated_spaces.exists()


def spaces_managed_by(user: Any) -> SpaceQuerySet:
    """The spaces of an animator; all of them for the coordination; none for anybody else."""
    if not user.is_authenticated or not user.is_active:
        return Space.objects.none()
    if user.is_superuser:
        return Space.objects.all()
    person = person_of(user)
    return Space.objects.managed_by(person) if person else Space.objects.none()


def get_managed_space_for(user: Any, slug: str) -> Space:
    """The space, if this user runs it. Raises Http404."""
    space = spaces_managed_by(user).select_related("commune").filter(slug=slug).first()
    if space is None:
        raise Http404
    return space


def get_managed_space_by_id(user: Any, space_id: int) -> Space:
    """The space of that number, if this user runs it. Raises Http404."""
    space = spaces_managed_by(user).select_related("commune").filter(pk=space_id).first()
    if space is None:
        raise Http404
    return space


def get_managed_room_for(user: Any, room_id: int) -> Room:
    """A room of a space that this user runs, with its space. Raises Http404."""
    rooms = Room.objects.select_related("space__commune")
    room = rooms.filter(space__in=spaces_managed_by(user).values("pk"), pk=room_id).first()
    if room is None:
        raise Http404
    return room


def callers_known_to(user: Any) -> QuerySet[Person]:
    """The people whom she may find by their name: who booked in her spaces, or whom she wrote down herself.

    Everybody for the coordination. Others are found by their whole address or number only, which they tell her.
    """
    if user.is_authenticated and user.is_active and user.is_superuser:
        return Person.objects.all()
    person = person_of(user) if user.is_authenticated else None
    if person is None:
        return Person.objects.none()
    there = Booking.objects.filter(room__space__in=spaces_managed_by(user).values("pk"))
    return Person.objects.filter(Q(pk__in=there.values("person")) | Q(typed_by=person))


def get_public_space(slug: str) -> Space:
    """A published space with its commune. Raises Http404."""
    space = Space.objects.published().select_related("commune").filter(slug=slug).first()
    if space is None:
        raise Http404
    return space


def get_public_room(space: Space, room_id: int) -> Room:
    """A room of that space that the public may book. Raises Http404."""
    room = space.rooms.filter(pk=room_id, is_active=True).first()
    if room is None:
        raise Http404
    room.space = space
    return room


def bookings_visible_to(user: Any) -> BookingQuerySet:
    """One's own bookings, and those of the spaces one runs."""
    if not user.is_authenticated or not user.is_active:
        return Booking.objects.none()
    if user.is_superuser:
        return Booking.objects.all()
    person = person_of(user)
    if person is None:
        return Booking.objects.none()
    return Booking.objects.of(person) | Booking.objects.filter(
        room__space__in=Space.objects.managed_by(person).values("pk")
    )


def get_booking_for(user: Any, reference: Any) -> Booking:
    """A booking of one's own or of a space one runs, with its room, space, commune and person. Raises Http404."""
    return _one(bookings_visible_to(user), reference)


def get_own_booking_for(user: Any, reference: Any) -> Booking:
    """A booking of one's own. Raises Http404."""
    person = person_of(user) if user.is_authenticated else None
    if person is None:
        raise Http404
    return _one(Booking.objects.of(person), reference)


def get_managed_booking_for(user: Any, reference: Any) -> Booking:
    """A booking of a space one runs. Raises Http404."""
    return _one(Booking.objects.filter(room__space__in=spaces_managed_by(user).values("pk")), reference)


def get_managed_closure_for(user: Any, closure_id: int) -> Closure:
    """A closure of a space one runs. Raises Http404."""
    closure = (
        Closure.objects.select_related("space", "room")
        .filter(space__in=spaces_managed_by(user).values("pk"), pk=closure_id)
        .first()
    )
    if closure is None:
        raise Http404
    return closure


def booking_by_reference(reference: str) -> Booking:
    """The booking that a signed link names: the token was the permission. Raises Http404."""
    return _one(Booking.objects.all(), reference)


def _one(bookings: BookingQuerySet, reference: Any) -> Booking:
    found = bookings.select_related("room__space__commune", "person", "typed_by", "ended_by").filter(
        reference=reference
    )
    booking = found.first()
    if booking is None:
        raise Http404
    return booking
