"""The signed addresses that accounts puts in its mails."""

from datetime import datetime, timedelta

from django.urls import reverse

from orne_accueil.common import clock
from orne_accueil.common.links import Link, make_token, read_token

from .models import Invitation

INVITATION = "accounts.invitation"
UNSUBSCRIBE = "accounts.unsubscribe"
UNSUBSCRIBE_LIFE = timedelta(days=2 * 365)


def invitation_url(invitation: Invitation) -> str:
    """Where the invited person says yes; worthless once accepted or expired."""
    token = make_token(INVITATION, str(invitation.pk), expires_at=invitation.expires_at)
    return reverse("account_invitation", args=[token])


def read_invitation(token: str, *, at: datetime) -> Link:
    return read_token(INVITATION, token, at=at)


def unsubscribe_url(recipient: str, category: str) -> str:
    """Where one click stops a category of mails for « person:12 », without signing in."""
    token = make_token(UNSUBSCRIBE, recipient, detail=category, expires_at=clock.now() + UNSUBSCRIBE_LIFE)
    return reverse("unsubscribe", args=[token])


def read_unsubscribe(token: str, *, at: datetime) -> Link:
    return read_token(UNSUBSCRIBE, token, at=at)
