"""Kinds of messages that only the tests send, and the people who receive them."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from django.contrib.auth.models import Group
from django.db import transaction
from django.template import engines

from orne_accueil.outbox import actions
from orne_accueil.outbox.enums import Category
from orne_accueil.outbox.hooks import Address
from orne_accueil.outbox.models import Message
from orne_accueil.outbox.registry import Attachment, Notification

TEMPLATES = Path(__file__).parent / "templates"


def install_templates() -> None:
    """Let the engine find the templates of these kinds."""
    dirs = engines["django"].engine.dirs  # type: ignore[attr-defined]
    if TEMPLATES not in dirs:
        dirs.append(TEMPLATES)


class Letter(Notification):
    """About a group, which stands here for anything that has a name."""

    kind = "tests.letter"
    label = "Lettre d’essai"
    category = Category.BOOKINGS
    template = "mail_tests/letter.html"

    def context(self, message: Message, subject: Group) -> dict[str, Any]:
        return {"name": subject.name, "note": message.data.get("note", "")}


class Reminder(Letter):
    kind = "tests.reminder"
    mutable = True
    keep_for = timedelta(hours=2)

    def still_true(self, message: Message, subject: Group) -> bool:
        return not subject.name.startswith("annulé")


class Code(Notification):
    kind = "tests.code"
    category = Category.ACCOUNT
    template = "mail_tests/code.html"
    secret = True
    keep_for = timedelta(minutes=15)


class Enclosing(Letter):
    kind = "tests.enclosing"
    calendar: ClassVar[bytes] = b"BEGIN:VCALENDAR\r\nSUMMARY:R\xc3\xa9union\r\nEND:VCALENDAR\r\n"

    def attachments(self, message: Message, subject: Group) -> list[Attachment]:
        return [Attachment("réservation.ics", self.calendar, "text/calendar; method=PUBLISH; charset=utf-8")]

    def reply_to(self, message: Message, subject: Group) -> Address | str | None:
        return Address("epn.argentan@exemple.test", "Espace public numérique d’Argentan")


class Broken(Letter):
    """Its programmer forgot something."""

    kind = "tests.broken"

    def context(self, message: Message, subject: Group) -> dict[str, Any]:
        raise KeyError("booking")


class People:
    """Who « person:1 » is, here."""

    def __init__(self) -> None:
        self.addresses: dict[str, Address] = {}
        self.refused: set[tuple[str, str]] = set()

    def address(self, recipient: str) -> Address | None:
        return self.addresses.get(recipient) or (Address(recipient) if "@" in recipient else None)

    def accepts(self, recipient: str, category: Category) -> bool:
        return (recipient, category) not in self.refused

    def unsubscribe_url(self, recipient: str, category: Category) -> str:
        return f"/courriers/desinscription/jeton-{category}/"


def write(
    at: datetime,
    kind: type[Notification] = Letter,
    to: str = "lea@exemple.test",
    about: Group | None = None,
    **fields: Any,
) -> Message:
    """Enqueue one message in a transaction of its own, about a group made for it unless given."""
    with transaction.atomic():
        if about is None and kind is not Code:
            about, _ = Group.objects.get_or_create(name=fields.pop("name", "Salle des marronniers"))
        return actions.enqueue(kind, subject=about, recipient=to, at=at, **fields)
