"""What follows from allauth's facts: an address proven, somebody signed in, a second factor activated."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from allauth.account.signals import email_changed, email_confirmed, user_logged_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.dispatch import receiver
from django.http import HttpRequest

from orne_accueil.common import clock

from . import actions, roles
from .models import User

STAFF_SESSION_SECONDS = 8 * 3600
"""A working day: whoever acts for others signs in each morning."""


@receiver(email_confirmed)
def claim_what_is_hers(sender: Any, email_address: EmailAddress, **_: object) -> None:
    """A proven address makes the account last, and gives it its Person."""
    actions.confirm_account(email_address.user, at=clock.now())


@receiver(email_changed)
def write_to_the_new_address(sender: Any, user: User, to_email_address: EmailAddress, **_: object) -> None:
    actions.follow_new_email(user, email=to_email_address.email, at=clock.now())


@receiver(user_logged_in)
def welcome(sender: Any, request: HttpRequest, user: User, **_: object) -> None:
    """She is in: her Person is there, her invitations are accepted, her session lasts as long as her role allows."""
    at = clock.now()
    person = actions.confirm_account(user, at=at)
    actions.accept_invitations(person, at=at)
    if roles.needs_second_factor(user):
        request.session.set_expiry(STAFF_SESSION_SECONDS)


@receiver(authenticator_added)
def activating_is_using(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **_: object
) -> None:
    """She just typed a code of her new application: this session has used its second factor."""
    if authenticator.type == Authenticator.Type.TOTP:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type, reauthenticated=True)
