"""Values settled before the first migration, and the sets of states that allow each move."""

from django.db.models import TextChoices


class SpaceKind(TextChoices):
    EPN = "epn", "Espace public numérique"
    ECHANGEUR = "echangeur", "Échangeur"
    TIERS_LIEU = "tiers_lieu", "Tiers-lieu"


class RoomKind(TextChoices):
    DESK = "desk", "Bureau partagé"
    OFFICE = "office", "Bureau fermé"
    MEETING = "meeting", "Salle de réunion"
    TRAINING = "training", "Salle de formation"
    BOOTH = "booth", "Cabine d’appel"


class AccessType(TextChoices):
    OPEN = "open", "Ouvert : entrez"
    KEY = "key", "Clé à retirer"
    STAFF = "staff", "L’animateur vous ouvre"
    CODE = "code", "Code à la porte"


class BookingMode(TextChoices):
    HALF_DAY = "half_day", "À la demi-journée"
    FREE = "free", "Aux heures de votre choix"


class Period(TextChoices):
    MORNING = "morning", "Matin"
    AFTERNOON = "afternoon", "Après-midi"
    DAY = "day", "Journée"


class Usage(TextChoices):
    """The three publics of the founding note, and the others."""

    OCCASIONAL = "occasional", "Télétravail de temps en temps"
    SECOND_HOME = "second_home", "Résidence secondaire : je rallonge la semaine"
    SETTLED = "settled", "J’habite ici et j’ai besoin d’une salle"
    OTHER = "other", "Autre"


class BookingState(TextChoices):
    PENDING = "pending", "En attente de réponse"
    HELD = "held", "Gardée pour vous"
    CONFIRMED = "confirmed", "Confirmée"
    CANCELLED = "cancelled", "Annulée"
    REFUSED = "refused", "Refusée"
    LAPSED = "lapsed", "Échue sans réponse"


class Presence(TextChoices):
    UNKNOWN = "unknown", "Pas encore noté"
    PRESENT = "present", "Présent"
    ABSENT = "absent", "Absent"


class Label(TextChoices):
    PAT = "P@T", "Point d’accès à la téléformation (P@T)"
    ZNM = "ZNM", "Zone numérique multiservices (ZNM)"


class Technology(TextChoices):
    FIBRE = "fibre", "Fibre optique"
    DSL = "dsl", "ADSL ou VDSL"
    CABLE = "cable", "Câble"
    RADIO = "radio", "4G ou 5G fixe"
    SATELLITE = "satellite", "Satellite"
    OTHER = "other", "Autre"


LIVE_STATES = frozenset({BookingState.PENDING, BookingState.HELD, BookingState.CONFIRMED})
"""States in which a booking takes its units."""

CHANGEABLE_STATES = frozenset({BookingState.PENDING, BookingState.CONFIRMED})
CANCELLABLE_STATES = LIVE_STATES
DECIDABLE_STATES = frozenset({BookingState.PENDING})
PRESENCE_STATES = frozenset({BookingState.CONFIRMED})
