"""The answer clock of a booking on approval."""

from orne_accueil.answers.policies import booking_approval

APPROVAL = booking_approval("coworking.approval")
