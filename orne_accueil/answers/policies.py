"""The policies that the house knows; a domain may state its own with the same words."""

from datetime import timedelta

from .rules import Days, Policy, Step


def usual(kind: str) -> Policy:
    """Reminders at days 3 and 7, the CdC (or the domain's coordinator) at day 10, the Département at day 15.

    The Département must close it: it hears of it again every week. Handlers: `reminder`, `cdc`,
    `departement`.
    """
    return Policy(
        kind=kind,
        promised=Days(15),
        steps=(
            Step("reminder", Days(3), "recipient"),
            Step("reminder", Days(7), "recipient"),
            Step("cdc", Days(10), "cdc"),
            Step("departement", Days(15), "departement"),
        ),
    )


def booking_approval(kind: str) -> Policy:
    """A reminder after 24 h, the coordinator after 48 h, lapsed 2 h before the start so that the person knows
    in time.

    Handlers: `reminder`, `coordinator`, `lapse`.
    """
    return Policy(
        kind=kind,
        promised=timedelta(hours=48),
        steps=(
            Step("reminder", timedelta(hours=24), "animator"),
            Step("coordinator", timedelta(hours=48), "coordinator"),
        ),
        again=Days(1),
    )
