"""What beat wakes. Nothing is lost when it does not: what is due is found by a query."""

from celery.schedules import crontab

from orne_accueil.common.clock import now
from orne_accueil.common.schedule import periodic

from . import actions


@periodic(2.0, expires=2)
def deliver() -> int:
    """Send what is due. Several may run at once: they share the rows."""
    return actions.deliver_due(now())


@periodic(crontab(hour=3, minute=10), expires=3600)
def purge() -> int:
    """Erase what settled messages said, 30 days after."""
    return actions.purge_settled(now())
