"""Who is asking (`request.person`), and the second factor of those who hold a post."""

from collections.abc import Callable

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.http import urlencode

from orne_accueil.common import clock

from . import roles, selectors

ACTIVATE = (
    "Vous agissez ici pour d’autres : un second code, donné par une application de votre téléphone, protège "
    "ce qu’ils vous confient. Activez-le une fois, puis vous reviendrez où vous alliez."
)
USE_IT = "Pour ouvrir cette page, donnez le code de votre application."


class SecondFactorMiddleware:
    """Give `request.person`; keep whoever holds a post out of its pages until a second factor was used.

    Guarded are the prefixes of `roles.guarded_prefixes()`, for those of whom `needs_second_factor` is true.
    Each session is asked anew.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.person = SimpleLazyObject(lambda: selectors.person_of(request.user))  # type: ignore[attr-defined]
        return self.asked_for_a_factor(request) or self.get_response(request)

    def asked_for_a_factor(self, request: HttpRequest) -> HttpResponse | None:
        """The page that asks for the factor, when it is due here and this session has not shown it."""
        if not settings.SECOND_FACTOR_REQUIRED or not request.path_info.startswith(roles.guarded_prefixes()):
            return None
        if not request.user.is_authenticated or not roles.needs_second_factor(request.user):
            return None
        if not is_mfa_enabled(request.user, [Authenticator.Type.TOTP]):
            messages.info(request, ACTIVATE)
            return _ask(request, "mfa_activate_totp")
        if not has_used_second_factor(request):
            messages.info(request, USE_IT)
            return _ask(request, "mfa_reauthenticate")
        return None


def has_used_second_factor(request: HttpRequest) -> bool:
    """Whether this very session was opened, or confirmed since, with a second factor."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))


def _ask(request: HttpRequest, urlname: str) -> HttpResponseRedirect:
    back = request.get_full_path() if request.method in ("GET", "HEAD") else request.path
    return HttpResponseRedirect(f"{reverse(urlname)}?{urlencode({'next': back})}")


ACTIVITY_SECONDS = 600
"""How precisely « vue pour la dernière fois » is known: one write per session in that time, not one per page."""


class ActivityMiddleware:
    """Note when and from where a session was last used, for « Mes sessions »."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.session.session_key and request.user.is_authenticated:
            now = int(clock.now().timestamp())
            if now - request.session.get("orne.seen", 0) >= ACTIVITY_SECONDS:
                UserSession.objects.create_from_request(request)
                request.session["orne.seen"] = now
        return self.get_response(request)
