"""Booking a room, and what one does with a booking afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from coworking import actions, selectors
from coworking.actions import AlreadyBooked
from coworking.enums import CANCELLABLE_STATES, CHANGEABLE_STATES, BookingMode, BookingState, Period
from coworking.forms.public import BookingForm, CancelForm, initial_of
from coworking.notifications import booking_event
from coworking.permissions import get_booking_for, get_own_booking_for, get_public_space
from coworking.rules import hours
from coworking.rules.slots import check_change_limit, duration
from coworking.rules.words import access_in_french
from coworking.selectors import Alternative
from orne_accueil.accounts import continuations
from orne_accueil.accounts.actions import claim_person, update_profile
from orne_accueil.accounts.decorators import person_required
from orne_accueil.accounts.selectors import person_of
from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError
from orne_accueil.common.text import NBSP, clock_time, date_range, distance, long_date

from .search import slot_parameters
from .words import APPROVAL_WORDS, book_url, capital, counted, week_url

DRAFT = "coworking.book"
"""The continuation that books once the visitor's address is proven."""

LOST = frozenset({"taken", "already_booked", "busy"})
"""Refusals that another request caused: 409. The others are the asker's to mend: 422."""

OTHERS_HELP = frozenset({"taken", "closed", "closure", "past", "notice", "horizon", "quota", "not_bookable"})
"""Refusals after which another time or another room is the answer."""

ABOUT_HER = ("usage", "attendees", "note", "name", "email", "phone")
"""What is kept from one try to the next, wherever she ends up booking."""


@dataclass(frozen=True)
class OtherSlot:
    """Something free nearby: a link to the form, or, once something was typed, one press that sends it with that."""

    way: str
    words: str
    url: str
    fields: Sequence[tuple[str, str]]
    is_sent: bool


# --- Booking ---


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def book(request: HttpRequest, slug: str) -> HttpResponse:
    """The form, filled by the link that led here; sent, it books at once or after a code for whoever is unknown."""
    space = selectors.space_page(slug)
    if space is None:
        raise Http404
    rooms = selectors.bookable_rooms(space)
    if not space.is_bookable or not rooms:
        return redirect(space)
    at = clock.now()
    person = person_of(request.user) if request.user.is_authenticated else None
    if person is None and request.user.is_authenticated:
        person = claim_person(request.user, at=at)
    page = _Page(request, space, rooms, person, at)
    return page.send() if request.method == "POST" else page.show()


class _Page:
    """One visit of the booking form."""

    def __init__(self, request: HttpRequest, space: Any, rooms: Sequence[Any], person: Any, at: datetime) -> None:
        self.request, self.space, self.rooms, self.person, self.at = request, space, rooms, person, at

    def form(self, data: Any = None, initial: Any = None) -> BookingForm:
        today = clock.local(self.at).date()
        return BookingForm(data, rooms=self.rooms, is_visitor=self.person is None, today=today, initial=initial)

    def show(self) -> HttpResponse:
        """The form as the address, or a draft that was refused, fills it; a slot already gone is said at once."""
        kept = self.draft()
        asked = {name: value for name, value in self.request.GET.items() if name in BookingForm.ABOUT_SLOT}
        slot = asked or {name: kept[name] for name in BookingForm.ABOUT_SLOT if kept.get(name)}
        typed = {name: kept[name] for name in ABOUT_HER if kept.get(name)}
        if self.request.GET.get("attendees"):
            typed["attendees"] = self.request.GET["attendees"]
        form = self.form(initial={**slot, **typed})
        probe = self.form({"name": "-", "email": "personne@exemple.fr", **slot})
        if not probe.is_valid():
            return self.page(form)
        refusal = self.refusal(probe)
        if refusal is None:
            return self.page(form, chosen=probe)
        return self.page(form, refusal=refusal, probe=probe, typed=typed if kept else None)

    def draft(self) -> dict[str, Any]:
        """What she typed for this space and did not get, if she did."""
        draft = continuations.draft(self.request, DRAFT)
        return draft.data if draft is not None and draft.data.get("space") == self.space.slug else {}

    def refusal(self, form: BookingForm) -> DomainError | None:
        """Why this cannot be booked, before anything is sent; None when it can."""
        room, wish = form.chosen_room, form.wish
        try:
            selectors.would_book(room, wish, person=self.person, attendees=form.cleaned_data["attendees"], at=self.at)
        except DomainError as error:
            mine = selectors.live_booking_of(self.person, room, wish) if self.person is not None else None
            return AlreadyBooked(mine) if mine is not None else error
        return None

    def send(self) -> HttpResponse:
        form = self.form(self.request.POST)
        if not form.is_valid():
            return self.page(form, chosen=self.still_chosen(form), status=HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            if self.person is None:
                return self.send_code(form)
            booking = actions.book_room(
                room=form.chosen_room,
                person=self.person,
                wish=form.wish,
                by=self.person,
                at=self.at,
                **form.terms(),
            )
        except DomainError as error:
            return self.refused(form, error)
        continuations.forget_draft(self.request, DRAFT)
        return HttpResponseRedirect(booking.get_absolute_url())

    def send_code(self, form: BookingForm) -> HttpResponse:
        """Nobody is known yet: look whether it could be booked, keep it, and ask for the proof of her address."""
        start, end = selectors.would_book(
            form.chosen_room, form.wish, person=None, attendees=form.cleaned_data["attendees"], at=self.at
        )
        data = {name: form.data.get(name, "") for name in (*BookingForm.ABOUT_SLOT, *ABOUT_HER)}
        summary = {
            "title": f"{form.chosen_room.name}, {self.space.name}",
            "lines": [capital(date_range(start, end))],
        }
        return continuations.start(
            self.request,
            DRAFT,
            data | {"space": self.space.slug},
            email=form.cleaned_data["email"],
            name_hint=form.cleaned_data["name"],
            summary=summary,
        )

    def refused(self, form: BookingForm, error: DomainError) -> HttpResponse:
        """Say what happened, keep what was typed, propose what is free nearby."""
        status = HTTPStatus.CONFLICT if error.code in LOST else HTTPStatus.UNPROCESSABLE_ENTITY
        if error.code in OTHERS_HELP or error.code in LOST:
            return self.page(form, refusal=error, probe=form, typed=form.data, status=status)
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return self.page(form, chosen=self.still_chosen(form), status=status)

    @staticmethod
    def still_chosen(form: BookingForm) -> BookingForm | None:
        """The form, while what is wrong with it is neither the room nor the day."""
        is_slot_good = not form.errors.keys() & {"room", "date"} and "wish" in form.cleaned_data
        return form if is_slot_good else None

    def page(
        self,
        form: BookingForm,
        *,
        chosen: BookingForm | None = None,
        refusal: DomainError | None = None,
        probe: BookingForm | None = None,
        typed: Any = None,
        status: int = HTTPStatus.OK,
    ) -> HttpResponse:
        context: dict[str, Any] = {
            "space": self.space,
            "form": form,
            "is_visitor": self.person is None,
            "chosen": self.chosen(chosen) if chosen is not None else None,
            "has_times": any(room.mode == BookingMode.FREE for room in self.rooms),
            "refusal": refusal,
            "others": [],
            "mine": refusal.booking.get_absolute_url() if isinstance(refusal, AlreadyBooked) else "",
        }
        if refusal is not None:  # the page explains it: what led back here need not say it again
            said = messages.get_messages(self.request)
            context["messages"] = [message for message in said if message.message != refusal.message]
        if refusal is not None and probe is not None and refusal.code in OTHERS_HELP:
            context["others"] = self.others(probe, typed)
        return render(self.request, "coworking/book.html", context, status=status)

    def chosen(self, form: BookingForm) -> dict[str, Any]:
        """What the page says of a slot that can be booked, and the other half-days of that day."""
        room, wish = form.chosen_room, form.wish
        day = selectors.room_day(room, wish.day, at=self.at)
        left = selectors.half_days_left(room, self.person, wish.day) if self.person is not None else None
        return {
            "room": room,
            "is_free_time": room.mode == BookingMode.FREE,
            "day": capital(long_date(wish.day)),
            "choices": [_choice(choice, wish.period) for choice in day.choices],
            "stretches": [f"de{NBSP}{clock_time(start)} à{NBSP}{clock_time(end)}" for start, end in day.stretches],
            "lengths": f"de {duration(room.min_minutes)} à {duration(room.max_minutes)}",
            "access": access_in_french(room.access_type, room.access_note),
            "approval": APPROVAL_WORDS if room.needs_approval else "",
            "quota": _quota_words(left, wish.day),
            "week_url": week_url(self.space.slug, wish.day),
        }

    def others(self, form: BookingForm, typed: Any) -> list[OtherSlot]:
        """The nearest alternatives; those that follow a form already sent keep what was typed in it."""
        kept = [(name, str(typed[name])) for name in ABOUT_HER if typed.get(name)] if typed else []
        found = selectors.alternatives(
            form.chosen_room, form.wish, attendees=form.cleaned_data["attendees"], at=self.at
        )
        return [self.other(one, kept, is_sent=typed is not None) for one in found]

    def other(self, one: Alternative, kept: Sequence[tuple[str, str]], *, is_sent: bool) -> OtherSlot:
        slot = {"room": str(one.found.room.pk), **slot_parameters(one.found)}
        slug = one.found.space.slug
        return OtherSlot(
            way=_way(one),
            words=capital(date_range(one.found.start, one.found.end)),
            url=reverse("coworking:book", args=[slug]) if is_sent else book_url(slug, slot),
            fields=[*slot.items(), *kept],
            is_sent=is_sent,
        )


def _choice(choice: Any, asked: str) -> dict[str, Any]:
    reasons = {"taken": "déjà réservé", "past": "passé", "soon": "trop tard", "far": "trop loin", "closed": "fermé"}
    return {
        "value": choice.period,
        "label": Period(choice.period).label,
        "hint": f"{clock_time(choice.start)} – {clock_time(choice.end)}" if choice.is_free else reasons[choice.state],
        "is_free": choice.is_free,
        "is_asked": choice.period == asked,
    }


def _quota_words(left: int | None, day: Any) -> str:
    """What her share of the room still holds that month, this booking not counted."""
    if left is None:
        return ""
    month = long_date(day).rpartition(NBSP)[2]
    return f"Il vous reste {counted(left, 'demi-journée', 'demi-journées')} dans cette salle en {month}."


def _way(one: Alternative) -> str:
    if one.way == "later":
        return f"La même salle{NBSP}: {one.found.room.name}"
    if one.way == "room":
        return f"Au même endroit{NBSP}: {one.found.room.name}"
    return f"{one.found.space.name}, {distance(one.found.km or 0.0)}{NBSP}: {one.found.room.name}"


# --- After the code ---


def _book_from_draft(request: HttpRequest, person: Any, data: dict[str, Any]) -> str:
    """She proved her address: book what waited. Raises the DomainError of a slot that went meanwhile."""
    space = get_public_space(data["space"])
    at = clock.now()
    rooms = selectors.bookable_rooms(space)
    form = BookingForm(data, rooms=rooms, is_visitor=False, today=clock.local(at).date())
    if not form.is_valid():
        raise DomainError("Ce moment ne se réserve plus : choisissez-en un autre.", code="stale")
    _complete(person, name=data.get("name", ""), phone=data.get("phone", ""), at=at)
    try:
        booking = actions.book_room(
            room=form.chosen_room, person=person, wish=form.wish, by=person, at=at, **form.terms()
        )
    except AlreadyBooked as error:
        messages.info(request, error.message)
        return error.booking.get_absolute_url()
    return booking.get_absolute_url()


def _complete(person: Any, *, name: str, phone: str, at: datetime) -> None:
    """Fill what her page does not say yet with what she typed; what it says is hers to change there."""
    if (name and not person.name) or (phone and not person.phone):
        update_profile(
            person, name=person.name or name, phone=person.phone or phone, commune=person.commune, by=person, at=at
        )


def _back_to_form(request: HttpRequest, data: dict[str, Any]) -> str:
    slot = {name: data[name] for name in BookingForm.ABOUT_SLOT if data.get(name)}
    return f"{reverse('coworking:book', args=[data['space']])}?{urlencode(slot)}"


continuations.register(DRAFT, run=_book_from_draft, on_refused=_back_to_form)


# --- A booking ---


@never_cache
@require_safe
@person_required
def booking(request: HttpRequest, reference: Any) -> HttpResponse:
    """One booking: what, when, where, how to come in, whom to ask, what one can still do."""
    found = get_booking_for(request.user, reference)
    at = clock.now()
    is_own = found.person_id == request.person.pk  # type: ignore[attr-defined]
    context = {
        "booking": found,
        "room": found.room,
        "space": found.room.space,
        "when": capital(date_range(found.starts_at, found.ends_at)),
        "is_own": is_own,
        "is_over": found.ends_at <= at,
        "has_begun": found.starts_at <= at,
        "access": found.access_words(at),
        "too_late": _too_late(found, at, gesture="la modifier") if found.is_live else "",
        "can_change": is_own and found.state in CHANGEABLE_STATES and not _too_late(found, at, gesture="la modifier"),
        "can_cancel": is_own and found.state in CANCELLABLE_STATES and not _too_late(found, at, gesture="l’annuler"),
        "limit": duration(found.room.change_limit_minutes) if found.room.change_limit_minutes else "",
        "search_again": _search_again(found),
    }
    return render(request, "coworking/booking.html", context)


def _too_late(found: Any, at: datetime, *, gesture: str) -> str:
    """Why it can no longer be moved or freed online; empty while it can."""
    try:
        check_change_limit(found.room.terms, found.starts_at, at=at, gesture=gesture)
    except DomainError as error:
        return error.message
    return ""


def _search_again(found: Any) -> str:
    """The search for another place near the same commune."""
    return f"{reverse('coworking:search')}?{urlencode({'ou': found.room.space.commune.name})}"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@person_required
def change(request: HttpRequest, reference: Any) -> HttpResponse:
    """Move a booking, or say more of it, under the same rules as a new one."""
    found = get_own_booking_for(request.user, reference)
    at = clock.now()
    blocked = _too_late(found, at, gesture="la modifier")
    if found.state not in CHANGEABLE_STATES or blocked:
        messages.error(request, blocked or "Cette réservation ne se modifie plus.")
        return redirect(found)
    space = found.room.space
    rooms = selectors.bookable_rooms(space)
    today = clock.local(at).date()
    initial = initial_of(found, day=clock.local(found.starts_at).date(), period=_period_of(found))
    data = request.POST if request.method == "POST" else None
    form = BookingForm(data, rooms=rooms, is_visitor=False, today=today, initial=initial)
    status: int = HTTPStatus.OK
    refusal = None
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                actions.change_booking(
                    booking=found,
                    room=form.chosen_room,
                    wish=form.wish,
                    by=request.person,  # type: ignore[attr-defined]
                    at=at,
                    **form.terms(),
                )
            except DomainError as error:
                status = HTTPStatus.CONFLICT if error.code in LOST else status
                field = error.field if error.field in form.fields else None
                form.add_error(field, error.message)
                refusal = error
            else:
                messages.success(request, "C’est modifié : un courrier vous le confirme.")
                return redirect(found)
    context = {
        "booking": found,
        "space": space,
        "form": form,
        "refusal": refusal,
        "when": date_range(found.starts_at, found.ends_at),
        "has_times": any(room.mode == BookingMode.FREE for room in rooms),
    }
    return render(request, "coworking/change.html", context, status=status)


def _period_of(found: Any) -> str:
    """The half-day that a booking is, if it is one."""
    day = hours.half_days(found.room.space.opening_hours, clock.local(found.starts_at).date())
    for period in (Period.MORNING, Period.AFTERNOON, Period.DAY):
        half = day.get(period)
        if half is not None and (half.start, half.end) == (found.starts_at, found.ends_at):
            return str(period)
    return ""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@person_required
def cancel(request: HttpRequest, reference: Any) -> HttpResponse:
    """Ask once, then free the place."""
    found = get_own_booking_for(request.user, reference)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.cancel_booking(
                booking=found,
                by=request.person,  # type: ignore[attr-defined]
                at=clock.now(),
                reason=form.cleaned_data["reason"],
            )
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, "Votre place est libérée : quelqu’un d’autre pourra venir.")
        return redirect(found)
    blocked = _too_late(found, clock.now(), gesture="l’annuler")
    if found.state not in CANCELLABLE_STATES or blocked:
        return redirect(found)
    context = {
        "booking": found,
        "space": found.room.space,
        "form": form,
        "when": date_range(found.starts_at, found.ends_at),
    }
    return render(request, "coworking/cancel.html", context)


@never_cache
@require_safe
@person_required
def calendar_file(request: HttpRequest, reference: Any) -> HttpResponse:
    """The booking for her calendar: the same event as in the mails."""
    found = get_booking_for(request.user, reference)
    is_over = found.state not in (BookingState.CONFIRMED, BookingState.PENDING)
    response = HttpResponse(booking_event(found, cancelled=is_over), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="reservation.ics"'
    return response
