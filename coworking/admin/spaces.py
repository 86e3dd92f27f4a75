"""A space as its animator keeps it: facts and photo, hours, closures, rooms, team."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import slugify

from coworking import actions, permissions
from coworking.actions import ClosureBlocked, HoursBlocked
from coworking.forms.staff import ClosureForm, NewRoomForm, RoomForm, SpaceForm, WeeklyHoursForm
from coworking.models import Booking, Equipment, Room, Space
from coworking.rules import hours
from coworking.rules.words import hours_in_french
from coworking.selectors import upcoming_closures
from orne_accueil.accounts.roles import is_coordinator
from orne_accueil.common import clock
from orne_accueil.common.admin import ActionAdmin, PlainAdmin
from orne_accueil.common.errors import DomainError
from orne_accueil.common.holidays import holiday_name
from orne_accueil.common.text import fold

from . import bookings, day, export, first_steps, team, week
from .base import ScopedAdmin, actor, form_page, gesture, go, reading, runs_something, show


@reading
def spaces(request: HttpRequest) -> HttpResponse:
    """Her places, and everything that she may do to each."""
    rows = permissions.spaces_managed_by(request.user).select_related("commune")
    counted = rows.annotate(room_count=Count("rooms", filter=Q(rooms__is_active=True))).order_by("name", "pk")
    return show(request, "spaces", "Mes lieux", {"spaces": counted, "here": "spaces"})


# --- Hours ---


@form_page
def hours_page(request: HttpRequest, space_id: int) -> HttpResponse:
    """The week in seven rows. Refused while bookings stand outside, with their list."""
    space = permissions.get_managed_space_by_id(request.user, space_id)
    form = WeeklyHoursForm(request.POST or None, expression=space.opening_hours)
    blocking: Sequence[Booking] = ()
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_hours(
                space=space,
                expression=hours.compose_weekly(form.new_hours()),
                by=actor(request),
                at=clock.now(),
            )
        except HoursBlocked as error:
            form.refuse(error)
            blocking = error.bookings
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, "Horaires enregistrés.")
            return go(reverse("admin:coworking_space_hours", args=[space.pk]))
    return show(
        request,
        "hours",
        f"Horaires : {space.name}",
        {
            "space": space,
            "form": form,
            "rows": form.rows(),
            "extra": form.weekly.extra,
            "words": hours_in_french(space.opening_hours),
            "blocking": blocking,
            "holidays": _holidays(space, clock.today()),
            "next": request.get_full_path(),
            "here": "spaces",
        },
    )


def _holidays(space: Space, today: date) -> list[tuple[date, str, bool]]:
    """The public holidays of the coming year: the day, its name, whether the space opens all the same."""
    days = (today + timedelta(days=offset) for offset in range(366))
    named = ((one, holiday_name(one)) for one in days)
    return [(one, name, bool(hours.openings(space.opening_hours, one))) for one, name in named if name]


# --- Closures ---


@form_page
def closures(request: HttpRequest, space_id: int) -> HttpResponse:
    """What is closed, and closing more: refused while bookings stand in the way, with their list."""
    space = permissions.get_managed_space_by_id(request.user, space_id)
    form = ClosureForm(request.POST or None, space=space, initial=request.GET.dict())
    blocking: Sequence[Booking] = ()
    if request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data
        try:
            start, end = form.range()
            actions.close_space(
                space=space,
                room=cleaned["room"],
                start=start,
                end=end,
                reason=cleaned["reason"],
                by=actor(request),
                at=clock.now(),
            )
        except ClosureBlocked as error:
            form.refuse(error)
            blocking = error.bookings
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, "C’est fermé. Le public lit votre motif, et personne ne peut plus réserver.")
            return go(reverse("admin:coworking_space_closures", args=[space.pk]))
    return show(
        request,
        "closures",
        f"Fermetures : {space.name}",
        {
            "space": space,
            "form": form,
            "closures": upcoming_closures([space], at=clock.now()),
            "blocking": blocking,
            "next": _same_form(request, form),
            "here": "spaces",
        },
    )


def _same_form(request: HttpRequest, form: ClosureForm) -> str:
    """This page with what was typed, to come back to once the bookings are dealt with."""
    if not form.is_bound:
        return request.path
    typed = {name: form.data.get(name, "") for name in form.fields}
    return f"{request.path}?{urlencode({name: value for name, value in typed.items() if value})}"


@gesture
def reopen(request: HttpRequest, closure_id: int) -> HttpResponse:
    """Take a closure back."""
    closure = permissions.get_managed_closure_for(request.user, closure_id)
    space_id = closure.space_id
    try:
        actions.reopen_space(closure=closure, by=actor(request), at=clock.now())
    except DomainError as error:  # somebody is writing there
        messages.error(request, error.message)
    else:
        messages.success(request, "C’est rouvert.")
    return go(reverse("admin:coworking_space_closures", args=[space_id]))


# --- Rooms ---


@form_page
def rooms(request: HttpRequest, space_id: int) -> HttpResponse:
    """The rooms of a space, and the short form that adds one."""
    space = permissions.get_managed_space_by_id(request.user, space_id)
    form = NewRoomForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            room = actions.add_room(
                room=form.room(space), units=form.cleaned_data["units"], by=actor(request), at=clock.now()
            )
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, f"« {room.name} » est prête à être réservée. Complétez-la quand vous voudrez.")
            return go(reverse("admin:coworking_space_rooms", args=[space.pk]))
    listed = space.rooms.annotate(unit_count=Count("units", filter=Q(units__is_active=True)))
    return show(
        request,
        "rooms",
        f"Salles : {space.name}",
        {"space": space, "form": form, "rooms": list(listed), "here": "spaces"},
    )


class RoomAdmin(ScopedAdmin, ActionAdmin):
    """A room's terms. It is added by the short form of its space's page, and never deleted: its past stays."""

    form = RoomForm
    list_title = "Toutes mes salles"
    change_form_template = "admin/coworking/room_form.html"
    list_display = ("name", "space", "kind", "units_in_service", "mode", "access", "is_active")
    list_display_links = ("name",)
    list_filter = ("kind", "is_active")
    list_select_related = ("space",)
    search_fields = ("name", "space__name")
    ordering = ("space__name", "position", "name", "pk")
    fieldsets = (
        (
            None,
            {"fields": ("name", "kind", "units", "capacity", "description", "equipment", "price_text", "is_active")},
        ),
        ("Accès", {"fields": ("access_type", "access_code", "access_note")}),
        (
            "Réservation",
            {
                "fields": (
                    "mode",
                    "needs_approval",
                    "min_minutes",
                    "max_minutes",
                    "notice_minutes",
                    "horizon_days",
                    "buffer_before_minutes",
                    "buffer_after_minutes",
                    "quota_half_days",
                    "change_limit_minutes",
                )
            },
        ),
        ("Autres salles", {"fields": ("includes", "position")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:
        found = super().get_queryset(request)
        return found.annotate(unit_count=Count("units", filter=Q(units__is_active=True)))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Room | None = None) -> bool:
        return runs_something(request)

    @admin.display(description="Places")
    def units_in_service(self, room: Room) -> int:
        return room.unit_count  # type: ignore[attr-defined]

    @admin.display(description="Accès")
    def access(self, room: Room) -> str:
        """How one gets in; the code itself stays on the room's page."""
        return f"{room.get_access_type_display()} ••••" if room.access_code else room.get_access_type_display()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return plain_relation(super().formfield_for_dbfield(db_field, request, **kwargs))

    def save_model(self, request: HttpRequest, obj: Room, form: ModelForm, change: bool) -> None:
        cleaned = form.cleaned_data
        actions.change_room(
            room=obj,
            units=cleaned["units"],
            equipment=cleaned["equipment"],
            includes=cleaned["includes"],
            by=actor(request),
            at=clock.now(),
        )


def plain_relation(field: Any) -> Any:
    """No pencil nor plus beside a choice: what it lists has its own page."""
    widget = getattr(field, "widget", None)
    for flag in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
        if hasattr(widget, flag):
            setattr(widget, flag, False)
    return field


# --- Facts ---


class SpaceAdmin(ScopedAdmin, ActionAdmin):
    """A space's own facts, and the door to every other page of this admin."""

    space_lookup = "pk"
    form = SpaceForm
    list_title = "Les lieux"
    list_display = ("name", "commune", "kind", "is_published", "is_bookable")
    list_filter = ("kind", "is_published", "is_bookable")
    list_select_related = ("commune",)
    search_fields = ("name", "commune__name")
    ordering = ("name", "pk")
    change_form_template = "admin/coworking/space_form.html"
    fieldsets = (
        (None, {"fields": ("name", "kind", "summary", "description", "labels", "photo", "photo_credit")}),
        ("Où et comment venir", {
            "fields": (
                "commune", "address", "address_extra", "postal_code", "latitude", "longitude", "access_text",
            )
        }),
        ("Joindre", {"fields": ("phone", "email", "website")}),
        ("Réserver", {"fields": ("is_published", "is_bookable", "external_url")}),
        ("Connexion", {"fields": ("technology", "down_mbps", "up_mbps", "measured_on", "measure_source")}),
    )  # fmt: skip

    # What the back office asks of its ModelAdmins.

    def opens_back_office(self, request: HttpRequest) -> bool:
        return runs_something(request)

    def landing(self, request: HttpRequest) -> str | None:
        """An animator lands on her day; the coordination on everything."""
        if is_coordinator(request.user) or not runs_something(request):
            return None
        return reverse("admin:coworking_day")

    def home_panels(self, request: HttpRequest) -> list[dict[str, Any]]:
        if not is_coordinator(request.user):
            return []
        return [{"template": "admin/coworking/home_panel.html", "steps": first_steps.steps()}]

    def get_app_urls(self) -> list[URLPattern]:
        return [
            path("journee/", day.day, name="coworking_day"),
            path("reserver/", bookings.book, name="coworking_book"),
            path("appelants/", bookings.callers, name="coworking_callers"),
            path("semaine/", week.weeks, name="coworking_weeks"),
            path("lieux/", spaces, name="coworking_spaces"),
            path("exporter/", export.export, name="coworking_export"),
            path("premiers-pas/", first_steps.first_steps, name="coworking_first_steps"),
            path("premiers-pas/territoire/", first_steps.territory, name="coworking_first_steps_territory"),
        ]

    def get_urls(self) -> list[URLPattern]:
        pages: list[URLPattern] = [
            path("<int:space_id>/semaine/", week.week, name="coworking_space_week"),
            path("<int:space_id>/feuille/", day.sheet, name="coworking_space_sheet"),
            path("<int:space_id>/horaires/", hours_page, name="coworking_space_hours"),
            path("<int:space_id>/fermetures/", closures, name="coworking_space_closures"),
            path("fermetures/<int:closure_id>/rouvrir/", reopen, name="coworking_closure_reopen"),
            path("<int:space_id>/salles/", rooms, name="coworking_space_rooms"),
            path("<int:space_id>/equipe/", team.team, name="coworking_space_team"),
            path("<int:space_id>/equipe/<int:person_id>/retirer/", team.leave, name="coworking_space_leave"),
        ]
        return pages + super().get_urls()

    # Facts are saved by the actions.

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_coordinator(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Space | None = None) -> bool:
        return runs_something(request)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return plain_relation(super().formfield_for_dbfield(db_field, request, **kwargs))

    def save_model(self, request: HttpRequest, obj: Space, form: ModelForm, change: bool) -> None:
        assert isinstance(form, SpaceForm)
        by, at = actor(request), clock.now()
        if not change:
            obj.slug = free_slug(obj.name)
        facts = [name for name in form.changed_data if name != "photo"]
        actions.save_space(space=obj, changed=facts, by=by, at=at)
        if form.new_photo is not None:
            actions.change_photo(space=obj, photo=form.new_photo or None, by=by, at=at)


def free_slug(name: str) -> str:
    """The name as the address of a page, with a number where somebody has it already."""
    base = slugify(fold(name))[:70] or "lieu"
    taken = set(Space.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(slug for slug in (base, *(f"{base}-{n}" for n in range(2, 10_000))) if slug not in taken)


class EquipmentAdmin(PlainAdmin):
    """The tags that rooms carry: the coordination keeps the list short."""

    list_display = ("name", "slug")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_coordinator(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Equipment | None = None) -> bool:
        return is_coordinator(request.user)

    has_add_permission = has_module_permission
    has_change_permission = has_view_permission

    def has_delete_permission(self, request: HttpRequest, obj: Equipment | None = None) -> bool:
        return is_coordinator(request.user)
