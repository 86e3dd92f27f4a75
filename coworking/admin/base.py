"""What every page of the animator's admin shares: who acts, which spaces are hers, where she goes next."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from coworking import permissions
from coworking.models import Space
from orne_accueil.accounts.actions import claim_person
from orne_accueil.accounts.models import Person
from orne_accueil.accounts.roles import is_coordinator
from orne_accueil.accounts.selectors import person_of
from orne_accueil.common import clock

View = Callable[..., HttpResponseBase]


def actor(request: HttpRequest) -> Person:
    """The Person who acts. Whoever was made a superuser from a terminal gets hers here."""
    user: Any = request.user
    return person_of(user) or claim_person(user, at=clock.now())


def runs_something(request: HttpRequest) -> bool:
    """Whether she animates a space, or coordinates. One query a request."""
    known: bool | None = getattr(request, "_orne_runs_something", None)
    if known is None:
        user: Any = request.user
        known = is_coordinator(user) or permissions.spaces_managed_by(user).exists()
        request._orne_runs_something = known  # type: ignore[attr-defined]
    return known


def her_spaces(request: HttpRequest) -> list[Space]:
    """The spaces that she runs, by name; all of them for the coordination. One query."""
    return list(permissions.spaces_managed_by(request.user).select_related("commune").order_by("name", "pk"))


def page(*methods: str) -> Callable[[View], View]:
    """A page of the animator's admin, for these methods: signed in, running a space, else 404."""

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not runs_something(request):
                raise Http404
            return view(request, *args, **kwargs)

        return admin.site.admin_view(require_http_methods(methods)(inner))

    return decorate


reading = page("GET", "HEAD")
form_page = page("GET", "HEAD", "POST")
gesture = page("POST")


def for_coordination(view: View) -> View:
    """Only the coordination: 404 for the others."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_coordinator(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return inner


def next_address(request: HttpRequest, default: str) -> str:
    """Where she came from, if that is a page of this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    hosts = {request.get_host()}
    return wanted if url_has_allowed_host_and_scheme(wanted, hosts, require_https=request.is_secure()) else default


def show(request: HttpRequest, name: str, title: str, context: dict[str, Any]) -> HttpResponse:
    """A page of ours inside the admin: what its frame needs, without counting every model's permissions."""
    frame = {
        "site_header": admin.site.site_header,
        "site_title": admin.site.site_title,
        "has_permission": True,
        "is_popup": False,
        "is_nav_sidebar_enabled": False,
        "title": title,
    }
    return render(request, f"admin/coworking/{name}.html", {**frame, **context})


def go(address: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(address)


class ScopedAdmin(admin.ModelAdmin):
    """A ModelAdmin that shows an animator what belongs to her spaces, and nothing of the others: 404.

    `space_lookup` leads from the model to the space's key. No row of Django's permissions is read.
    """

    space_lookup = "space"
    change_list_template = "admin/coworking/list.html"
    here = "spaces"
    list_title = ""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {"title": self.list_title, "here": self.here, **(extra_context or {})}
        return super().changelist_view(request, context)

    def render_change_form(  # type: ignore[override]
        self, request: HttpRequest, context: dict[str, Any], **kwargs: Any
    ) -> HttpResponse:
        context = {**context, "here": self.here, "title": context["original"] or self.list_title, "subtitle": None}
        return super().render_change_form(request, context, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request)
        return found.filter(**{f"{self.space_lookup}__in": permissions.spaces_managed_by(request.user).values("pk")})

    def has_module_permission(self, request: HttpRequest) -> bool:
        return runs_something(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return runs_something(request)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        raise Http404

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        raise Http404
