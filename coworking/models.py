"""Spaces, rooms, units, and who takes them when. The database refuses what must never be."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.contrib.postgres.fields.ranges import RangeStartsWith
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models
from django.db.models import F, Q
from django.urls import reverse

from orne_accueil.accounts.models import Person
from orne_accueil.answers.models import Answerable
from orne_accueil.common.clock import local
from orne_accueil.common.db import UnitPoint
from orne_accueil.common.text import date_range
from orne_accueil.territory.models import Commune

from .enums import (
    LIVE_STATES,
    AccessType,
    BookingMode,
    BookingState,
    Label,
    Presence,
    RoomKind,
    SpaceKind,
    Technology,
    Usage,
)
from .rules.approval import APPROVAL
from .rules.slots import LONGEST, ClosedTime, RoomTerms
from .rules.words import access_in_french, at_the_place, the_place

MEASURE_GOES_STALE = timedelta(days=365)
CODE_HOUR = 7
"""From this hour on, codes leave at once: `actions.messages` sends them."""


class SpaceQuerySet(models.QuerySet["Space"]):
    def published(self) -> "SpaceQuerySet":
        """What the public sees."""
        return self.filter(is_published=True)

    def managed_by(self, person: Person) -> "SpaceQuerySet":
        """The spaces whose animator this person is."""
        return self.filter(animators__person=person)


class Space(models.Model):
    """A place with desks: an EPN, an Échangeur, or a tiers-lieu that we list even when it books elsewhere."""

    name = models.CharField("nom", max_length=120)
    slug = models.SlugField("adresse de la page", max_length=80, unique=True)
    kind = models.CharField("type", max_length=16, choices=SpaceKind, default=SpaceKind.EPN)
    is_published = models.BooleanField("visible du public", default=True)
    is_bookable = models.BooleanField("se réserve ici", default=True)
    external_url = models.URLField("lien de réservation ailleurs", blank=True)

    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, related_name="spaces", verbose_name="commune")
    address = models.CharField("adresse", max_length=200)
    address_extra = models.CharField("complément d’adresse", max_length=200, blank=True)
    postal_code = models.CharField("code postal", max_length=5)
    latitude = models.FloatField("latitude")
    longitude = models.FloatField("longitude")
    access_text = models.TextField("comment venir", blank=True, help_text="Entrée, étage, stationnement, arrêt de car.")
    phone = models.CharField("téléphone", max_length=20, blank=True)
    email = models.EmailField("adresse électronique", blank=True)
    website = models.URLField("site", blank=True)
    summary = models.TextField("présentation courte", blank=True)
    description = models.TextField("présentation", blank=True)
    photo = models.ImageField("photo", upload_to="spaces/", blank=True)
    photo_credit = models.CharField("auteur de la photo", max_length=120, blank=True)
    labels = ArrayField(models.CharField(max_length=8, choices=Label), verbose_name="labels", default=list, blank=True)

    technology = models.CharField("connexion", max_length=12, choices=Technology, blank=True)
    down_mbps = models.PositiveIntegerField("débit descendant (Mbit/s)", null=True, blank=True)
    up_mbps = models.PositiveIntegerField("débit montant (Mbit/s)", null=True, blank=True)
    measured_on = models.DateField("mesuré le", null=True, blank=True)
    measure_source = models.CharField("source de la mesure", max_length=120, blank=True)

    opening_hours = models.CharField("horaires", max_length=500, blank=True)

    external_id = models.CharField("identifiant national", max_length=120, unique=True, null=True, blank=True)
    national = models.JSONField(
        "autres champs du format national",
        default=dict,
        blank=True,
        help_text="Gardés tels quels pour l’export.",
    )
    staff_edited = ArrayField(
        models.CharField(max_length=40), verbose_name="champs modifiés par l’équipe", default=list, blank=True
    )
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    updated_at = models.DateTimeField("modifié le", auto_now=True)

    objects = SpaceQuerySet.as_manager()

    class Meta:
        verbose_name = "espace"
        verbose_name_plural = "espaces"
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                name="space_position_on_earth",
                condition=Q(latitude__range=(-90, 90)) & Q(longitude__range=(-180, 180)),
                violation_error_message="La position du lieu n’est pas sur la Terre : vérifiez latitude et longitude.",
            ),
            models.CheckConstraint(
                name="space_bookable_or_linked",
                condition=Q(is_bookable=True) | ~Q(external_url="") | Q(is_published=False) | Q(kind="tiers_lieu"),
                violation_error_message="Un lieu qui ne se réserve pas ici donne le lien où il se réserve.",
            ),
            models.CheckConstraint(
                name="space_measure_is_dated",
                condition=Q(down_mbps=None, up_mbps=None) | Q(measured_on__isnull=False),
                violation_error_message="Un débit se donne avec la date de sa mesure.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("coworking:space", args=[self.slug])

    @property
    def the_name(self) -> str:
        """« l’EPN d’Argentan »."""
        return the_place(self.name)

    @property
    def at_name(self) -> str:
        """« à l’EPN d’Argentan »."""
        return at_the_place(self.name)

    def measure_is_stale(self, on: Any) -> bool:
        """Whether the speed was measured over a year before that day."""
        return self.measured_on is not None and on - self.measured_on > MEASURE_GOES_STALE


class SpaceAnimator(models.Model):
    """Somebody who runs a space: sees it in her admin, gets its requests."""

    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="animators", verbose_name="espace")
    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="animated_spaces", verbose_name="personne"
    )
    since = models.DateTimeField("depuis", auto_now_add=True)

    class Meta:
        verbose_name = "animateur"
        verbose_name_plural = "animateurs"
        ordering = ["since", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="space_animator_once",
                fields=["space", "person"],
                violation_error_message="Cette personne anime déjà ce lieu.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.space}"


class Equipment(models.Model):
    """A tag that rooms carry and searches filter on: écran, visioconférence, tableau…"""

    name = models.CharField("équipement", max_length=60, unique=True)
    slug = models.SlugField(max_length=60, unique=True)

    class Meta:
        verbose_name = "équipement"
        verbose_name_plural = "équipements"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Room(models.Model):
    """What one books: a desk among identical ones, an office, a meeting room… with its own terms."""

    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="rooms", verbose_name="espace")
    name = models.CharField("nom", max_length=80)
    kind = models.CharField("type", max_length=10, choices=RoomKind)
    capacity = models.PositiveSmallIntegerField(
        "personnes au plus", default=1, validators=[MinValueValidator(1), MaxValueValidator(500)]
    )
    description = models.TextField("description", blank=True)
    equipment = models.ManyToManyField(Equipment, blank=True, related_name="rooms", verbose_name="équipements")
    includes = models.ManyToManyField(
        "self",
        symmetrical=False,
        blank=True,
        related_name="included_in",
        verbose_name="prend aussi",
        help_text="Réserver cette salle prend aussi toutes les places de celles-ci.",
    )
    price_text = models.CharField(
        "tarif", max_length=120, blank=True, help_text="Par exemple : gratuit, 5 € la demi-journée."
    )
    access_type = models.CharField("accès", max_length=8, choices=AccessType, default=AccessType.STAFF)
    access_code = models.CharField(
        "code d’accès", max_length=40, blank=True, help_text="Donné seulement dans le message du jour."
    )
    access_note = models.CharField("consigne d’accès", max_length=200, blank=True)
    position = models.PositiveSmallIntegerField("ordre", default=0)
    is_active = models.BooleanField("ouverte à la réservation", default=True)

    mode = models.CharField("réservation", max_length=10, choices=BookingMode, default=BookingMode.HALF_DAY)
    min_minutes = models.PositiveIntegerField("durée minimale (minutes)", default=30)
    max_minutes = models.PositiveIntegerField("durée maximale (minutes)", default=12 * 60)
    notice_minutes = models.PositiveIntegerField("délai de prévenance (minutes)", default=0)
    horizon_days = models.PositiveIntegerField("réservable jusqu’à (jours)", default=90)
    buffer_before_minutes = models.PositiveSmallIntegerField("battement avant (minutes)", default=0)
    buffer_after_minutes = models.PositiveSmallIntegerField("battement après (minutes)", default=0)
    quota_half_days = models.PositiveSmallIntegerField(
        "demi-journées par personne et par mois", null=True, blank=True, help_text="Vide : sans limite."
    )
    needs_approval = models.BooleanField("sur accord de l’animateur", default=False)
    change_limit_minutes = models.PositiveIntegerField("modifiable jusqu’à (minutes avant)", default=0)

    class Meta:
        verbose_name = "salle"
        verbose_name_plural = "salles"
        ordering = ["position", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="room_name_once_per_space",
                fields=["space", "name"],
                violation_error_message="Ce lieu a déjà une salle de ce nom.",
            ),
            models.CheckConstraint(
                name="room_holds_somebody",
                condition=Q(capacity__gte=1),
                violation_error_message="Une salle accueille au moins une personne.",
            ),
            models.CheckConstraint(
                name="room_lengths_ordered",
                condition=Q(min_minutes__gte=1)
                & Q(min_minutes__lte=F("max_minutes"))
                & Q(max_minutes__lte=int(LONGEST.total_seconds() // 60)),
                violation_error_message="La durée minimale vient avant la maximale, et 15 jours sont le plus long.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def terms(self) -> RoomTerms:
        """What the rules need to know of this room."""
        return RoomTerms(
            mode=self.mode,
            min_minutes=self.min_minutes,
            max_minutes=self.max_minutes,
            notice_minutes=self.notice_minutes,
            horizon_days=self.horizon_days,
            buffer_before_minutes=self.buffer_before_minutes,
            buffer_after_minutes=self.buffer_after_minutes,
            quota_half_days=self.quota_half_days,
            change_limit_minutes=self.change_limit_minutes,
            capacity=self.capacity,
        )


class UnitQuerySet(models.QuerySet["Unit"]):
    def active(self) -> "UnitQuerySet":
        """Units in service."""
        return self.filter(is_active=True)


class Unit(models.Model):
    """One bookable thing: one desk, one room. A room with six identical desks has six."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="units", verbose_name="salle")
    position = models.PositiveSmallIntegerField("numéro", default=1)
    is_active = models.BooleanField("en service", default=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = "place"
        verbose_name_plural = "places"
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="unit_number_once_per_room",
                fields=["room", "position"],
                violation_error_message="Cette salle a déjà une place de ce numéro.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.room} · {self.position}"


class BookingQuerySet(models.QuerySet["Booking"]):
    def live(self) -> "BookingQuerySet":
        """Bookings that take their units."""
        return self.filter(state__in=LIVE_STATES)

    def overlapping(self, start: datetime, end: datetime) -> "BookingQuerySet":
        """Bookings that share an instant with [start, end)."""
        return self.filter(starts_at__lt=end, ends_at__gt=start, starts_at__gt=start - LONGEST)

    def of(self, person: Person) -> "BookingQuerySet":
        """The bookings of a person."""
        return self.filter(person=person)

    def in_spaces_of(self, person: Person) -> "BookingQuerySet":
        """The bookings of the spaces that a person animates."""
        return self.filter(room__space__animators__person=person)


class Booking(Answerable):
    """Somebody's time in a room. Its past is kept; only live states take units."""

    policy = APPROVAL

    reference = models.UUIDField("référence", default=uuid.uuid4, unique=True, editable=False)
    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="bookings", verbose_name="salle")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="bookings", verbose_name="personne")
    starts_at = models.DateTimeField("début")
    ends_at = models.DateTimeField("fin")
    half_days = models.PositiveSmallIntegerField("demi-journées", default=1)
    attendees = models.PositiveSmallIntegerField("personnes", default=1)
    usage = models.CharField("usage", max_length=12, choices=Usage, default=Usage.OCCASIONAL)
    note = models.TextField("message pour l’animateur", blank=True, max_length=1000)
    state = models.CharField("état", max_length=10, choices=BookingState)
    revision = models.PositiveIntegerField("révision", default=0)
    presence = models.CharField("présence", max_length=8, choices=Presence, default=Presence.UNKNOWN)
    is_first_visit = models.BooleanField("première visite", default=False)

    typed_by = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="saisie par"
    )
    decided_by = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="décidée par"
    )
    ended_by = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="annulée par"
    )
    reason = models.TextField("motif", blank=True)
    created_at = models.DateTimeField("créée le")
    confirmed_at = models.DateTimeField("confirmée le", null=True, blank=True)
    ended_at = models.DateTimeField("terminée le", null=True, blank=True)
    reminder_for = models.DateTimeField("rappel écrit pour", null=True, blank=True, editable=False)
    access_for = models.DateTimeField("accès écrit pour", null=True, blank=True, editable=False)

    objects = BookingQuerySet.as_manager()

    class Meta:
        verbose_name = "réservation"
        verbose_name_plural = "réservations"
        ordering = ["starts_at", "pk"]
        constraints = [
            *Answerable.Meta.constraints,
            models.CheckConstraint(
                name="booking_pending_is_asked",
                condition=~Q(state=BookingState.PENDING) | Q(next_step_at__isnull=False),
                violation_error_message="Une demande en attente a une échéance.",
            ),
            models.CheckConstraint(
                name="booking_ends_after_start",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message="L’heure de départ doit venir après l’heure d’arrivée.",
            ),
            models.CheckConstraint(
                name="booking_bounded",
                condition=Q(ends_at__lte=F("starts_at") + LONGEST),
                violation_error_message="Une réservation dure 15 jours au plus.",
            ),
            models.CheckConstraint(
                name="booking_attended",
                condition=Q(attendees__gte=1),
                violation_error_message="Une réservation compte au moins une personne.",
            ),
            models.CheckConstraint(
                name="booking_refusal_has_reason",
                condition=~Q(state=BookingState.REFUSED) | ~Q(reason=""),
                violation_error_message="Un refus se motive : la personne doit pouvoir comprendre.",
            ),
            models.CheckConstraint(
                name="booking_ended_is_dated",
                condition=Q(state__in=sorted(LIVE_STATES), ended_at=None)
                | (~Q(state__in=sorted(LIVE_STATES)) & Q(ended_at__isnull=False)),
                violation_error_message="Une réservation terminée porte sa date de fin, une vivante n’en a pas.",
            ),
        ]
        indexes = [
            *Answerable.Meta.indexes,
            models.Index(name="booking_by_room_start", fields=["room", "starts_at"]),
            models.Index(name="booking_by_person_start", fields=["person", "starts_at"]),
            models.Index(name="booking_pending", fields=["room", "starts_at"], condition=Q(state=BookingState.PENDING)),
            models.Index(
                name="booking_confirmed_start",
                fields=["starts_at"],
                condition=Q(state=BookingState.CONFIRMED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.room}, {date_range(self.starts_at, self.ends_at)}"

    def get_absolute_url(self) -> str:
        return reverse("coworking:booking", args=[self.reference])

    @property
    def is_live(self) -> bool:
        """Whether it takes its units."""
        return self.state in LIVE_STATES

    def access_words(self, at: datetime) -> str:
        """How she gets in, as it is told her at that instant."""
        is_for_today = local(self.starts_at).date() == local(at).date() and local(at).hour >= CODE_HOUR
        return access_in_french(self.room.access_type, self.room.access_note, is_for_today=is_for_today)

    @property
    def uid(self) -> str:
        """The stable UID of its calendar event."""
        return f"reservation-{self.reference}@teletravail-orne"


class OccupationQuerySet(models.QuerySet["Occupation"]):
    def live(self) -> "OccupationQuerySet":
        """Occupations that really take their unit."""
        return self.filter(live=True)

    def take(self, units: Sequence[int], booking: "Booking", start: datetime, end: datetime) -> None:
        """Take these units for a booking, in one statement. Raises IntegrityError when one is taken.

        In SQL: a booking waits for it, and bulk_create spends four times the processor.
        """
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [booking.pk, start, end, list(units)])


_TAKE = """
    INSERT INTO coworking_occupation (unit_id, booking_id, occupies, live)
    SELECT unit, %s::bigint, tstzrange(%s, %s), true FROM unnest(%s::bigint[]) AS unit
"""


class Occupation(models.Model):
    """A unit taken for a time: the booked range widened by the room's buffers. Two live ones never overlap."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="occupations", verbose_name="place")
    occupies = DateTimeRangeField("occupée")
    booking = models.ForeignKey(
        Booking,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="occupations",
        verbose_name="réservation",
    )
    live = models.BooleanField("en cours", default=True)

    objects = OccupationQuerySet.as_manager()

    class Meta:
        verbose_name = "occupation"
        verbose_name_plural = "occupations"
        constraints = [
            ExclusionConstraint(
                name="occupation_never_overlaps",
                index_type="gist",
                expressions=[
                    (UnitPoint("unit"), RangeOperators.OVERLAPS),
                    ("occupies", RangeOperators.OVERLAPS),
                ],
                condition=Q(live=True),
                violation_error_message="Ce créneau vient d’être pris.",
            ),
            models.CheckConstraint(
                name="occupation_bounded",
                condition=Q(occupies__isempty=False)
                & Q(occupies__lower_inf=False)
                & Q(occupies__upper_inf=False)
                & Q(occupies__endswith__lte=RangeStartsWith("occupies") + LONGEST + timedelta(days=1)),
                violation_error_message="Une occupation a un début, une fin, et dure 16 jours au plus.",
            ),
        ]
        indexes = [
            models.Index(F("unit"), RangeStartsWith("occupies"), name="occupation_live_start", condition=Q(live=True)),
        ]

    def __str__(self) -> str:
        return f"{self.unit} · {self.occupies}"


class ClosureQuerySet(models.QuerySet["Closure"]):
    def overlapping(self, start: datetime, end: datetime) -> "ClosureQuerySet":
        """Closures that share an instant with [start, end)."""
        return self.filter(starts_at__lt=end, ends_at__gt=start)

    def concerning(self, room: Room) -> "ClosureQuerySet":
        """Closures of the room, of its space, and of the rooms it includes."""
        return self.filter(Q(room=None) | Q(room=room) | Q(room__included_in=room), space_id=room.space_id).distinct()


class Closure(models.Model):
    """A space, or one room of it, closed for a time, with the reason that people read."""

    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="closures", verbose_name="espace")
    room = models.ForeignKey(
        Room,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="closures",
        verbose_name="salle",
        help_text="Vide : tout le lieu.",
    )
    starts_at = models.DateTimeField("début")
    ends_at = models.DateTimeField("fin")
    reason = models.CharField("motif", max_length=160)
    closed_by = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="fermé par"
    )
    created_at = models.DateTimeField("saisie le")

    objects = ClosureQuerySet.as_manager()

    class Meta:
        verbose_name = "fermeture"
        verbose_name_plural = "fermetures"
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="closure_ends_after_start",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message="La fin de la fermeture doit venir après son début.",
            ),
            models.CheckConstraint(
                name="closure_has_reason",
                condition=~Q(reason=""),
                violation_error_message="Dites pourquoi : le public lira ce motif.",
            ),
        ]
        indexes = [models.Index(name="closure_by_space", fields=["space", "ends_at"])]

    def __str__(self) -> str:
        return f"{self.room or self.space}, {date_range(self.starts_at, self.ends_at)}"

    def as_closed_time(self) -> ClosedTime:
        """What the rules need to know."""
        return ClosedTime(self.starts_at, self.ends_at, self.reason)
