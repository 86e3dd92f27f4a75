"""The officials' workspace: its index. What waits for each mandate comes with the domains."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from orne_accueil.accounts import selectors
from orne_accueil.accounts.decorators import person_required
from orne_accueil.common import clock


@require_safe
@person_required
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """The mandates she may act through today, hers and those lent to her."""
    powers = selectors.powers(request.person, clock.today())  # type: ignore[attr-defined]
    return render(request, "accounts/mairie.html", {"powers": powers})
