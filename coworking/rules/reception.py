"""What an animator must know and prepare, in words; and the usual terms of a new room. No Django, no clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from coworking.enums import AccessType, BookingMode, RoomKind
from orne_accueil.common.text import NBSP


def to_prepare(access_type: str, *, has_email: bool) -> str:
    """What the person's access asks of the animator; empty when she just walks in. The code itself is never said."""
    if access_type == AccessType.KEY:
        return "Clé à remettre"
    if access_type == AccessType.STAFF:
        return "Salle à ouvrir"
    if access_type == AccessType.CODE:
        return "Code envoyé le matin même" if has_email else "Code à donner de vive voix"
    return ""


def lateness(due: datetime | None, *, at: datetime) -> str:
    """« en retard de 3 heures », « en retard de 2 jours »; empty while the promise holds."""
    late = at - due if due else timedelta()
    if late <= timedelta():
        return ""
    hours = int(late / timedelta(hours=1))
    if hours < 1:
        return "en retard de moins d’une heure"
    if hours == 1:
        return f"en retard d’une{NBSP}heure"
    return f"en retard de {hours}{NBSP}heures" if hours < 48 else f"en retard de {hours // 24}{NBSP}jours"


@dataclass(frozen=True)
class UsualTerms:
    """What a room of a kind usually is: the short form fills in what is left blank with it. Durations in minutes."""

    capacity: int
    mode: str
    min_minutes: int = 30
    max_minutes: int = 12 * 60
    buffer_after_minutes: int = 0
    change_limit_minutes: int = 0


USUAL_TERMS: dict[str, UsualTerms] = {
    RoomKind.DESK: UsualTerms(1, BookingMode.HALF_DAY),
    RoomKind.OFFICE: UsualTerms(2, BookingMode.HALF_DAY),
    RoomKind.MEETING: UsualTerms(8, BookingMode.FREE, min_minutes=30, max_minutes=10 * 60, buffer_after_minutes=15),
    RoomKind.TRAINING: UsualTerms(12, BookingMode.HALF_DAY, change_limit_minutes=24 * 60),
    RoomKind.BOOTH: UsualTerms(1, BookingMode.FREE, min_minutes=15, max_minutes=2 * 60),
}
