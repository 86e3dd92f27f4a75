"""What somebody asks of somebody else: it carries the date promised, is chased, and ends in a stated outcome."""

from datetime import datetime
from typing import ClassVar

from django.db import models

from .enums import Outcome
from .rules import Policy


class Answerable(models.Model):
    """A request with a clock. `policy` says what is promised and who is told when; null columns: no clock runs."""

    policy: ClassVar[Policy]

    asked_at = models.DateTimeField("demandée le", null=True, blank=True, editable=False)
    answer_due_at = models.DateTimeField("réponse promise pour", null=True, blank=True, editable=False)
    answered_at = models.DateTimeField("répondue le", null=True, blank=True, editable=False)
    outcome = models.CharField("issue", max_length=12, choices=Outcome, blank=True, default="", editable=False)
    answer_step = models.PositiveSmallIntegerField("étape de relance", default=0, editable=False)
    next_step_at = models.DateTimeField("prochaine relance", null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def start_clock(self, *, at: datetime, before: datetime | None = None) -> None:
        """Start waiting for an answer, promised by the policy and in any case `before` that instant. Does not save."""
        self.asked_at = at
        self.answered_at = None
        self.outcome = ""
        self.answer_step = 0
        self.answer_due_at = self.policy.due_at(at, before=before)
        self.next_step_at = self.policy.step_at(0, at, before=before)

    def stop_clock(self, *, outcome: str, at: datetime) -> None:
        """Record the outcome of a request that waits; does nothing when none does. Does not save."""
        if self.asked_at is None or self.answered_at is not None:
            return
        self.answered_at = at
        self.outcome = outcome
        self.next_step_at = None
