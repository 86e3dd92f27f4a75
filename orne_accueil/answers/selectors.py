"""Everything that waits for an answer, whatever the domain."""

from dataclasses import dataclass
from datetime import datetime

from .models import Answerable
from .registry import registrations


@dataclass(frozen=True)
class Waiting:
    """One request that waits, as a page lists it."""

    label: str
    row: Answerable
    asked_at: datetime
    answer_due_at: datetime
    is_late: bool


def waiting(at: datetime, *, limit: int = 200) -> list[Waiting]:
    """What waits, the oldest promise first, at most `limit` per model; one query per model."""
    found: list[Waiting] = []
    for registration in registrations():
        rows = (
            registration.model._base_manager.filter(next_step_at__isnull=False)
            .select_related(*registration.select_related)
            .order_by("answer_due_at", "pk")[:limit]
        )
        for row in rows:
            assert row.asked_at is not None
            assert row.answer_due_at is not None
            found.append(Waiting(registration.label, row, row.asked_at, row.answer_due_at, is_late=row.is_late(at)))
    return sorted(found, key=lambda one: one.answer_due_at)
