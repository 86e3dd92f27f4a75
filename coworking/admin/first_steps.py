"""The coordination's first steps on an empty install: territory, spaces, animators, rooms."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from coworking import actions, permissions
from coworking.forms.staff import ImportForm, InviteSomewhereForm
from coworking.models import Space
from coworking.selectors.staff import spaces_with_counts
from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError
from orne_accueil.common.text import NBSP
from orne_accueil.territory import actions as territory_actions
from orne_accueil.territory.models import Commune

from .base import actor, for_coordination, form_page, gesture, go, show
from .team import invite_animator


@dataclass(frozen=True)
class Step:
    """One line of the list: what to do, whether it is done, where things stand in words."""

    key: str
    title: str
    is_done: bool
    state: str
    counted: Any = None


def steps() -> list[Step]:
    """The four steps and where each stands. Two queries."""
    communes = Commune.objects.count()
    spaces = spaces_with_counts(Space.objects.all())
    alone = [space for space in spaces if not space.animator_count]  # type: ignore[attr-defined]
    bare = [space for space in spaces if space.is_bookable and not space.room_count]  # type: ignore[attr-defined]
    return [
        Step("territory", "Charger le territoire", communes > 0, _count(communes, "commune", "aucune commune")),
        Step("spaces", "Importer les EPN", bool(spaces), _count(len(spaces), "lieu", "aucun lieu", "lieux")),
        Step(
            "team",
            "Inviter un animateur par courriel",
            bool(spaces) and not alone,
            f"{_count(len(alone), 'lieu', 'aucun lieu', 'lieux')} sans animateur" if spaces else "aucun lieu encore",
            alone,
        ),
        Step(
            "rooms",
            "L’animateur ajoute ses salles",
            bool(spaces) and not bare,
            f"{_count(len(bare), 'lieu', 'aucun lieu', 'lieux')} sans salle" if spaces else "aucun lieu encore",
            bare,
        ),
    ]


def _count(number: int, one: str, none: str, several: str = "") -> str:
    if not number:
        return none
    return f"{number}{NBSP}{one if number == 1 else several or f'{one}s'}"


@form_page
@for_coordination
def first_steps(request: HttpRequest) -> HttpResponse:
    """What is done, what remains, and the form of each."""
    gesture_asked = request.POST.get("gesture", "")
    upload = ImportForm(
        request.POST if gesture_asked == "import" else None, request.FILES if gesture_asked == "import" else None
    )
    invite = InviteSomewhereForm(
        request.POST if gesture_asked == "invite" else None, spaces=permissions.spaces_managed_by(request.user)
    )
    report = None
    if gesture_asked == "import" and upload.is_valid():
        report = _import(request, upload)
    elif gesture_asked == "invite" and invite.is_valid():
        try:
            invite_animator(request, invite.cleaned_data["space"], invite)
        except DomainError as error:
            invite.refuse(error)
        else:
            return go(reverse("admin:coworking_first_steps"))
    return show(
        request,
        "first_steps",
        "Premiers pas",
        {"steps": steps(), "upload": upload, "invite": invite, "report": report, "here": "first-steps"},
    )


def _import(request: HttpRequest, form: ImportForm) -> Any:
    try:
        return actions.import_spaces(form.cleaned_data["file"].read(), by=actor(request), at=clock.now())
    except DomainError as error:
        form.refuse(error)
        return None


@gesture
@for_coordination
def territory(request: HttpRequest) -> HttpResponse:
    """Load the communes that come with the application. Idempotent."""
    folder = Path(apps.get_app_config("territory").path) / "data"
    try:
        report = territory_actions.load_territory(folder, at=clock.now())
    except DomainError as error:
        messages.error(request, error.message)
    else:
        remarks = f" {' '.join(report.remarks[:3])}" if report.remarks else ""
        messages.success(request, f"Territoire chargé. Lignes changées : {report.changes}.{remarks}")
    return go(reverse("admin:coworking_first_steps"))
