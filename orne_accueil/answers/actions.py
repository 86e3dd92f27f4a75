"""The sweep: whoever should have answered is reminded, then relieved, and nothing waits in silence."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from orne_accueil.common.db import retry_on_deadlock
from orne_accueil.common.errors import Busy

from .models import Answerable
from .registry import Registration, registrations
from .rules import move

logger = logging.getLogger("orne.answers")


@dataclass(frozen=True)
class SweepReport:
    """How many steps were done, and how many rows could not be dealt with this time."""

    done: int = 0
    failed: int = 0


def sweep(at: datetime, *, limit: int = 500) -> SweepReport:
    """Do the step that is due of every waiting request, at most `limit` per model.

    One transaction per row: 1. take what the domain locks first; 2. lock the row, skipping one that somebody
    holds; 3. count the step, which a second sweep then finds done; 4. call the step's handler. A handler that
    fails undoes its own row only, which the next sweep tries again.
    """
    done = failed = 0
    for registration in registrations():
        due = (
            registration.model._base_manager.filter(next_step_at__lte=at)
            .order_by("next_step_at", "pk")
            .values_list("pk", flat=True)[:limit]
        )
        for key in list(due):
            try:
                done += _step(registration, key, at)
            except Busy:
                failed += 1  # somebody is writing there: in five minutes
            except Exception:
                failed += 1
                logger.exception("answers: step of %s %s failed", registration.model._meta.label, key)
    return SweepReport(done, failed)


@retry_on_deadlock
def _step(registration: Registration, key: object, at: datetime) -> bool:
    """Do one step of one row; False when somebody else did it, holds it, or answered meanwhile."""
    rows = registration.model._base_manager.filter(pk=key, next_step_at__lte=at)
    with transaction.atomic():
        if registration.lock is not None:
            row = rows.first()
            if row is None:
                return False
            registration.lock(row)
        row = (
            rows.select_related(*registration.select_related)
            .select_for_update(of=("self",), no_key=True, skip_locked=True)
            .first()
        )
        if row is None:
            return False
        _take(registration, row, at)
        return True


def _take(registration: Registration, row: Answerable, at: datetime) -> None:
    assert row.asked_at is not None
    step = move(registration.policy, asked_at=row.asked_at, lapses_at=row.lapses_at, done=row.answer_step, at=at)
    rows = registration.model._base_manager.filter(pk=row.pk)
    counted = rows.filter(answer_step=row.answer_step).update(answer_step=step.done, next_step_at=step.next_at)
    assert counted == 1, "the row is locked"
    row.answer_step, row.next_step_at = step.done, step.next_at
    registration.handlers[step.name](row, at=at)
    if step.name == registration.policy.closing and rows.filter(next_step_at__isnull=False).exists():
        logger.error("answers: closing %s %s left it waiting", registration.model._meta.label, row.pk)
