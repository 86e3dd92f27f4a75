"""The back office: Django's own admin, open to whoever holds a post, closed to everybody else."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache


class BackOffice(admin.AdminSite):
    """Django's admin, where the posts of this project decide and no row of Django's permissions is needed.

    The team, the coordination and whoever a ModelAdmin lets in (`opens_back_office(request)`) enter; each ModelAdmin
    says what of it they see. A visitor is sent to sign in; somebody signed in who holds no post gets 404.

    A ModelAdmin may also add pages under its app (`get_app_urls()`), send the home page elsewhere
    (`landing(request)`, an address or None) and put panels on it (`home_panels(request)`).
    """

    site_header = "Télétravail dans l’Orne"
    site_title = "Administration"
    index_title = "Accueil de l’administration"
    index_template = "admin/home.html"
    enable_nav_sidebar = False
    empty_value_display = "–"

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        if not user.is_authenticated or not user.is_active:
            return False
        return user.is_staff or user.is_superuser or any(opens(request) for opens in self._asked("opens_back_office"))

    def _asked(self, name: str) -> list[Callable[[HttpRequest], Any]]:
        found = (getattr(model_admin, name, None) for model_admin in self._registry.values())
        return [method for method in found if method is not None]

    def admin_view(  # type: ignore[override]
        self, view: Callable[..., Any], cacheable: bool = False
    ) -> Callable[..., Any]:
        guarded = super().admin_view(view, cacheable)

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), reverse("account_login"))
            if not self.has_permission(request):
                raise Http404
            return guarded(request, *args, **kwargs)

        return update_wrapper(inner, view)

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """One door for everybody: the site's own sign-in."""
        if self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"), reverse("account_login"))

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse("account_change_password"))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        extra: list[URLPattern | URLResolver] = [
            path(f"{model._meta.app_label}/", include(model_admin.get_app_urls()))
            for model, model_admin in self._registry.items()
            if hasattr(model_admin, "get_app_urls")
        ]
        return extra + super().get_urls()

    @method_decorator(never_cache)
    def index(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The first page of whoever enters: her day if she runs a place (`?tout` shows the rest), else everything."""
        if "tout" not in request.GET:
            for landing in self._asked("landing"):
                if address := landing(request):
                    return HttpResponseRedirect(address)
        panels = [panel for make in self._asked("home_panels") for panel in make(request)]
        return super().index(request, {"panels": panels, **(extra_context or {})})
