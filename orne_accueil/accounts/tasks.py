"""What the night tidies."""

import logging

from celery.schedules import crontab
from django.contrib.sessions.backends.db import SessionStore

from orne_accueil.common import clock
from orne_accueil.common.schedule import periodic

from . import actions

logger = logging.getLogger("orne.accounts")


@periodic(crontab(hour=3, minute=10), expires=3600)
def purge_accounts() -> None:
    """Remove the accounts that nobody proved, and the sessions that are over."""
    purged = actions.purge_provisional(at=clock.now())
    SessionStore.clear_expired()
    logger.info("accounts: %s unproven accounts purged", purged)
