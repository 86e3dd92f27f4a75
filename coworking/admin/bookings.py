"""Bookings as an animator handles them: for somebody on the phone, decided, moved, cancelled, ticked off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import URLPattern, path, reverse

from coworking import actions, permissions
from coworking.actions import AlreadyBooked
from coworking.enums import CANCELLABLE_STATES, CHANGEABLE_STATES, PRESENCE_STATES, BookingState, Period, Presence
from coworking.forms.staff import (
    FREE_TIMES,
    CallerForm,
    CancellationForm,
    ChangeForm,
    PersonChoiceForm,
    PresenceForm,
    RefusalForm,
    WishForm,
)
from coworking.models import Booking, Room
from coworking.rules.reception import lateness, to_prepare
from coworking.selectors import Alternative, alternatives
from coworking.selectors.staff import callers_like
from orne_accueil.accounts.models import Person
from orne_accueil.common import clock
from orne_accueil.common.admin import ReadOnlyAdmin
from orne_accueil.common.errors import DomainError
from orne_accueil.common.text import NBSP, date_range, fold, long_date

from .base import ScopedAdmin, actor, form_page, gesture, go, next_address, reading, show

SLOT_CODES = frozenset({"taken", "closed", "closure", "half_day_only", "capacity", "past", "no_unit"})
"""Refusals after which something else nearby is worth proposing."""


def rooms_of(request: HttpRequest) -> QuerySet[Room]:
    """The rooms in service that she may give, space by space."""
    spaces = permissions.spaces_managed_by(request.user).filter(is_published=True, is_bookable=True)
    rooms = Room.objects.filter(is_active=True, space__in=spaces.values("pk"))
    return rooms.select_related("space").order_by("space__name", "space", "position", "name", "pk")


# --- For somebody ---


@dataclass(frozen=True)
class Proposal:
    """Something free nearby: in words, and what the form takes to book it; nothing where she may not give it."""

    words: str
    value: str
    phone: str


@form_page
def book(request: HttpRequest) -> HttpResponse:
    """« Réserver pour quelqu’un »: who and what on one page; who it is, on a second look, if several could be.

    Without JavaScript the people found are listed after the first post; with it, as one types.
    """
    rooms = rooms_of(request)
    if request.method != "POST":
        form = CallerForm(rooms=rooms, initial=_initial(request, rooms))
        return _book_page(request, form)
    form = CallerForm(_with_proposal(request.POST), rooms=rooms)
    if not form.is_valid():
        return _book_page(request, form)
    people, sure = _people_for(request, form.cleaned_data)
    choice = PersonChoiceForm(request.POST if "person" in request.POST else None, people=people)
    if sure is None and people and not choice.is_valid():
        return _book_page(request, form, choice=choice)
    person = sure or (choice.chosen() if people else None)
    return _book(request, form, person, choice if choice.is_bound else None)


def _book(
    request: HttpRequest, form: CallerForm, person: Person | None, choice: PersonChoiceForm | None
) -> HttpResponse:
    cleaned = form.cleaned_data
    at = clock.now()
    try:
        booking = actions.book_for_caller(
            room=cleaned["room"],
            person=person,
            **{name: cleaned[name] for name in ("name", "phone", "email", "usage", "attendees", "note")},
            wish=form.wish(),
            by=actor(request),
            at=at,
        )
    except AlreadyBooked as error:
        booking = error.booking
        messages.info(request, f"C’était déjà fait : {_said(booking)}")
        return go(reverse("admin:coworking_booking_detail", args=[booking.reference]))
    except DomainError as error:
        proposals = _proposals(form, error)  # first: a refused field leaves what was understood
        form.refuse(error)
        return _book_page(request, form, choice=choice, proposals=proposals)
    messages.success(request, _said(booking))
    return go(reverse("admin:coworking_booking_detail", args=[booking.reference]))


def _said(booking: Booking) -> str:
    """What she reads aloud on the phone."""
    person = booking.person
    told = f"La confirmation part à {person.email}." if person.email else "Pas d’adresse : dites-le-lui de vive voix."
    when = date_range(booking.starts_at, booking.ends_at)
    return f"{person.display_name} a « {booking.room.name} », {when}. {told}"


def _initial(request: HttpRequest, rooms: QuerySet[Room]) -> dict[str, Any]:
    """What the link she followed already says: a room, a day, a half-day."""
    asked = request.GET
    period = asked.get("periode", "")
    try:
        day = date.fromisoformat(asked.get("jour", ""))
    except ValueError:
        day = clock.today()
    room = asked.get("salle", "")
    if not room and asked.get("lieu", "").isdecimal():
        first = rooms.filter(space=int(asked["lieu"])).first()
        room = str(first.pk) if first else ""
    return {
        "room": room,
        "date": day,
        "period": period if period in Period.values else FREE_TIMES if asked.get("de") else None,
        "starts_at": asked.get("de") or None,
        "ends_at": asked.get("a") or None,
    }


def _people_for(request: HttpRequest, cleaned: dict[str, Any]) -> tuple[list[Person], Person | None]:
    """Who this could be; and who it is, when there is no doubt: the same name, with the same number or address."""
    name, phone, email = cleaned["name"], cleaned["phone"], cleaned["email"].lower()
    people = callers_like(permissions.callers_known_to(request.user), name=name, phone=phone, email=email)
    for person in people:
        same_reach = (email and person.email == email) or (phone and person.phone == phone)
        if same_reach and fold(person.name) in ("", fold(name)):
            return people, person
    return people, None


def _with_proposal(posted: QueryDict) -> QueryDict:
    """The form as it was sent, moved to the proposal whose button was pressed."""
    chosen = posted.get("proposal", "")
    if not chosen:
        return posted
    moved = posted.copy()
    room, day, period, starts, ends = (chosen.split("|") + [""] * 5)[:5]
    for name, value in (("room", room), ("date", day), ("period", period or FREE_TIMES)):
        moved[name] = value
    moved["starts_at"], moved["ends_at"] = starts, ends
    return moved


def _proposals(form: WishForm, error: DomainError) -> list[Proposal]:
    """Up to three near choices, where the slot itself was refused."""
    if error.code not in SLOT_CODES:
        return []
    cleaned = form.cleaned_data
    try:
        found = alternatives(cleaned["room"], form.wish(), attendees=cleaned["attendees"], at=clock.now())
    except DomainError:
        return []
    field = form.fields["room"]
    mine = set(field.queryset.values_list("pk", flat=True))  # type: ignore[attr-defined]
    return [_proposal(one, mine) for one in found]


def _proposal(one: Alternative, mine: set[int]) -> Proposal:
    found = one.found
    way = {"later": "plus tard", "room": "une autre salle", "space": f"à {found.space.name}"}[one.way]
    words = f"« {found.room.name} », {date_range(found.start, found.end)} ({way})"
    if found.room.pk not in mine or found.flexible:
        return Proposal(words, "", found.space.phone)
    start, end = clock.local(found.start), clock.local(found.end)
    slot = [found.period, "", ""] if found.period else ["", f"{start:%H:%M}", f"{end:%H:%M}"]
    return Proposal(words, "|".join([str(found.room.pk), start.date().isoformat(), *slot]), "")


def _book_page(
    request: HttpRequest,
    form: CallerForm,
    *,
    choice: PersonChoiceForm | None = None,
    proposals: Sequence[Proposal] = (),
) -> HttpResponse:
    return show(
        request,
        "book",
        "Réserver pour quelqu’un",
        {
            "form": form,
            "choice": choice,
            "proposals": proposals,
            "has_rooms": rooms_of(request).exists(),
            "here": "book",
        },
    )


@reading
def callers(request: HttpRequest) -> HttpResponse:
    """The people who match what is being typed, as radio buttons of the same form."""
    text = " ".join((request.GET.get("q") or request.GET.get("name") or "").split())
    people = callers_like(permissions.callers_known_to(request.user), text=text) if len(text) >= 2 else []
    choice = PersonChoiceForm(people=people) if people else None
    return render(request, "admin/coworking/callers.html", {"choice": choice})


# --- One booking ---


@reading
def detail(request: HttpRequest, reference: UUID) -> HttpResponse:
    """Everything about one booking, and what may be done to it."""
    booking = permissions.get_managed_booking_for(request.user, reference)
    return _detail(request, booking)


def _detail(request: HttpRequest, booking: Booking) -> HttpResponse:
    at = clock.now()
    return show(
        request,
        "booking",
        booking.person.display_name,
        {
            "booking": booking,
            "facts": _facts(booking),
            "lateness": lateness(booking.answer_due_at, at=at) if booking.answer_due_at else "",
            "may_decide": booking.state == BookingState.PENDING,
            "may_change": booking.state in CHANGEABLE_STATES and booking.starts_at > at,
            "may_cancel": booking.state in CANCELLABLE_STATES and booking.starts_at > at,
            "may_tick": booking.state in PRESENCE_STATES and clock.local(booking.starts_at).date() <= clock.today(),
            "next": request.get_full_path(),
            "here": "bookings",
        },
    )


def _facts(booking: Booking) -> list[tuple[str, Any]]:
    person, room = booking.person, booking.room
    prepare = to_prepare(room.access_type, has_email=bool(person.email)) if booking.is_live else ""
    return [
        ("Quand", date_range(booking.starts_at, booking.ends_at)),
        ("Où", f"{room.name}, {room.space.name}"),
        ("Adresse électronique", person.email or "aucune : prévenez-la de vive voix"),
        ("Personnes", str(booking.attendees) if booking.attendees > 1 else ""),
        ("Usage", booking.get_usage_display()),
        ("À préparer", ". ".join(filter(None, [prepare, room.access_note]))),
        ("Remarque", f"« {booking.note} »" if booking.note else ""),
        ("Présence", booking.get_presence_display() if booking.presence != Presence.UNKNOWN else ""),
        ("Demandée", _dated(booking.created_at, booking.typed_by, "saisie par")),
        ("Confirmée", _dated(booking.confirmed_at, booking.decided_by, "par")),
        ("Terminée", _dated(booking.ended_at, booking.ended_by, "par")),
        ("Motif", booking.reason),
    ]


def _dated(instant: Any, by: Person | None, words: str) -> str:
    if instant is None:
        return ""
    local = clock.local(instant)
    when = f"{long_date(local.date(), year=True)} à {local:%H}{NBSP}h{NBSP}{local:%M}"
    return f"{when}, {words} {by.display_name}" if by else when


@gesture
def presence(request: HttpRequest, reference: UUID) -> HttpResponse:
    """Present or absent, in one click; the same button takes it back."""
    booking = permissions.get_managed_booking_for(request.user, reference)
    form = PresenceForm(request.POST)
    back = next_address(request, reverse("admin:coworking_day"))
    if not form.is_valid():
        return go(back)
    try:
        actions.mark_presence(
            booking=booking, presence=form.cleaned_data["presence"], by=actor(request), at=clock.now()
        )
    except DomainError as error:
        messages.error(request, error.message)
    return go(back)


@gesture
def approve(request: HttpRequest, reference: UUID) -> HttpResponse:
    """Say yes."""
    booking = permissions.get_managed_booking_for(request.user, reference)
    try:
        actions.approve_booking(booking=booking, by=actor(request), at=clock.now())
    except DomainError as error:
        messages.error(request, error.message)
    else:
        told = "Un message part." if booking.person.email else "Pas d’adresse : prévenez-la de vive voix."
        messages.success(request, f"Accordé à {booking.person.display_name}. {told}")
    return go(next_address(request, reverse("admin:coworking_day")))


@form_page
def refuse(request: HttpRequest, reference: UUID) -> HttpResponse:
    """Say no, with the reason."""
    booking = permissions.get_managed_booking_for(request.user, reference)
    form = RefusalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.refuse_booking(
                booking=booking, reason=form.cleaned_data["reason"], by=actor(request), at=clock.now()
            )
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, f"Refusé, avec votre motif. {_told(booking)}")
            return go(next_address(request, reverse("admin:coworking_day")))
    return _reason_page(request, booking, form, title="Refuser cette demande ?", submit="Refuser la demande")


@form_page
def cancel(request: HttpRequest, reference: UUID) -> HttpResponse:
    """Free the room, with a word to the person."""
    booking = permissions.get_managed_booking_for(request.user, reference)
    form = CancellationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.cancel_booking(
                booking=booking, reason=form.cleaned_data["reason"], by=actor(request), at=clock.now()
            )
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, f"Annulé : la place est libre. {_told(booking)}")
            return go(next_address(request, reverse("admin:coworking_booking_detail", args=[booking.reference])))
    return _reason_page(request, booking, form, title="Annuler cette réservation ?", submit="Annuler la réservation")


def _told(booking: Booking) -> str:
    name = booking.person.display_name
    return f"Un message part à {name}." if booking.person.email else f"Pas d’adresse : prévenez {name} de vive voix."


def _reason_page(
    request: HttpRequest, booking: Booking, form: RefusalForm | CancellationForm, *, title: str, submit: str
) -> HttpResponse:
    return show(
        request,
        "reason",
        title,
        {
            "booking": booking,
            "form": form,
            "submit": submit,
            "next": next_address(request, ""),
            "here": "bookings",
        },
    )


@form_page
def change(request: HttpRequest, reference: UUID) -> HttpResponse:
    """Another time, another room of the same space."""
    booking = permissions.get_managed_booking_for(request.user, reference)
    if booking.state not in CHANGEABLE_STATES:
        messages.error(request, "Cette réservation est terminée : elle ne se modifie plus.")
        return go(reverse("admin:coworking_booking_detail", args=[booking.reference]))
    rooms = rooms_of(request).filter(space=booking.room.space_id)
    form = ChangeForm(request.POST or None, rooms=rooms, initial=ChangeForm.initial_of(booking))
    if request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data
        try:
            actions.change_booking(
                booking=booking,
                room=cleaned["room"],
                wish=form.wish(),
                usage=cleaned["usage"],
                attendees=cleaned["attendees"],
                note=cleaned["note"],
                by=actor(request),
                at=clock.now(),
            )
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, f"C’est changé. {_told(booking)}")
            return go(next_address(request, reverse("admin:coworking_booking_detail", args=[booking.reference])))
    return show(
        request,
        "change",
        "Déplacer ou modifier",
        {"booking": booking, "form": form, "next": next_address(request, ""), "here": "bookings"},
    )


# --- The list ---


class RoomFilter(admin.SimpleListFilter):
    """Her rooms only."""

    title = "salle"
    parameter_name = "salle"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        several = permissions.spaces_managed_by(request.user).count() > 1
        return [(str(r.pk), f"{r.space.name} · {r.name}" if several else r.name) for r in rooms_of(request)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Booking]) -> QuerySet[Booking]:
        value = self.value()
        return queryset.filter(room=int(value)) if value and value.isdecimal() else queryset


class BookingAdmin(ScopedAdmin, ReadOnlyAdmin):
    """To find a booking. What may be done to it is on its own page, through the actions."""

    space_lookup = "room__space"
    here = "bookings"
    list_title = "Réservations"
    list_display = ("when", "who", "phone", "room", "space", "state", "presence")
    list_display_links = ("when",)
    list_filter = ("state", "presence", RoomFilter)
    list_select_related = ("room__space", "person")
    list_per_page = 50
    search_fields = ("person__name", "person__phone", "person__email")
    date_hierarchy = "starts_at"
    ordering = ("-starts_at", "-pk")
    show_full_result_count = False

    @admin.display(description="Quand", ordering="starts_at")
    def when(self, booking: Booking) -> str:
        return date_range(booking.starts_at, booking.ends_at)

    @admin.display(description="Qui", ordering="person__name")
    def who(self, booking: Booking) -> str:
        return booking.person.display_name

    @admin.display(description="Téléphone")
    def phone(self, booking: Booking) -> str:
        return booking.person.phone

    @admin.display(description="Lieu")
    def space(self, booking: Booking) -> str:
        return booking.room.space.name

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The list leads to the page with the buttons."""
        booking = self.get_object(request, unquote(object_id))
        if booking is None:
            raise Http404
        return go(reverse("admin:coworking_booking_detail", args=[booking.reference]))

    def get_urls(self) -> list[URLPattern]:
        pages: list[URLPattern] = [
            path("<uuid:reference>/", detail, name="coworking_booking_detail"),
            path("<uuid:reference>/presence/", presence, name="coworking_booking_presence"),
            path("<uuid:reference>/accepter/", approve, name="coworking_booking_approve"),
            path("<uuid:reference>/refuser/", refuse, name="coworking_booking_refuse"),
            path("<uuid:reference>/annuler/", cancel, name="coworking_booking_cancel"),
            path("<uuid:reference>/modifier/", change, name="coworking_booking_move"),
        ]
        return pages + super().get_urls()
