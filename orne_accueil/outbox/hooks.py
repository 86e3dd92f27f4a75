"""What outbox asks of whoever knows people: accounts registers its answers, outbox imports nothing of it."""

from dataclasses import dataclass
from typing import Protocol

from .enums import Category


@dataclass(frozen=True)
class Address:
    """An e-mail address, and the name shown beside it."""

    email: str
    name: str = ""


class Recipients(Protocol):
    """Who a recipient's key stands for, at the moment of sending."""

    def address(self, recipient: str) -> Address | None:
        """Where to write, or None when there is nowhere to."""

    def accepts(self, recipient: str, category: Category) -> bool:
        """Whether the recipient wants the messages of that category that one may refuse."""

    def unsubscribe_url(self, recipient: str, category: Category) -> str:
        """An address where one click (GET shows, POST does, without a session) refuses that category. May be
        empty.
        """


class PlainAddresses:
    """The answers without accounts: a recipient is an address, and accepts everything."""

    def address(self, recipient: str) -> Address | None:
        return Address(recipient) if "@" in recipient else None

    def accepts(self, recipient: str, category: Category) -> bool:
        return True

    def unsubscribe_url(self, recipient: str, category: Category) -> str:
        return ""


_recipients: Recipients = PlainAddresses()


def register_recipients(resolver: Recipients) -> Recipients:
    """Use `resolver` from now on, and give back the one that was in use, so that a test can put it back."""
    global _recipients
    before, _recipients = _recipients, resolver
    return before


def recipients() -> Recipients:
    """The resolver in use."""
    return _recipients
