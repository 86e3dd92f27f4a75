"""Who runs a space: for the coordination."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from coworking import actions, permissions
from coworking.forms.staff import InviteForm
from coworking.models import Space, SpaceAnimator
from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError

from .base import actor, for_coordination, form_page, gesture, go, show


@form_page
@for_coordination
def team(request: HttpRequest, space_id: int) -> HttpResponse:
    """Who runs the space, and inviting somebody by mail."""
    space = permissions.get_managed_space_by_id(request.user, space_id)
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invite_animator(request, space, form)
        except DomainError as error:
            form.refuse(error)
        else:
            return go(reverse("admin:coworking_space_team", args=[space.pk]))
    animators = SpaceAnimator.objects.filter(space=space).select_related("person")
    return show(
        request,
        "team",
        f"Équipe : {space.name}",
        {"space": space, "form": form, "animators": animators, "here": "spaces"},
    )


def invite_animator(request: HttpRequest, space: Space, form: InviteForm) -> None:
    """Invite her by mail, give her the space, and say so. Raises DomainError."""
    invitation = actions.invite_animator(
        space=space,
        name=form.cleaned_data["name"],
        email=form.cleaned_data["email"],
        by=actor(request),
        at=clock.now(),
    )
    messages.success(request, f"L’invitation part à {invitation.person.email}. {space.name} l’attend.")


@gesture
@for_coordination
def leave(request: HttpRequest, space_id: int, person_id: int) -> HttpResponse:
    """Take a space from an animator."""
    space = permissions.get_managed_space_by_id(request.user, space_id)
    animator = SpaceAnimator.objects.filter(space=space, person=person_id).select_related("person").first()
    if animator is not None:
        actions.remove_animator(space=space, person=animator.person, by=actor(request), at=clock.now())
        messages.success(request, f"{animator.person.display_name} n’anime plus {space.name}.")
    return go(reverse("admin:coworking_space_team", args=[space.pk]))
