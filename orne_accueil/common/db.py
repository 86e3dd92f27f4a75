"""The bridge to PostgreSQL: constraint to sentence, advisory locks, retries, ranges. See docs/locking.md."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from typing import ParamSpec, TypeVar

from django.apps import apps
from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from .errors import Busy, DomainError

P = ParamSpec("P")
R = TypeVar("R")

DEADLOCK_DETECTED = "40P01"
LOCK_NOT_AVAILABLE = "55P03"

# First key of every advisory lock: what kind of parent the second key names. Never reuse a number.
LOCK_SPACE = 61_001
LOCK_TERRITORY = 61_002  # the nearest landmarks of every commune; always key 0, taken after any space's


class UnitPoint(models.Func):
    """int8range(x, x, '[]'): one integer as a range, so that GiST compares it without btree_gist."""

    function = "int8range"
    template = "%(function)s(%(expressions)s, %(expressions)s, '[]')"


def period(start: datetime, end: datetime) -> DateTimeTZRange:
    """The interval [start, end) as PostgreSQL's tstzrange."""
    return DateTimeTZRange(start, end, "[)")


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE behind a Django database error, if there is one."""
    cause = error.__cause__
    return getattr(cause, "sqlstate", None)


def constraint_message(name: str) -> str | None:
    """The French sentence that a model's constraint of that name carries."""
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.name == name and constraint.violation_error_message:
                return str(constraint.violation_error_message)
    return None


@contextmanager
def constraints_as_errors() -> Iterator[None]:
    """Turn the violation of a named constraint into a DomainError with the constraint's own sentence.

    `code` is the constraint's name. Violations of a constraint without a sentence pass through: they are bugs.
    """
    try:
        yield
    except IntegrityError as error:
        diagnostic = getattr(error.__cause__, "diag", None)
        name = getattr(diagnostic, "constraint_name", None) or ""
        message = constraint_message(name)
        if message is None:
            raise
        raise DomainError(message, code=name) from error


def advisory_lock(kind: int, keys: Iterable[int], *, timeout_ms: int = 3000) -> None:
    """Hold one transaction-long advisory lock per key, taken in sorted order so that no two writers deadlock.

    Must run inside a transaction, whose later locks then wait as long at most. Raises Busy after `timeout_ms`
    milliseconds. One statement per key: the timeout is set by the same one, which evaluates from left to right.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("advisory_lock needs a transaction")
    with connection.cursor() as cursor:
        try:
            for key in sorted(set(keys)):
                cursor.execute(
                    "SELECT set_config('lock_timeout', %s, true), pg_advisory_xact_lock(%s::int, %s::int)",
                    [f"{timeout_ms}ms", kind, key],
                )
        except OperationalError as error:
            if sqlstate(error) == LOCK_NOT_AVAILABLE:
                raise Busy from error
            raise


def retry_on_deadlock(function: Callable[P, R]) -> Callable[P, R]:
    """Run an action again, at most twice, when PostgreSQL chose it as a deadlock's victim; then raise Busy.

    Only for functions that open the outermost transaction themselves: inside another one they run once.
    """

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        attempts = 1 if connection.in_atomic_block else 3
        for attempt in range(attempts):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if sqlstate(error) == LOCK_NOT_AVAILABLE:
                    raise Busy from error
                if sqlstate(error) != DEADLOCK_DETECTED or connection.in_atomic_block:
                    raise
                if attempt == attempts - 1:
                    raise Busy from error
        raise AssertionError("unreachable")

    return wrapper
