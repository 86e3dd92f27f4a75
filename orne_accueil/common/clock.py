"""The only place that reads the time. Instants are UTC; people read Europe/Paris."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .errors import DomainError

PARIS = ZoneInfo("Europe/Paris")


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The present day on a calendar in the Orne."""
    return local(now()).date()


def local(instant: datetime) -> datetime:
    """The same instant as a clock on a wall of the Orne shows it."""
    return instant.astimezone(PARIS)


def at_local(day: date, wall: time) -> datetime:
    """Turn a wall-clock time of the Orne into an instant (UTC).

    Raises DomainError when that time does not exist (the spring night) or exists twice (the autumn night):
    nobody books in that hour by accident.
    """
    naive = datetime.combine(day, wall)
    early, late = (naive.replace(tzinfo=PARIS, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early != late:
        if early.astimezone(PARIS).replace(tzinfo=None) != naive:
            raise DomainError("Cette heure n’existe pas : cette nuit-là, l’horloge avance d’une heure.")
        raise DomainError("Cette heure existe deux fois : cette nuit-là, l’horloge recule d’une heure.")
    return early


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The instants at which `day` starts and ends in the Orne: 23, 24 or 25 hours apart."""
    return at_local(day, time()), at_local(day + timedelta(days=1), time())
