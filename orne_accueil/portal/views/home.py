"""The home page: one question, then the doors."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coworking.forms.public import SearchForm
from orne_accueil.common import clock


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Ask where and when; the answer is the search page's. The proposed day is the next working day. No query."""
    return render(request, "portal/home.html", {"form": SearchForm({}, equipment=(), today=clock.today())})
