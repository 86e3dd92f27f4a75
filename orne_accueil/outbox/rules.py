"""When to try again, when to give up, and how to say why a message waits. Pure: values and instants in."""

from datetime import datetime, timedelta

from orne_accueil.common.clock import local
from orne_accueil.common.text import NBSP, clock_time, long_date

from .enums import State

LEASE = timedelta(minutes=2)
"""How long one attempt may hold a row. SMTP has at most eight exchanges of EMAIL_TIMEOUT (5 s) each: 40 s."""

BACKOFF = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=4),
)
"""Delay after the first, second… refusal that may pass; the last one repeats."""

GIVE_UP_AFTER = timedelta(hours=24)
"""After the first attempt, when the server answers but does not take the message."""

RELAY_RETRY = timedelta(seconds=30)
"""Delay when the server could not be reached at all: the message is not at fault, and each run tries only
one.
"""

RELAY_GIVE_UP_AFTER = timedelta(days=5)
"""After the first attempt, when the server cannot be reached: a week-end's outage loses nothing (RFC 5321,
4.5.4.1).
"""

BODIES_KEPT = timedelta(days=30)
"""How long a settled message keeps what it said and to which address (retention of outbox bodies)."""


def next_attempt(*, attempts: int, first_attempt_at: datetime, at: datetime, relay_down: bool) -> datetime | None:
    """When to try again after a failure that may pass, or None to give up."""
    if at - first_attempt_at >= (RELAY_GIVE_UP_AFTER if relay_down else GIVE_UP_AFTER):
        return None
    if relay_down:
        return at + RELAY_RETRY
    return at + BACKOFF[min(max(attempts, 1), len(BACKOFF)) - 1]


def moment(instant: datetime) -> str:
    """« le mardi 1er décembre à 14 h 05 », in the Orne's time."""
    return f"le {long_date(local(instant).date())} à{NBSP}{clock_time(instant)}"


def explain(
    *,
    state: str,
    at: datetime,
    send_after: datetime,
    next_attempt_at: datetime,
    expires_at: datetime | None,
    sent_at: datetime | None,
    attempts: int,
    last_error: str,
) -> str:
    """Why a message waits, failed or left, in one or two French sentences."""
    trouble = f" {last_error}" if last_error else ""
    match state:
        case State.SENT:
            return f"Parti {moment(sent_at)}." if sent_at else "Parti."
        case State.SENDING if next_attempt_at <= at:
            return "L’envoi a été interrompu : il reprend au prochain passage, avec le même Message-ID."
        case State.SENDING:
            return f"Envoi en cours. S’il s’interrompt, il reprend {moment(next_attempt_at)}."
        case State.PENDING if attempts:
            return f"Nouvel essai {moment(next_attempt_at)}, après {attempts} sans succès.{trouble}"
        case State.PENDING if send_after > at:
            return f"Attend son heure{NBSP}: {moment(send_after)}."
        case State.PENDING:
            return "Doit partir dans quelques secondes. S’il reste ici, le programme qui envoie est arrêté."
        case State.EXPIRED:
            when = f" depuis {moment(expires_at)}" if expires_at else ""
            return f"N’est pas parti à temps et ne vaut plus rien{when}.{trouble}"
        case State.DROPPED:
            return f"N’est pas parti.{trouble}"
        case _:
            return f"N’est pas parti, et ne sera pas réessayé sans vous.{trouble}"
