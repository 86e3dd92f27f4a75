"""When each step of a request falls due. Pure: a policy and instants in, instants out."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from orne_accueil.common.clock import at_local, local
from orne_accueil.common.holidays import is_working_day

SENT_AT = time(9)
"""Steps counted in days are sent at 9:00, on the day itself or the next working one."""


@dataclass(frozen=True)
class Days:
    """Calendar days after the request, then the next working day at 9:00."""

    count: int

    def after(self, asked_at: datetime) -> datetime:
        return at_local(next_working_day(local(asked_at).date() + timedelta(days=self.count)), SENT_AT)


Delay = Days | timedelta
"""Days, or an exact duration after the request."""


def after(delay: Delay, asked_at: datetime) -> datetime:
    """The instant that a delay leads to."""
    return delay.after(asked_at) if isinstance(delay, Days) else asked_at + delay


@dataclass(frozen=True)
class Step:
    """Something to do, by the name of its handler, unless the answer came before; `audience` is whom it
    concerns.
    """

    name: str
    delay: Delay
    audience: str = ""


@dataclass(frozen=True)
class Due:
    """A step and the instant from which it is to be done."""

    name: str
    at: datetime


@dataclass(frozen=True)
class Policy:
    """What happens to a kind of request while nobody answers.

    `promised` is the delay told to the asker. A request that carries a limit (the start of a booking) is
    closed by us, through the handler named `closing`, `margin` before it, or half-way there when it was asked
    later than that. The last step comes back every `again` until somebody answers: nothing waits in silence.
    """

    kind: str
    promised: Delay
    steps: tuple[Step, ...]
    closing: str = "lapse"
    margin: timedelta = timedelta(hours=2)
    again: Days = Days(7)

    @property
    def names(self) -> frozenset[str]:
        """Every handler that the steps call."""
        return frozenset(step.name for step in self.steps)


def next_working_day(day: date) -> date:
    """`day` itself, or the first one after it that is neither in a week-end nor a French public holiday."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def lapse_instant(policy: Policy, *, asked_at: datetime, before: datetime | None) -> datetime | None:
    """When we close the request ourselves, or None when nothing limits it."""
    if before is None:
        return None
    return before - min(policy.margin, max((before - asked_at) / 2, timedelta()))


def promised_instant(policy: Policy, *, asked_at: datetime, lapses_at: datetime | None) -> datetime:
    """The date told to the asker: the policy's, or the limit where that comes first."""
    promised = after(policy.promised, asked_at)
    return promised if lapses_at is None else min(promised, lapses_at)


def plan(policy: Policy, *, asked_at: datetime, lapses_at: datetime | None) -> tuple[Due, ...]:
    """Every step in order: those that fall before the limit, then the closing."""
    steps = [Due(step.name, after(step.delay, asked_at)) for step in policy.steps]
    if lapses_at is None:
        return tuple(steps)
    return (*(due for due in steps if due.at < lapses_at), Due(policy.closing, lapses_at))


def first_due(policy: Policy, *, asked_at: datetime, lapses_at: datetime | None) -> Due:
    """The step that comes first while nobody answers."""
    return plan(policy, asked_at=asked_at, lapses_at=lapses_at)[0]


@dataclass(frozen=True)
class Move:
    """What a sweep does to one request: a step now, how many are then done, and when it comes back."""

    name: str
    done: int
    next_at: datetime


def move(policy: Policy, *, asked_at: datetime, lapses_at: datetime | None, done: int, at: datetime) -> Move:
    """The step to do at `at`, when `done` were done before.

    Of several that fell due while nobody swept, the same one is not done twice in a row. Past the last step it comes
    again, a round after this one and not after the one that was missed.
    """
    steps = plan(policy, asked_at=asked_at, lapses_at=lapses_at)
    now = min(done, len(steps) - 1)
    while now + 1 < len(steps) and steps[now + 1].name == steps[now].name and steps[now + 1].at <= at:
        now += 1
    following = now + 1
    next_at = steps[following].at if following < len(steps) else policy.again.after(at)
    return Move(steps[now].name, max(done + 1, following), next_at)
