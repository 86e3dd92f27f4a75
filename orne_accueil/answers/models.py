"""What a request carries so that it never waits in silence. Each domain has its own tables."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from .enums import Outcome
from .rules import Policy, first_due, lapse_instant, promised_instant

CLOCK_FIELDS = (
    "asked_at",
    "answer_due_at",
    "lapses_at",
    "answered_at",
    "outcome",
    "answer_step",
    "next_step_at",
)
"""The columns that `start_clock` and `stop_clock` write: for `save(update_fields=…)`."""


class Answerable(models.Model):
    """A request to which somebody must answer: waiting from `asked_at` until `answered_at`.

    The clock is optional (a booking confirmed at once asks nothing): all is empty until `start_clock`. A
    subclass registers its policy with `answers.registry.register` and repeats the guards in its Meta:
    `constraints = [*Answerable.Meta.constraints, …]` and `indexes = [*Answerable.Meta.indexes, …]`.
    """

    policy: ClassVar[Policy]

    asked_at = models.DateTimeField("demandée le", null=True, blank=True, editable=False)
    answer_due_at = models.DateTimeField("réponse promise pour", null=True, blank=True, editable=False)
    lapses_at = models.DateTimeField("échoit le", null=True, blank=True, editable=False)
    answered_at = models.DateTimeField("réponse donnée le", null=True, blank=True, editable=False)
    outcome = models.CharField("issue", max_length=12, choices=Outcome, blank=True, default="", editable=False)
    answer_step = models.PositiveSmallIntegerField("relances faites", default=0, editable=False)
    next_step_at = models.DateTimeField("prochaine relance", null=True, blank=True, editable=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(asked_at=None, answer_due_at=None, answered_at=None, next_step_at=None, outcome="")
                | Q(
                    asked_at__isnull=False,
                    answer_due_at__isnull=False,
                    answered_at=None,
                    next_step_at__isnull=False,
                    outcome="",
                )
                | (
                    Q(asked_at__isnull=False, answered_at__isnull=False, next_step_at=None)
                    & Q(outcome__in=Outcome.values)
                ),
                name="%(app_label)s_%(class)s_waits_or_is_answered",
                violation_error_message="Une demande attend avec une échéance, ou dit son issue.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_step_at"],
                condition=Q(next_step_at__isnull=False),
                name="%(class)s_waits",
            ),
        ]

    @property
    def is_waiting(self) -> bool:
        """Whether somebody still has to answer."""
        return self.asked_at is not None and self.answered_at is None

    def is_late(self, at: datetime) -> bool:
        """Whether the promise made to the asker is broken."""
        return self.is_waiting and self.answer_due_at is not None and self.answer_due_at < at

    def start_clock(self, *, at: datetime, before: datetime | None = None) -> None:
        """Ask, or ask again from the start: fill the fields, saving is the caller's. `before` is the
        request's limit.
        """
        policy = self.policy
        self.asked_at = at
        self.lapses_at = lapse_instant(policy, asked_at=at, before=before)
        self.answer_due_at = promised_instant(policy, asked_at=at, lapses_at=self.lapses_at)
        self.answered_at = None
        self.outcome = ""
        self.answer_step = 0
        self.next_step_at = first_due(policy, asked_at=at, lapses_at=self.lapses_at).at

    def stop_clock(self, *, outcome: str, at: datetime) -> None:
        """Answer: fill the fields, saving is the caller's. The first answer stands; without a question,
        nothing.
        """
        if not self.is_waiting:
            return
        self.outcome = Outcome(outcome)
        self.answered_at = at
        self.next_step_at = None
