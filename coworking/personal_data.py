"""What coworking holds about whom."""

from orne_accueil.common.personal_data import declare, nothing_personal

from .models import Booking, Closure, Equipment, Occupation, Room, Space, SpaceAnimator, Unit

AFTER_THE_SLOT = "Un an après le créneau ; restent ensuite des nombres, sans personne."
THE_PLACE = "Tant que le lieu est publié, puis son histoire."

declare(
    Booking,
    fields={
        "room": "La salle réservée.",
        "starts_at": "Quand la personne vient.",
        "ends_at": "Quand elle repart.",
        "attendees": "À combien.",
        "usage": "Pourquoi elle vient : télétravail, résidence secondaire ou autre.",
        "note": "Ce qu’elle a écrit à l’animatrice.",
        "reason": "Le motif d’un refus ou d’une annulation, qu’elle a lu.",
        "presence": "Si elle est venue.",
        "is_first_visit": "Si c’était sa première fois.",
    },
    not_personal=["state", "outcome"],
    retention=AFTER_THE_SLOT,
)
declare(
    Occupation,
    subject="booking__person",
    fields={"occupies": "La place prise, battements compris : la réservation le dit déjà."},
    retention=AFTER_THE_SLOT,
    export=False,
)
declare(
    SpaceAnimator,
    fields={"space": "Le lieu qu’elle anime.", "since": "Depuis quand."},
    retention="Tant qu’elle anime le lieu.",
)
declare(
    Closure,
    subject=None,
    fields={"reason": "Le motif que le public lit, qui peut parler de quelqu’un."},
    retention="Un an après la fermeture.",
    export=False,
)
declare(
    Space,
    subject=None,
    fields={
        "phone": "Le téléphone du lieu, qui peut être celui de quelqu’un.",
        "email": "L’adresse électronique du lieu, qui peut être celle de quelqu’un.",
        "photo_credit": "Qui a pris la photo.",
        "national": "La ligne du lieu dans le fichier national, avec les mêmes contacts.",
    },
    not_personal=[
        "name", "slug", "kind", "external_url", "address", "address_extra", "postal_code", "access_text", "website",
        "summary", "description", "photo", "labels", "technology", "measure_source", "opening_hours", "external_id",
        "staff_edited",
    ],
    retention=THE_PLACE,
    export=False,
)  # fmt: skip
for model in (Room, Unit, Equipment):
    nothing_personal(model, why=THE_PLACE)
