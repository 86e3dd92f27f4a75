"""Signed links: what the button of a mail does. One action, one object, an expiry. GET shows, POST does."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.core import signing

from .errors import DomainError


class LinkInvalid(DomainError):
    """The token was cut, altered, or made for another purpose."""

    def __init__(self) -> None:
        super().__init__("Ce lien n’est pas reconnu. Copiez-le en entier depuis le message reçu.", code="link_invalid")


class LinkExpired(DomainError):
    """The token was good, and its time is over."""

    def __init__(self) -> None:
        super().__init__("Ce lien a expiré. La page d’accueil vous dira comment continuer.", code="link_expired")


@dataclass(frozen=True)
class Link:
    """What a token says: the object's key, and an optional detail (a revision, a choice)."""

    subject: str
    detail: str


def make_token(purpose: str, subject: str, *, expires_at: datetime, detail: str = "") -> str:
    """A token for `purpose` on `subject`, worthless after `expires_at`. Safe in a URL."""
    return signing.dumps([subject, int(expires_at.timestamp()), detail], salt=f"orne.link.{purpose}", compress=False)


def read_token(purpose: str, token: str, *, at: datetime) -> Link:
    """Read a token made for the same purpose. Raises LinkInvalid or LinkExpired."""
    try:
        subject, expires, detail = signing.loads(token, salt=f"orne.link.{purpose}")
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise LinkInvalid from error
    if at >= datetime.fromtimestamp(expires, UTC):
        raise LinkExpired
    return Link(subject=subject, detail=detail)
