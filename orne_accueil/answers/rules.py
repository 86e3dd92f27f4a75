"""When an answer is due and who is told, by policy: pure decisions."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Step:
    """After `after`, tell `audience`; `name` is part of the message's occurrence."""

    name: str
    after: timedelta
    audience: str


@dataclass(frozen=True)
class Policy:
    """One kind of request: the time promised, the steps of the chase."""

    kind: str
    promised: timedelta
    steps: tuple[Step, ...]

    def due_at(self, asked_at: datetime, *, before: datetime | None = None) -> datetime:
        due = asked_at + self.promised
        return min(due, before) if before is not None else due

    def step_at(self, index: int, asked_at: datetime, *, before: datetime | None = None) -> datetime | None:
        if index >= len(self.steps):
            return None
        return asked_at + self.steps[index].after
