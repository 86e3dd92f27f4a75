"""What beat wakes."""

from orne_accueil.common.clock import now
from orne_accueil.common.schedule import periodic

from . import actions


@periodic(300.0, expires=300)
def sweep() -> str:
    """Remind, relieve and close what waits too long."""
    report = actions.sweep(now())
    return f"{report.done} done, {report.failed} failed"
