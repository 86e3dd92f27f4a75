"""What the buttons of mails do, without signing in. GET shows what will happen, POST does it."""

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from coworking import actions
from coworking.enums import CANCELLABLE_STATES, DECIDABLE_STATES
from coworking.forms.public import CancelForm, DecideForm
from coworking.notifications import DECIDE, RELEASE
from coworking.permissions import booking_by_reference, manages
from coworking.rules.slots import check_change_limit
from orne_accueil.accounts.selectors import current_person
from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError
from orne_accueil.common.links import LinkExpired, LinkInvalid, read_token
from orne_accueil.common.text import date_range


def _link_is_dead(request: HttpRequest, error: DomainError) -> HttpResponse:
    status = HTTPStatus.GONE if isinstance(error, LinkExpired) else HTTPStatus.NOT_FOUND
    context = {"is_expired": isinstance(error, LinkExpired)}
    return render(request, "coworking/link_dead.html", context, status=status)


def _about(found: Any) -> dict[str, Any]:
    return {
        "booking": found,
        "room": found.room,
        "space": found.room.space,
        "when": date_range(found.starts_at, found.ends_at),
    }


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def release(request: HttpRequest, token: str) -> HttpResponse:
    """Free a booking from its mail. Used twice, or too late, it says so."""
    at = clock.now()
    try:
        link = read_token(RELEASE, token, at=at)
    except (LinkInvalid, LinkExpired) as error:
        return _link_is_dead(request, error)
    found = booking_by_reference(link.subject)
    form = CancelForm(request.POST if request.method == "POST" else None)
    just_freed, refusal = False, ""
    if found.state in CANCELLABLE_STATES:
        try:
            check_change_limit(found.room.terms, found.starts_at, at=at, gesture="l’annuler")
            if request.method == "POST" and form.is_valid():
                found = actions.cancel_booking(
                    booking=found, by=found.person, at=at, reason=form.cleaned_data["reason"]
                )
                just_freed = True
        except DomainError as error:
            refusal = error.message
            found = booking_by_reference(link.subject)
    context = _about(found) | {"form": form, "just_freed": just_freed, "refusal": refusal}
    return render(request, "coworking/release.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, token: str) -> HttpResponse:
    """Answer a request from its mail, for as long as the person of the link runs the space."""
    at = clock.now()
    try:
        link = read_token(DECIDE, token, at=at)
    except (LinkInvalid, LinkExpired) as error:
        return _link_is_dead(request, error)
    found = booking_by_reference(link.subject)
    animator = current_person(int(link.detail)) if link.detail.isdecimal() else None
    if not manages(animator, found.room.space):
        raise Http404
    form = DecideForm(request.POST if request.method == "POST" else None)
    just_answered, refusal = False, ""
    status: int = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                found = _answer(found, form, by=animator, at=at)
                just_answered, status = True, HTTPStatus.OK
            except DomainError as error:
                refusal, status = error.message, HTTPStatus.CONFLICT
                found = booking_by_reference(link.subject)
    context = _about(found) | {
        "form": form,
        "is_waiting": found.state in DECIDABLE_STATES,
        "just_answered": just_answered,
        "refusal": refusal,
    }
    return render(request, "coworking/decide.html", context, status=status)


def _answer(found: Any, form: DecideForm, *, by: Any, at: Any) -> Any:
    if form.cleaned_data["decision"] == "accept":
        return actions.approve_booking(booking=found, by=by, at=at)
    return actions.refuse_booking(booking=found, by=by, at=at, reason=form.cleaned_data["reason"])
