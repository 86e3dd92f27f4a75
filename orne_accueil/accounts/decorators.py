"""Doors of views: who must be there before the page is."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

from orne_accueil.common import clock

from . import actions, selectors

View = Callable[..., HttpResponse]


def person_required(view: View) -> View:
    """Ask for a sign-in, then give the view its `request.person`."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            back = request.get_full_path() if request.method in ("GET", "HEAD") else request.path
            return redirect_to_login(back)
        person = selectors.person_of(request.user) or actions.claim_person(request.user, at=clock.now())
        request.person = person  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    return wrapper
