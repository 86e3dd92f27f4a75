"""The answer clock of a booking on approval: a reminder after 24 h, the coordination after 48 h, then lapsed."""

from datetime import timedelta

from orne_accueil.answers.rules import Policy, Step

APPROVAL = Policy(
    kind="coworking.approval",
    promised=timedelta(hours=24),
    steps=(
        Step("reminder", timedelta(hours=24), "animator"),
        Step("coordinator", timedelta(hours=48), "coordinator"),
    ),
)
