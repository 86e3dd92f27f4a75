"""The back office of people, accounts and posts: for the coordination."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from auditlog.models import LogEntry
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from orne_accueil.common import clock
from orne_accueil.common.admin import ActionAdmin, PlainAdmin, ReadOnlyAdmin
from orne_accueil.common.errors import DomainError

from . import actions, merging, roles, selectors
from .models import Delegation, Invitation, Mandate, Organisation, Person, User
from .staff_forms import (
    DelegationForm,
    InvitationForm,
    MandateDatesForm,
    MandateForm,
    OrganisationForm,
    PersonForm,
)

# Nothing of these is typed by hand: addresses prove themselves, secrets and sessions stay unseen, posts are not groups.
for library in ("allauth.account", "allauth.mfa", "allauth.usersessions", "auditlog", "django.contrib.auth"):
    import_module(f"{library}.admin")
for library_model in (EmailAddress, Authenticator, UserSession, LogEntry, Group):
    admin.site.unregister(library_model)

View = Callable[..., HttpResponse]


# --- What the pages of this admin share ---


def for_coordination(view: View) -> View:
    """A page of the coordination: whoever else is signed in gets 404."""

    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not roles.is_coordinator(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return admin.site.admin_view(inner)


def actor(request: HttpRequest) -> Person:
    user: Any = request.user
    return selectors.person_of(user) or actions.claim_person(user, at=clock.now())


def show(request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> HttpResponse:
    frame = admin.site.each_context(request) | {"title": title, "is_nav_sidebar_enabled": False}
    return render(request, f"accounts/admin/{template}.html", frame | context)


def tell(request: HttpRequest, gesture: Callable[[], Any], done: str) -> bool:
    """Do it and say so, or say why not. Returns whether it was done."""
    try:
        gesture()
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return False
    messages.success(request, done)
    return True


def link(url: str, text: str) -> str:
    return format_html('<a href="{}">{}</a>', url, text)


def person_link(person: Person | None) -> str:
    if person is None:
        return "–"
    return link(reverse("admin:accounts_person_change", args=[person.pk]), person.display_name)


# --- Persons ---


class HasAccountFilter(admin.SimpleListFilter):
    title = "compte"
    parameter_name = "compte"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("oui", "Se connecte"), ("non", "Notée seulement")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Person]) -> QuerySet[Person] | None:
        if self.value() is None:
            return queryset
        return queryset.filter(user__isnull=self.value() == "non")


@admin.register(Person)
class PersonAdmin(ActionAdmin):
    """Everybody the network knows. Two rows for one human being are merged here."""

    form = PersonForm
    fields = ("name", "email", "phone", "commune", "account", "typed_by_whom", "created_at")
    readonly_fields = ("account", "typed_by_whom", "created_at")
    list_display = ("display_name", "email", "phone", "commune", "has_account")
    list_display_links = ("display_name",)
    list_filter = (HasAccountFilter,)
    list_select_related = ("commune",)
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("name", "email", "phone")
    search_help_text = "Un nom, une adresse ou un numéro."
    change_form_template = "accounts/admin/person.html"

    def save_model(self, request: HttpRequest, obj: Person, form: Any, change: bool) -> None:
        data, by, at = form.cleaned_data, actor(request), clock.now()
        if change:
            actions.correct_person(Person.objects.get(pk=obj.pk), **data, by=by, at=at)
        else:
            obj.pk = actions.person_for_contact(**data, by=by, at=at).pk

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        person_key = int(object_id) if object_id.isdecimal() else 0
        mandates = Mandate.objects.filter(person_id=person_key).select_related("commune", "epci")
        lent = Delegation.objects.filter(delegate_id=person_key).select_related(
            "mandate__person", "mandate__commune", "mandate__epci"
        )
        extra = {"mandates": mandates, "lent": lent}
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    def has_view_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:
        return roles.is_coordinator(request.user)

    def get_urls(self) -> list[URLPattern]:
        return [
            path("<int:pk>/fusionner/", for_coordination(self.merge_view), name="accounts_person_merge"),
            *super().get_urls(),
        ]

    @admin.display(description="nom", ordering="name")
    def display_name(self, row: Person) -> str:
        return row.display_name

    @admin.display(description="se connecte", boolean=True)
    def has_account(self, row: Person) -> bool:
        return row.user_id is not None

    @admin.display(description="compte")
    def account(self, row: Person) -> str:
        if row.user is None:
            return "Aucun. Elle en aura un en tapant le code reçu à son adresse."
        return link(reverse("admin:accounts_user_change", args=[row.user_id]), row.user.email)

    @admin.display(description="notée par")
    def typed_by_whom(self, row: Person) -> str:
        return person_link(row.typed_by)

    def merge_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Find the other row, look at what would move, then merge."""
        keep = get_object_or_404(Person.objects.select_related("commune", "user"), pk=pk)
        others = Person.objects.select_related("commune", "user").exclude(pk=keep.pk)
        number = request.POST.get("with") or request.GET.get("with") or ""
        drop = others.filter(pk=number).first() if number.isdecimal() else None
        if request.method == "POST" and drop is not None:
            done = tell(
                request,
                lambda: actions.merge_persons(keep=keep, drop=drop, by=actor(request), at=clock.now()),
                "Les deux fiches n’en font plus qu’une.",
            )
            if done:
                return HttpResponseRedirect(reverse("admin:accounts_person_change", args=[keep.pk]))
        typed = request.GET.get("q", "").strip()
        found = others.matching(typed)[:20] if typed else self.look_alikes(keep)
        context = {
            "keep": keep,
            "drop": drop,
            "typed": typed,
            "found": found,
            "belongings": merging.belongings(drop) if drop else [],
        }
        return show(request, "merge", "Fusionner deux fiches", context)

    def look_alikes(self, person: Person) -> QuerySet[Person]:
        """Rows of the same telephone or the same last word of the name."""
        alike = Q(pk__in=[])
        if person.phone:
            alike |= Q(phone=person.phone)
        if person.name:
            alike |= Q(name__icontains=person.name.split()[-1])
        return Person.objects.select_related("commune", "user").filter(alike).exclude(pk=person.pk)[:20]


# --- Accounts ---


class ProvenFilter(admin.SimpleListFilter):
    title = "adresse"
    parameter_name = "adresse"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("prouvee", "Prouvée"), ("attente", "En attente d’un code")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User] | None:
        if self.value() is None:
            return queryset
        return queryset.filter(confirmed_at__isnull=self.value() == "attente")


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """Who signs in, and with what. Passwords and secrets are never shown."""

    fields = (
        "email", "whose", "is_open", "in_team", "coordinates", "confirmed_at", "last_login", "has_password",
        "has_second_factor", "open_sessions",
    )  # fmt: skip
    list_display = ("email", "whose", "is_open", "in_team", "coordinates", "confirmed_at", "last_login")
    list_filter = (ProvenFilter, "is_active", "is_staff", "is_superuser")
    list_select_related = ("person",)
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("email", "person__name")
    ordering = ("email",)
    change_form_template = "accounts/admin/user.html"

    def get_urls(self) -> list[URLPattern]:
        gesture = "<int:pk>/<str:gesture>/faire/"
        return [
            path(gesture, for_coordination(require_POST(self.gesture_view)), name="accounts_user_gesture"),
            *super().get_urls(),
        ]

    @admin.display(description="personne", ordering="person__name")
    def whose(self, row: User) -> str:
        return person_link(getattr(row, "person", None))

    @admin.display(description="ouvert", boolean=True, ordering="is_active")
    def is_open(self, row: User) -> bool:
        return row.is_active

    @admin.display(description="équipe", boolean=True, ordering="is_staff")
    def in_team(self, row: User) -> bool:
        return row.is_staff

    @admin.display(description="coordination", boolean=True, ordering="is_superuser")
    def coordinates(self, row: User) -> bool:
        return row.is_superuser

    @admin.display(description="a un mot de passe", boolean=True)
    def has_password(self, row: User) -> bool:
        return row.has_usable_password()

    @admin.display(description="a un second facteur", boolean=True)
    def has_second_factor(self, row: User) -> bool:
        return bool(is_mfa_enabled(row))

    @admin.display(description="sessions ouvertes")
    def open_sessions(self, row: User) -> int:
        return UserSession.objects.filter(user=row).count()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        user = self.get_object(request, object_id)
        extra = {"has_second_factor": user is not None and is_mfa_enabled(user)}
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    def gesture_view(self, request: HttpRequest, pk: int, gesture: str) -> HttpResponse:
        user = get_object_or_404(User, pk=pk)
        by, at = actor(request), clock.now()

        def set_roles(**changed: bool) -> User:
            given = {"is_staff": user.is_staff, "is_superuser": user.is_superuser} | changed
            return actions.set_roles(user, **given, by=by, at=at)

        gestures: dict[str, tuple[Callable[[], Any], str]] = {
            "fermer": (
                lambda: actions.set_active(user, active=False, by=by, at=at),
                "Ce compte est fermé, et ses sessions avec lui.",
            ),
            "rouvrir": (lambda: actions.set_active(user, active=True, by=by, at=at), "Ce compte est rouvert."),
            "equipe": (lambda: set_roles(is_staff=True), "Elle fait partie de l’équipe."),
            "hors-equipe": (
                lambda: set_roles(is_staff=False, is_superuser=False),
                "Elle ne fait plus partie de l’équipe.",
            ),
            "coordination": (lambda: set_roles(is_superuser=True), "Elle coordonne désormais."),
            "hors-coordination": (lambda: set_roles(is_superuser=False), "Elle ne coordonne plus."),
            "second-facteur": (
                lambda: actions.reset_second_factor(user, by=by, at=at),
                "Son second facteur est effacé. Elle en activera un autre à sa prochaine connexion.",
            ),
            "sessions": (lambda: actions.end_sessions(user), "Ses sessions sont fermées."),
        }
        if gesture not in gestures:
            raise Http404
        tell(request, *gestures[gesture])
        if not User.objects.filter(pk=by.user_id or 0, is_superuser=True, is_active=True).exists():
            return HttpResponseRedirect("/")
        return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[pk]))


# --- Posts ---


class HoldsFilter(admin.SimpleListFilter):
    title = "en cours"
    parameter_name = "encours"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("oui", "En cours"), ("non", "Finis ou à venir")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Mandate]) -> QuerySet[Mandate] | None:
        if self.value() is None:
            return queryset
        active = Mandate.objects.active(clock.today()).values("pk")
        return queryset.filter(pk__in=active) if self.value() == "oui" else queryset.exclude(pk__in=active)


@admin.register(Mandate)
class MandateAdmin(ActionAdmin):
    """Who may act for which mairie or CdC, and to whom it is lent."""

    list_display = ("person", "title", "scope_name", "starts_on", "ends_on")
    list_filter = (HoldsFilter,)
    list_select_related = ("person", "commune", "epci")
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("person__name", "person__email", "title", "commune__name", "epci__name")
    search_help_text = "Un nom, une commune, une communauté de communes."
    change_form_template = "accounts/admin/mandate.html"

    def get_form(self, request: HttpRequest, obj: Mandate | None = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs["form"] = MandateDatesForm if obj else MandateForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Mandate | None = None) -> tuple[str, ...]:
        if obj:
            return ("whose", "scope_name", "title", "starts_on", "ends_on")
        return ("name", "email", "title", "commune", "scope", "starts_on", "ends_on", "invites")

    def get_readonly_fields(self, request: HttpRequest, obj: Mandate | None = None) -> tuple[str, ...]:
        return ("whose", "scope_name") if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """From a person's page, she is known already."""
        number = request.GET.get("person", "")
        person = Person.objects.filter(pk=number).first() if number.isdecimal() else None
        return {"name": person.name, "email": person.email} if person else {}

    def save_model(self, request: HttpRequest, obj: Mandate, form: Any, change: bool) -> None:
        data, by, at = form.cleaned_data, actor(request), clock.now()
        if change:
            mandate = Mandate.objects.get(pk=obj.pk)
            actions.correct_mandate(mandate, **data, by=by, at=at)
            return
        mandate = actions.install_official(
            name=data["name"], email=data["email"], title=data["title"], starts_on=data["starts_on"],
            ends_on=data["ends_on"], invites=data["invites"], by=by, at=at, **form.scope_values(),
        )  # fmt: skip
        obj.__dict__.update(mandate.__dict__)

    def get_urls(self) -> list[URLPattern]:
        delegate = require_http_methods(["GET", "HEAD", "POST"])(self.delegate_view)
        return [
            path("<int:pk>/deleguer/", for_coordination(delegate), name="accounts_mandate_delegate"),
            path("<int:pk>/finir/", for_coordination(require_POST(self.end_view)), name="accounts_mandate_end"),
            path(
                "delegations/<int:pk>/finir/",
                for_coordination(require_POST(self.end_delegation_view)),
                name="accounts_delegation_end",
            ),
            *super().get_urls(),
        ]

    @admin.display(description="personne")
    def whose(self, row: Mandate) -> str:
        return person_link(row.person)

    @admin.display(description="territoire")
    def scope_name(self, row: Mandate) -> str:
        return row.scope_name

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        today = clock.today()
        mandate_key = int(object_id) if object_id.isdecimal() else 0
        delegations = Delegation.objects.filter(mandate_id=mandate_key).select_related("delegate")
        running = [row for row in delegations if row.ends_on is None or row.ends_on > today]
        extra = {"delegations": delegations, "running": running, "today": today}
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    def delegate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        mandate = get_object_or_404(Mandate.objects.select_related("person", "commune", "epci"), pk=pk)
        form = DelegationForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            data, by, at = form.cleaned_data, actor(request), clock.now()
            try:
                actions.delegate_to_contact(
                    mandate, name=data["name"], email=data["email"], starts_on=data["starts_on"],
                    ends_on=data["ends_on"], by=by, at=at,
                )  # fmt: skip
            except DomainError as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            else:
                messages.success(request, "Le mandat est délégué, et l’invitation est partie.")
                return HttpResponseRedirect(reverse("admin:accounts_mandate_change", args=[pk]))
        context = {"form": form, "mandate": mandate, "submit": "Déléguer et inviter"}
        return show(request, "form", f"Déléguer : {mandate.title}, {mandate.scope_name}", context)

    def end_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        mandate = get_object_or_404(Mandate, pk=pk)
        today = clock.today()
        gesture = lambda: actions.end_mandate(mandate, on=today, by=actor(request), at=clock.now())  # noqa: E731
        tell(request, gesture, "Ce mandat finit ce soir, et ses délégations avec lui.")
        return HttpResponseRedirect(reverse("admin:accounts_mandate_change", args=[pk]))

    def end_delegation_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        delegation = get_object_or_404(Delegation, pk=pk)
        today = clock.today()
        gesture = lambda: actions.end_delegation(delegation, on=today, by=actor(request), at=clock.now())  # noqa: E731
        tell(request, gesture, "Cette délégation finit ce soir.")
        return HttpResponseRedirect(reverse("admin:accounts_mandate_change", args=[delegation.mandate_id]))


# --- Invitations, organisations, the log ---


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Who was asked to come and work here, and who came."""

    fields = ("whom", "role", "invited_by_whom", "created_at", "expires_at", "accepted_at")
    list_display = ("whom", "role", "invited_by_whom", "created_at", "expires_at", "accepted_at")
    list_display_links = ("role",)
    list_select_related = ("person", "invited_by")
    list_per_page = 50
    search_fields = ("person__name", "person__email", "role")
    change_list_template = "accounts/admin/invitations.html"
    change_form_template = "accounts/admin/invitation.html"

    def get_urls(self) -> list[URLPattern]:
        invite = require_http_methods(["GET", "HEAD", "POST"])(self.invite_view)
        return [
            path("inviter/", for_coordination(invite), name="accounts_invitation_invite"),
            path(
                "<int:pk>/renvoyer/", for_coordination(require_POST(self.again_view)), name="accounts_invitation_again"
            ),
            *super().get_urls(),
        ]

    @admin.display(description="personne", ordering="person__name")
    def whom(self, row: Invitation) -> str:
        return person_link(row.person)

    @admin.display(description="invitée par")
    def invited_by_whom(self, row: Invitation) -> str:
        return person_link(row.invited_by)

    def invite_view(self, request: HttpRequest) -> HttpResponse:
        """Somebody joins the team. Animators are invited from their space, officials from their mandate."""
        form = InvitationForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                actions.invite_staff(**form.cleaned_data, by=actor(request), at=clock.now(), is_staff=True)
            except DomainError as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            else:
                messages.success(request, "L’invitation est partie.")
                return HttpResponseRedirect(reverse("admin:accounts_invitation_changelist"))
        context = {"form": form, "submit": "Envoyer l’invitation", "mandate": None}
        return show(request, "form", "Inviter dans l’équipe", context)

    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = get_object_or_404(Invitation.objects.select_related("person"), pk=pk)
        gesture = lambda: actions.invite_again(found, by=actor(request), at=clock.now())  # noqa: E731
        tell(request, gesture, "Une nouvelle invitation est partie.")
        return HttpResponseRedirect(reverse("admin:accounts_invitation_changelist"))


@admin.register(Organisation)
class OrganisationAdmin(PlainAdmin):
    """Who takes part in the welcome."""

    form = OrganisationForm
    list_display = ("name", "kind", "commune", "contact")
    list_filter = ("kind",)
    list_select_related = ("commune", "contact")
    search_fields = ("name", "siret", "commune__name")


@admin.register(LogEntry)
class LogAdmin(ReadOnlyAdmin):
    """Who did what, when, on whose behalf. Rows are named by number."""

    fields = ("timestamp", "actor", "object_repr", "what", "changed")
    list_display = ("timestamp", "actor", "object_repr", "what")
    list_display_links = ("object_repr",)
    list_filter = ("action", "content_type")
    list_select_related = ("actor", "content_type")
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("object_repr", "actor__email", "=object_pk")
    search_help_text = "Une adresse de l’équipe, ou «\u00a0réservation n° 12\u00a0»."

    @admin.display(description="quoi")
    def what(self, row: LogEntry) -> str:
        said = (row.additional_data or {}).get("what")
        return said or row.get_action_display()

    @admin.display(description="ce qui a changé")
    def changed(self, row: LogEntry) -> str:
        return ", ".join(sorted(row.changes or {})) or "–"
