"""The places of the demonstration: the 21 EPN of the national file, two tiers-lieux, and made-up rooms."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from coworking import actions
from coworking.enums import AccessType, BookingMode, Label, RoomKind, SpaceKind, Technology
from coworking.models import Equipment, Room, Space
from orne_accueil.accounts.models import Person
from orne_accueil.common.text import fold
from orne_accueil.territory.models import Commune

NATIONAL_FILE = Path(__file__).parent / "epn_61.csv"
MEASURE = "Mesure de démonstration"

EQUIPMENT = (
    "Écran", "Visioconférence", "Tableau blanc", "Vidéoprojecteur", "Imprimante", "Casque", "Accès PMR", "Cuisine",
)  # fmt: skip

DESKS = "Postes partagés"
OFFICE = "Bureau fermé"
MEETING = "Salle de réunion"
TRAINING = "Salle de formation"
BOOTH = "Cabine d’appel"


@dataclass(frozen=True)
class RoomPlan:
    """A room to make: its fields, its identical units, its tags, the rooms that it takes too."""

    name: str
    kind: RoomKind
    units: int = 1
    equipment: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)


def _desks(units: int, **fields: Any) -> RoomPlan:
    return RoomPlan(DESKS, RoomKind.DESK, units, ("Écran", "Imprimante"), fields={"price_text": "Gratuit"} | fields)


def _office(**fields: Any) -> RoomPlan:
    terms = {"price_text": "5 € la demi-journée, 8 € la journée", "quota_half_days": 8, "access_type": AccessType.KEY,
             "access_note": "La clé est à l’accueil, dans le petit coffre."}  # fmt: skip
    return RoomPlan(OFFICE, RoomKind.OFFICE, 1, ("Écran", "Visioconférence"), fields=terms | fields)


def _meeting(capacity: int, **fields: Any) -> RoomPlan:
    terms = {"capacity": capacity, "mode": BookingMode.FREE, "min_minutes": 30, "max_minutes": 240,
             "buffer_before_minutes": 15, "buffer_after_minutes": 15, "price_text": "10 € l’heure, gratuit pour les "
             "associations"}  # fmt: skip
    tags = ("Visioconférence", "Tableau blanc", "Accès PMR")
    return RoomPlan(MEETING, RoomKind.MEETING, 1, tags, fields=terms | fields)


def _training(capacity: int, *, includes: tuple[str, ...] = (), **fields: Any) -> RoomPlan:
    terms = {"capacity": capacity, "needs_approval": True, "notice_minutes": 24 * 60, "horizon_days": 180,
             "change_limit_minutes": 24 * 60, "price_text": "40 € la demi-journée"}  # fmt: skip
    return RoomPlan(TRAINING, RoomKind.TRAINING, 1, ("Vidéoprojecteur", "Tableau blanc"), includes, terms | fields)


def _booth(**fields: Any) -> RoomPlan:
    terms = {"mode": BookingMode.FREE, "min_minutes": 15, "max_minutes": 120, "price_text": "Gratuit"}
    return RoomPlan(BOOTH, RoomKind.BOOTH, 1, ("Casque",), fields=terms | fields)


def rooms_of(commune_code: str, number: int) -> list[RoomPlan]:
    """The rooms of an EPN: its own where the demonstration tells a story, one of four sets otherwise."""
    if commune_code == "61006":  # Argentan
        meeting = _meeting(10, needs_approval=True, access_type=AccessType.STAFF)
        return [_desks(6), _office(), meeting, _training(14, includes=(DESKS,)), _booth()]
    if commune_code == "61464":  # Sées
        return [_desks(4), _meeting(8, needs_approval=True), _booth()]
    if commune_code == "61169":  # Flers: a code at the door
        code = {"access_type": AccessType.CODE, "access_code": "4827#", "access_note": "Porte de la cour, à gauche."}
        return [_desks(8, **code), _office(**code), _meeting(12), _booth()]
    sets = (
        [_desks(4), _training(12, includes=(DESKS,))],  # one single room, that is both
        [_desks(6), _meeting(8), _booth()],
        [_desks(5, price_text="Gratuit deux demi-journées par mois, puis 3 €", quota_half_days=12), _office()],
        [_desks(8, access_type=AccessType.OPEN), _meeting(16, needs_approval=True)],
    )
    return sets[(number + 1) % len(sets)]


TECHNOLOGIES = (
    (Technology.FIBRE, 940, 620), (Technology.FIBRE, 860, 410), (Technology.DSL, 18, 2), (Technology.RADIO, 74, 21),
    (Technology.FIBRE, 520, 300),
)  # fmt: skip
LABELS = {
    "61006": [Label.PAT], "61169": [Label.PAT, Label.ZNM], "61464": [Label.PAT], "61181": [Label.ZNM],
    "61074": [Label.ZNM],
}  # fmt: skip
CONTACTS = {
    "61006": {
        "phone": "02 61 91 00 06", "email": "epn.argentan@demo.test",
        "access_text": "Entrée par la cour de la mairie, premier étage, ascenseur. Parking gratuit place Mahé. "
        "La gare est à dix minutes à pied.",
    },
    "61464": {
        "phone": "02 61 91 00 64", "email": "epn.sees@demo.test",
        "access_text": "Sonnez à l’interphone « EPN ». Arrêt de car « Cathédrale » à cent mètres.",
    },
}  # fmt: skip

TIERS_LIEUX: tuple[dict[str, Any], ...] = (
    {
        "name": "Le Quai des Possibles", "slug": "le-quai-des-possibles", "commune": "61145",
        "address": "4 rue du Moulin", "summary": "Tiers-lieu associatif : bureaux à la journée, café, jardin partagé.",
        "external_url": "https://quai-des-possibles.example/reserver", "opening_hours": "Tu-Sa 09:30-18:00",
    },
    {
        "name": "La Halle aux projets", "slug": "la-halle-aux-projets", "commune": "61484",
        "address": "Place de la Halle",
        "summary": "En projet : douze postes et une salle, dans l’ancienne halle, face à la gare. "
        "Ouverture espérée dans l’année.",
    },
)  # fmt: skip


def load_places(*, coordination: Person, at: datetime, today: date) -> dict[str, Space]:
    """The spaces by INSEE code (the tiers-lieux by slug), with their rooms. What was changed since is left as it is."""
    actions.import_spaces(NATIONAL_FILE.read_bytes(), by=coordination, at=at)
    tags = _equipment()
    spaces = {}
    epn = Space.objects.filter(external_id__startswith="demo-epn-61-").select_related("commune")
    for number, space in enumerate(epn.prefetch_related("rooms").order_by("external_id")):
        code = space.commune.code_insee
        spaces[code] = space
        if not space.rooms.all():
            _furnish(space, rooms_of(code, number), tags, by=coordination, at=at)
            fields = {"labels": LABELS.get(code, []), **CONTACTS.get(code, {})}
            _save(space, {name: value for name, value in fields.items() if value}, by=coordination, at=at)
        _measure(space, number, today, by=coordination, at=at)
    return spaces | _tiers_lieux(by=coordination, at=at)


def _equipment() -> dict[str, Equipment]:
    known = {tag.name: tag for tag in Equipment.objects.filter(name__in=EQUIPMENT)}
    for name in EQUIPMENT:
        if name not in known:
            known[name], _ = Equipment.objects.get_or_create(
                slug=fold(name).replace(" ", "-"), defaults={"name": name}
            )  # fmt: skip
    return known


def _furnish(space: Space, plans: list[RoomPlan], tags: dict[str, Equipment], *, by: Person, at: datetime) -> None:
    made: dict[str, Room] = {}
    for position, plan in enumerate(plans, start=1):
        room = Room(space=space, name=plan.name, kind=plan.kind, position=position, **plan.fields)
        made[plan.name] = actions.add_room(
            room=room,
            units=plan.units,
            equipment=[tags[name] for name in plan.equipment],
            includes=[made[name] for name in plan.includes],
            by=by,
            at=at,
        )


def _save(space: Space, fields: dict[str, Any], *, by: Person, at: datetime) -> None:
    for name, value in fields.items():
        setattr(space, name, value)
    if fields:
        actions.save_space(space=space, changed=fields, by=by, at=at)


def _measure(space: Space, number: int, today: date, *, by: Person, at: datetime) -> None:
    """A dated speed, in one place out of four older than a year, moved forward with the days; one place has none."""
    if number == 12 or space.measure_source not in ("", MEASURE):
        return
    technology, down, up = TECHNOLOGIES[number % len(TECHNOLOGIES)]
    age = timedelta(days=430 + number if number % 4 == 3 else 20 + 9 * number)
    if space.measured_on is not None and abs(space.measured_on - (today - age)) < timedelta(days=30):
        return
    fields = {
        "technology": technology, "down_mbps": down, "up_mbps": up, "measured_on": today - age,
        "measure_source": MEASURE,
    }  # fmt: skip
    _save(space, fields, by=by, at=at)


def _tiers_lieux(*, by: Person, at: datetime) -> dict[str, Space]:
    """One that books elsewhere, one that does not exist yet: listed, with their own link or none."""
    known = {space.slug: space for space in Space.objects.filter(slug__in=[place["slug"] for place in TIERS_LIEUX])}
    for place in TIERS_LIEUX:
        if place["slug"] in known:
            continue
        commune = Commune.objects.get(code_insee=place["commune"])
        fields = {
            "kind": SpaceKind.TIERS_LIEU, "is_bookable": False, "postal_code": commune.postal_code,
            "latitude": commune.latitude, "longitude": commune.longitude,
        } | place | {"commune": commune}  # fmt: skip
        space = Space(**fields)
        known[space.slug] = actions.save_space(space=space, changed=["name"], by=by, at=at)
    return known
