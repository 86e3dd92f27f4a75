"""Values settled before the first migration, and the sets of states that allow each move."""

from django.db.models import TextChoices


class Category(TextChoices):
    """What a person may choose to receive or not, and what staff filter by."""

    BOOKINGS = "bookings", "Réservations"
    ACCOUNT = "account", "Compte et connexion"
    ANSWERS = "answers", "Demandes et réponses"
    HOUSING = "housing", "Logements"
    WELCOME = "welcome", "Accueil"
    CLUB = "club", "Club du Tricorne"
    STAFF = "staff", "Équipes et mairies"


class State(TextChoices):
    PENDING = "pending", "À envoyer"
    SENDING = "sending", "En cours d’envoi"
    SENT = "sent", "Parti"
    FAILED = "failed", "En échec"
    EXPIRED = "expired", "Périmé"
    DROPPED = "dropped", "Sans objet"


WAITING_STATES = frozenset({State.PENDING, State.SENDING})
"""States of a message that may still leave: what the delivery looks for."""

SETTLED_STATES = frozenset({State.SENT, State.FAILED, State.EXPIRED, State.DROPPED})
"""States in which the delivery leaves a message alone."""

RESENDABLE_STATES = frozenset({State.FAILED, State.EXPIRED, State.DROPPED})
"""States from which somebody may ask for another attempt."""

REASONS = {
    Category.BOOKINGS: "vous avez réservé ou demandé une place",
    Category.ACCOUNT: "cette adresse a servi sur le site",
    Category.ANSWERS: "une demande vous concerne",
    Category.HOUSING: "vous suivez ou proposez un logement",
    Category.WELCOME: "vous avez écrit à l’accueil",
    Category.CLUB: "vous participez au Club du Tricorne",
    Category.STAFF: "vous faites partie de ceux qui accueillent",
}
"""Why somebody gets a message, after « parce que »: the footer's default, by category."""
