"""Who runs a space: inviting somebody by mail."""

from datetime import datetime

from django.db import transaction

from coworking.models import Space
from orne_accueil.accounts.actions import invite_staff
from orne_accueil.accounts.models import Invitation, Person

from .spaces import add_animator


def invite_animator(*, space: Space, name: str, email: str, by: Person, at: datetime) -> Invitation:
    """Ask somebody by mail to run the space, which she does from her first sign-in.

    She needs no row of Django's permissions nor the team's flag: running a space opens the back office. Raises
    DomainError for an address that cannot be or an account that is closed.
    """
    with transaction.atomic():
        invitation = invite_staff(name=name, email=email, role=f"animer « {space.name} »", by=by, at=at, is_staff=False)
        add_animator(space=space, person=invitation.person, by=by, at=at)
        return invitation
