"""What beat wakes: reminders, the access of the day."""

from celery.schedules import crontab

from orne_accueil.common import clock
from orne_accueil.common.schedule import periodic

from . import actions


@periodic(crontab(minute="*/5"), expires=240)
def write_reminders() -> int:
    """Enqueue tomorrow's reminders, from 18:00."""
    return actions.write_reminders(at=clock.now())


@periodic(crontab(minute="*"), expires=50)
def write_access_messages() -> int:
    """Enqueue the access of the day, from 7:00, or at once for today."""
    return actions.write_access_messages(at=clock.now())
