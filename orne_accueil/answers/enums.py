"""Values settled before the first migration."""

from django.db.models import TextChoices


class Outcome(TextChoices):
    """How a request ended; empty while it waits."""

    TAKEN_UP = "taken_up", "Pris en charge"
    SUCCEEDED = "succeeded", "Abouti"
    REFUSED = "refused", "Refusé avec motif"
    UNREACHABLE = "unreachable", "Injoignable"
    WITHDRAWN = "withdrawn", "Retiré"
    EXPIRED = "expired", "Échu sans réponse"
