"""The kinds of messages. Each app declares its own as subclasses of Notification, imported in ready()."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model

from .enums import REASONS, Category
from .hooks import Address
from .models import Message


@dataclass(frozen=True)
class Attachment:
    """A file that leaves with a message; `mimetype` may carry parameters (« text/calendar; method=CANCEL »)."""

    filename: str
    content: bytes
    mimetype: str


class Notification:
    """One kind of message: what it says, to whom it may be refused, how long it is worth sending.

    A subclass that sets `kind` registers itself. Methods receive the row and, where it still exists, the
    object that the row is about; they are called at the moment of sending, outside any transaction, and may
    read the database.
    """

    kind: ClassVar[str] = ""
    """Stable name, « coworking.booking_confirmed »; part of the row's unique key."""
    label: ClassVar[str] = ""
    """What staff read in the admin: « Réservation confirmée »."""
    category: ClassVar[Category]
    template: ClassVar[str]
    """A template that extends "mail/base.html", with the blocks `subject` and `body`."""
    mutable: ClassVar[bool] = False
    """True where the recipient may refuse the category: the mail then carries List-Unsubscribe."""
    secret: ClassVar[bool] = False
    """True for a code: masked in the admin, gone from the row once settled. Needs `keep_for` or `expires_at`.
    """
    keep_for: ClassVar[timedelta | None] = None
    """How long after `send_after` the message stays worth sending; None: as long as delivery tries (a day).
    """
    reason: ClassVar[str] = ""
    """Why she gets it, after « parce que »; the category's reason when empty."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__dict__.get("kind"):
            _register(cls)

    def subject(self, message: Message) -> Model | None:
        """The object the message is about, read afresh; None when it is gone. Override to prefetch."""
        return fetch(message.subject_key)

    def context(self, message: Message, subject: Any) -> dict[str, Any]:
        """What the template shows. `message`, `subject`, `recipient` (an Address) and `data` are given
        already.
        """
        return {}

    def attachments(self, message: Message, subject: Any) -> list[Attachment]:
        return []

    def reply_to(self, message: Message, subject: Any) -> Address | str | None:
        """Who reads an answer: the mail says so, by name where there is one. None: the site's own contact."""
        return None

    def still_true(self, message: Message, subject: Any) -> bool:
        """Asked just before sending: False drops the message."""
        return True

    def why(self) -> str:
        """The reason in the footer, after « parce que »."""
        return self.reason or REASONS[self.category]


_kinds: dict[str, type[Notification]] = {}


def _register(notification: type[Notification]) -> None:
    missing = [name for name in ("category", "template") if not hasattr(notification, name)]
    if missing:
        raise ImproperlyConfigured(f"{notification.__qualname__} must state {' and '.join(missing)}.")
    known = _kinds.get(notification.kind)
    if known is not None and (known.__module__, known.__qualname__) != (
        notification.__module__,
        notification.__qualname__,
    ):
        raise ImproperlyConfigured(f"Two notifications are called {notification.kind}.")
    _kinds[notification.kind] = notification


def get(kind: str) -> type[Notification] | None:
    """The class that declared this kind, if the program still knows it."""
    return _kinds.get(kind)


def declared() -> dict[str, type[Notification]]:
    """Every declared kind, by name."""
    return dict(_kinds)


def label_of(kind: str) -> str:
    """What staff call this kind."""
    notification = _kinds.get(kind)
    return notification.label if notification is not None and notification.label else kind


def fetch(subject_key: str) -> Model | None:
    """The object that « coworking.booking:12 » names, or None when it, or its model, is gone."""
    label, _, key = subject_key.rpartition(":")
    if not label:
        return None
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return None
    return model._base_manager.filter(pk=key).first()
