"""What the tests of the outbox share: recipients of their own, and the templates of their letters."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from orne_accueil.outbox import hooks

from .letters import People, install_templates

AT = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
"""A Tuesday, ten o'clock in the Orne."""


@pytest.fixture(autouse=True)
def people() -> Iterator[People]:
    """Who recipients are, in place of accounts' answers."""
    install_templates()
    known = People()
    before = hooks.register_recipients(known)
    yield known
    hooks.register_recipients(before)
