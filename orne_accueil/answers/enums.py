"""How a request may end."""

from django.db.models import TextChoices


class Outcome(TextChoices):
    TAKEN_UP = "taken_up", "Pris en charge"
    SUCCEEDED = "succeeded", "Abouti"
    REFUSED = "refused", "Refusé avec motif"
    UNREACHABLE = "unreachable", "Injoignable"
    WITHDRAWN = "withdrawn", "Retiré"
    EXPIRED = "expired", "Échu sans réponse"


OURS = frozenset({Outcome.EXPIRED})
"""Outcomes shown as our failing, never as the asker's."""
