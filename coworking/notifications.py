"""The messages of coworking: what each says, when it is still true, who reads the answer."""

from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from orne_accueil.accounts.models import Person
from orne_accueil.accounts.selectors import person_for_recipient
from orne_accueil.common import clock
from orne_accueil.common.links import make_token
from orne_accueil.common.text import NBSP, date_range
from orne_accueil.outbox.enums import Category
from orne_accueil.outbox.hooks import Address
from orne_accueil.outbox.ics import calendar_event
from orne_accueil.outbox.models import Message
from orne_accueil.outbox.registry import Attachment, Notification

from .enums import AccessType, BookingState
from .models import Booking
from .rules.slots import duration

RELEASE = "coworking.release"
"""Purpose of the link that frees a booking from a mail; its subject is the booking's reference."""
DECIDE = "coworking.decide"
"""Purpose of the link by which an animator answers; its detail is her Person's key."""


def absolute(path: str) -> str:
    """A full address for a mail."""
    return f"{settings.SITE_URL}{path}"


def release_url(booking: Booking) -> str:
    """The address that frees the booking; past its limit or its end, the page says so."""
    return absolute(
        reverse(
            "coworking:release",
            args=[make_token(RELEASE, str(booking.reference), expires_at=booking.ends_at)],
        )
    )


def decide_url(booking: Booking, person: Person) -> str:
    """The address where this animator answers this request, without signing in."""
    token = make_token(DECIDE, str(booking.reference), expires_at=booking.ends_at, detail=str(person.pk))
    return absolute(reverse("coworking:decide", args=[token]))


class AboutBooking(Notification):
    """What every message on a booking shares."""

    category: ClassVar[Category] = Category.BOOKINGS
    states: ClassVar[frozenset[str]] = frozenset()
    """States in which the message is true."""

    def subject(self, message: Message) -> Booking | None:
        key = message.subject_key.rpartition(":")[2]
        return Booking.objects.select_related("room__space__commune", "person", "ended_by").filter(pk=key).first()

    def still_true(self, message: Message, subject: Booking | None) -> bool:
        if subject is None or (self.states and subject.state not in self.states):
            return False
        return not self.of_this_revision or message.occurrence.partition(":")[0] == str(subject.revision)

    of_this_revision: ClassVar[bool] = True
    """False where the occurrence is not a revision."""

    def context(self, message: Message, subject: Booking) -> dict[str, Any]:
        space = subject.room.space
        return {
            "booking": subject,
            "room": subject.room,
            "space": space,
            "when": date_range(subject.starts_at, subject.ends_at),
            "place": f"{space.name}, {space.address}, {space.postal_code} {space.commune.name}",
            "booking_url": absolute(subject.get_absolute_url()),
            "release_url": release_url(subject),
            "access": subject.access_words(clock.now()),
            "limit": duration(subject.room.change_limit_minutes) if subject.room.change_limit_minutes else "",
            "search_url": absolute(f"{reverse('coworking:search')}?{urlencode({'ou': space.commune.name})}"),
            "space_url": absolute(space.get_absolute_url()),
            "before": message.data.get("before"),
            "by_staff": message.data.get("by_staff", False),
        }

    def reply_to(self, message: Message, subject: Booking) -> Address | str | None:
        """The space itself where it has an address, else its first animator's, else the site's contact."""
        space = subject.room.space
        if space.email:
            return Address(email=space.email, name=space.name)
        animator = Person.objects.filter(animated_spaces__space=space, email__isnull=False).order_by("pk").first()
        return Address(email=animator.email, name=animator.display_name) if animator and animator.email else None


class WithCalendar(AboutBooking):
    """Messages that carry the calendar file: one UID, a growing SEQUENCE."""

    cancelled: ClassVar[bool] = False

    def attachments(self, message: Message, subject: Booking) -> list[Attachment]:
        content = booking_event(subject, cancelled=self.cancelled)
        return [Attachment("reservation.ics", content, f"text/calendar; method={self._method}; charset=utf-8")]

    @property
    def _method(self) -> str:
        return "CANCEL" if self.cancelled else "PUBLISH"


def booking_event(booking: Booking, *, cancelled: bool = False) -> bytes:
    """The booking as an iCalendar file; what still waits for a word is tentative."""
    space = booking.room.space
    live = "TENTATIVE" if booking.state == BookingState.PENDING else "CONFIRMED"
    return calendar_event(
        uid=booking.uid,
        sequence=booking.revision,
        start=booking.starts_at,
        end=booking.ends_at,
        summary=f"{booking.room.name} · {space.name}",
        location=f"{space.name}, {space.address}, {space.postal_code} {space.commune.name}",
        description="Vos plans changent ? Libérez la place depuis votre espace.",
        url=absolute(booking.get_absolute_url()),
        status="CANCELLED" if cancelled else live,
        method="CANCEL" if cancelled else "PUBLISH",
        organizer=Address(email=space.email or settings.CONTACT_EMAIL, name=space.name),
    )


class BookingConfirmed(WithCalendar):
    kind = "coworking.booking_confirmed"
    label = "Réservation confirmée"
    template = "coworking/mail/booking_confirmed.html"
    states = frozenset({BookingState.CONFIRMED})

    def context(self, message: Message, subject: Booking) -> dict[str, Any]:
        reminder_at = clock.day_bounds(clock.local(subject.starts_at).date())[0] - timedelta(hours=6)
        return super().context(message, subject) | {
            "approved": subject.decided_by_id is not None,
            "reminder_comes": clock.now() < reminder_at,
        }


class BookingReceived(AboutBooking):
    kind = "coworking.booking_received"
    label = "Demande de réservation reçue"
    template = "coworking/mail/booking_received.html"
    states = frozenset({BookingState.PENDING})


class BookingChanged(WithCalendar):
    kind = "coworking.booking_changed"
    label = "Réservation modifiée"
    template = "coworking/mail/booking_changed.html"
    states = frozenset({BookingState.CONFIRMED})


class BookingRefused(AboutBooking):
    kind = "coworking.booking_refused"
    label = "Réservation refusée"
    template = "coworking/mail/booking_refused.html"
    states = frozenset({BookingState.REFUSED})


class BookingLapsed(AboutBooking):
    kind = "coworking.booking_lapsed"
    label = "Demande restée sans réponse"
    template = "coworking/mail/booking_lapsed.html"
    states = frozenset({BookingState.LAPSED})


class BookingCancelled(WithCalendar):
    kind = "coworking.booking_cancelled"
    label = "Réservation annulée"
    template = "coworking/mail/booking_cancelled.html"
    states = frozenset({BookingState.CANCELLED})
    cancelled = True


class BookingReminder(AboutBooking):
    """The day before at 18:00; `occurrence` is the start that it reminds of."""

    kind = "coworking.booking_reminder"
    label = "Rappel de la veille"
    template = "coworking/mail/booking_reminder.html"
    states = frozenset({BookingState.CONFIRMED})
    mutable = True
    of_this_revision = False

    def still_true(self, message: Message, subject: Booking | None) -> bool:
        return (
            super().still_true(message, subject)
            and subject is not None
            and message.occurrence == subject.starts_at.isoformat()
            and clock.now() < subject.starts_at
        )


class BookingAccess(AboutBooking):
    """The morning of the day: how to get in, with the code where there is one."""

    kind = "coworking.booking_access"
    label = "Accès du jour"
    template = "coworking/mail/booking_access.html"
    states = frozenset({BookingState.CONFIRMED})
    of_this_revision = False

    def still_true(self, message: Message, subject: Booking | None) -> bool:
        return (
            super().still_true(message, subject)
            and subject is not None
            and message.occurrence == subject.starts_at.isoformat()
            and clock.now() < subject.ends_at
        )

    def context(self, message: Message, subject: Booking) -> dict[str, Any]:
        code = subject.room.access_code if subject.room.access_type == AccessType.CODE else ""
        return super().context(message, subject) | {"code": code}


class ToAnswerer(AboutBooking):
    """Messages to whoever answers for the space."""

    category = Category.STAFF
    states = frozenset({BookingState.PENDING})

    def context(self, message: Message, subject: Booking) -> dict[str, Any]:
        person = person_for_recipient(message.recipient)
        return super().context(message, subject) | {
            "who": _who(subject),
            "decide_url": decide_url(subject, person) if person else absolute(reverse("admin:index")),
            "step": message.occurrence.partition(":")[2],
            "late": subject.is_late(clock.now()),
        }

    def reply_to(self, message: Message, subject: Booking) -> Address | str | None:
        return Address(email=subject.person.email, name=subject.person.display_name) if subject.person.email else None


class ApprovalNeeded(ToAnswerer):
    """A request waits: at once, then the chase; the occurrence's step tells which."""

    kind = "coworking.approval_needed"
    label = "Demande à traiter"
    template = "coworking/mail/approval_needed.html"


class ApprovalOverdue(ToAnswerer):
    """Nobody answered for two days: the coordination is told."""

    kind = "coworking.approval_overdue"
    label = "Demande sans réponse, signalée à la coordination"
    template = "coworking/mail/approval_overdue.html"


def _who(booking: Booking) -> str:
    """« Nadia Lefort, première visite, pour 4 personnes »."""
    words = [booking.person.display_name]
    if booking.is_first_visit:
        words.append("première visite")
    if booking.attendees > 1:
        words.append(f"pour {booking.attendees}{NBSP}personnes")
    return ", ".join(words)
