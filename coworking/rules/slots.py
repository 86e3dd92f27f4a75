"""Who may book what, when: pure verdicts. Instants in, a DomainError with a French sentence out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from coworking.enums import BookingMode, Period
from orne_accueil.common.errors import DomainError
from orne_accueil.common.text import NBSP, clock_time, date_range, joined, long_date

from . import hours

LONGEST = timedelta(days=15)
"""No booking is longer: the database refuses it too, and its index relies on it."""


@dataclass(frozen=True)
class RoomTerms:
    """What a room asks of a booking. Durations in minutes, the horizon in days, the quota in half-days a month."""

    mode: str
    min_minutes: int
    max_minutes: int
    notice_minutes: int
    horizon_days: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    quota_half_days: int | None
    change_limit_minutes: int
    capacity: int

    def for_staff(self) -> "RoomTerms":
        """The animator decides herself on notice, horizon, quota, shortest time and late changes."""
        return replace(
            self,
            notice_minutes=0,
            horizon_days=3650,
            quota_half_days=None,
            min_minutes=1,
            change_limit_minutes=0,
        )


@dataclass(frozen=True)
class ClosedTime:
    """A closure of a space or room: [start, end) and the reason that people read."""

    start: datetime
    end: datetime
    reason: str


@dataclass(frozen=True)
class Wish:
    """What somebody asked for, before it becomes instants."""

    day: date
    period: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def requested_range(wish: Wish, *, mode: str, expression: str) -> tuple[datetime, datetime]:
    """Turn a day and a half-day, or a day and two times, into [start, end).

    Raises DomainError when the space is closed then, or when the room does not work that way.
    """
    if wish.period:
        half = hours.half_days(expression, wish.day).get(wish.period)
        if half is None:
            label = Period(wish.period).label.lower()
            raise DomainError(
                f"Le lieu est fermé {long_date(wish.day)}" + ("." if wish.period == Period.DAY else f", {label}."),
                code="closed",
                field="period",
            )
        return half.start, half.end
    if mode == BookingMode.HALF_DAY:
        raise DomainError(
            "Cette salle se réserve à la demi-journée : choisissez matin, après-midi ou journée.",
            code="half_day_only",
            field="period",
        )
    if wish.starts_at is None or wish.ends_at is None:
        raise DomainError("Donnez l’heure d’arrivée et l’heure de départ.", code="times_missing", field="starts_at")
    return wish.starts_at, wish.ends_at


def period_around(wish: Wish, *, expression: str) -> str:
    """The shortest half-day, or the day, that holds the two times of a wish. Raises DomainError when none does."""
    if wish.starts_at is None or wish.ends_at is None:
        raise DomainError("Donnez l’heure d’arrivée et l’heure de départ.", code="times_missing", field="starts_at")
    halves = hours.half_days(expression, wish.day)
    for period in (Period.MORNING, Period.AFTERNOON, Period.DAY):
        half = halves.get(period)
        if half is not None and half.start <= wish.starts_at and wish.ends_at <= half.end:
            return str(period)
    raise DomainError(closed_sentence(expression, wish.starts_at), code="closed", field="starts_at")


def check_length(terms: RoomTerms, start: datetime, end: datetime) -> None:
    """Refuse what ends before it starts, is too short or too long for the room."""
    if end <= start:
        raise DomainError("L’heure de départ doit venir après l’heure d’arrivée.", code="order", field="ends_at")
    minutes = (end - start) / timedelta(minutes=1)
    if minutes < terms.min_minutes:
        raise DomainError(
            f"Cette salle se réserve pour {duration(terms.min_minutes)} au moins.",
            code="too_short",
            field="ends_at",
        )
    if minutes > terms.max_minutes or end - start > LONGEST:
        raise DomainError(
            f"Cette salle se réserve pour {duration(terms.max_minutes)} au plus.",
            code="too_long",
            field="ends_at",
        )


def check_moment(terms: RoomTerms, start: datetime, *, at: datetime) -> None:
    """Refuse what is past, too near for the room's notice, or beyond its horizon."""
    if start < at and not _still_useful(terms, start, at):
        raise DomainError(
            "Ce moment est déjà passé : choisissez un autre jour ou une autre heure.",
            code="past",
            field="date",
        )
    if terms.notice_minutes and start < at + timedelta(minutes=terms.notice_minutes):
        raise DomainError(
            f"Cette salle se réserve {duration(terms.notice_minutes)} à l’avance au moins. "
            "Pour une demande de dernière minute, appelez le lieu.",
            code="notice",
            field="date",
        )
    if start > at + timedelta(days=terms.horizon_days):
        raise DomainError(
            f"Cette salle se réserve au plus {terms.horizon_days}{NBSP}jours à l’avance.",
            code="horizon",
            field="date",
        )


def _still_useful(terms: RoomTerms, start: datetime, at: datetime) -> bool:
    """A half-day that began less than two hours ago may still be taken: one walks in at half past nine."""
    return terms.mode == BookingMode.HALF_DAY and at - start < timedelta(hours=2)


def check_open(expression: str, closures: Iterable[ClosedTime], start: datetime, end: datetime) -> None:
    """Refuse what lies outside opening hours or touches a closure, with its reason."""
    for closure in closures:
        if closure.start < end and start < closure.end:
            raise DomainError(
                f"Le lieu est fermé {date_range(closure.start, closure.end)}{NBSP}: {closure.reason.rstrip('.')}.",
                code="closure",
                field="date",
            )
    if not hours.is_within(expression, start, end):
        raise DomainError(closed_sentence(expression, start), code="closed", field="starts_at")


def closed_sentence(expression: str, start: datetime) -> str:
    """Why a time is closed, and when the place is open that day."""
    day = start.astimezone(hours.PARIS).date()
    spans = [f"{clock_time(o.start)}–{clock_time(o.end)}" for o in hours.openings(expression, day)]
    if not spans:
        return f"Le lieu est fermé {long_date(day)}."
    return f"Le lieu n’est pas ouvert à ces heures-là. {long_date(day).capitalize()}, il ouvre {joined(spans)}."


def check_attendees(terms: RoomTerms, attendees: int) -> None:
    """Refuse more people than the room holds."""
    if attendees < 1:
        raise DomainError("Combien serez-vous ? Une personne au moins.", code="attendees", field="attendees")
    if attendees > terms.capacity:
        word = "personne" if terms.capacity == 1 else "personnes"
        raise DomainError(
            f"Cette salle accueille {terms.capacity}{NBSP}{word} au plus.", code="capacity", field="attendees"
        )


def check_quota(terms: RoomTerms, *, used: int, asked: int) -> None:
    """Refuse more half-days in one month than the room allows a person."""
    if terms.quota_half_days is not None and used + asked > terms.quota_half_days:
        left = max(terms.quota_half_days - used, 0)
        raise DomainError(
            f"Cette salle se partage{NBSP}: {terms.quota_half_days}{NBSP}demi-journées par personne et par mois. "
            + (f"Il vous en reste {left} ce mois-là." if left else "Vous les avez déjà réservées ce mois-là."),
            code="quota",
            field="date",
        )


def check_change_limit(terms: RoomTerms, start: datetime, *, at: datetime, gesture: str) -> None:
    """Refuse a change or cancellation past the stated limit. `gesture` reads « la modifier », « l’annuler »."""
    if at >= start - timedelta(minutes=terms.change_limit_minutes):
        if at >= start:
            raise DomainError(f"La réservation a commencé : il est trop tard pour {gesture}.", code="started")
        raise DomainError(
            f"Il est trop tard pour {gesture} en ligne (limite{NBSP}: {duration(terms.change_limit_minutes)} avant). "
            "Appelez le lieu.",
            code="change_limit",
        )


def taken_sentence(room_name: str, start: datetime, end: datetime) -> str:
    """What somebody reads whose slot went to another."""
    return f"«{NBSP}{room_name}{NBSP}» n’est plus libre {date_range(start, end)}{NBSP}: quelqu’un a réservé avant vous."


def taken_range(terms: RoomTerms, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The booked range widened by the room's buffers: what the units are taken for."""
    return (
        start - timedelta(minutes=terms.buffer_before_minutes),
        end + timedelta(minutes=terms.buffer_after_minutes),
    )


def duration(minutes: int) -> str:
    """« 45 minutes », « 2 heures », « 1 h 30 », « 3 jours »."""
    if minutes % 1440 == 0 and minutes:
        days = minutes // 1440
        return f"{days}{NBSP}jour{'s' if days > 1 else ''}"
    if minutes < 60:
        return f"{minutes}{NBSP}minute{'s' if minutes > 1 else ''}"
    if minutes % 60 == 0:
        return f"{minutes // 60}{NBSP}heure{'s' if minutes >= 120 else ''}"
    return f"{minutes // 60}{NBSP}h{NBSP}{minutes % 60:02d}"


# --- Seating: which of the identical units ---


@dataclass(frozen=True)
class Seat:
    """One live occupation of one unit. `movable` until its holder has arrived, if any sister unit would do."""

    key: int
    unit: int
    start: datetime
    end: datetime
    movable: bool


@dataclass(frozen=True)
class Seating:
    """The unit for the newcomer, and the seats that must move first, by key."""

    unit: int
    moves: dict[int, int]


def seat(units: Sequence[int], taken: Sequence[Seat], start: datetime, end: datetime) -> Seating | None:
    """Find a unit for [start, end), re-seating interchangeable neighbours when the day is full of fragments.

    `units` are in order of preference; `taken` must hold every live occupation of them that touches the widest chain of
    overlaps around the range. None when nobody could be seated even so.
    """
    for unit in units:
        if not any(s.unit == unit and s.start < end and start < s.end for s in taken):
            return Seating(unit, {})
    fixed = [s for s in taken if not s.movable]
    newcomer = Seat(key=-1, unit=-1, start=start, end=end, movable=True)
    waiting = sorted([newcomer, *(s for s in taken if s.movable)], key=lambda s: (s.start, s.end, s.key))
    placed: dict[int, list[Seat]] = {unit: [s for s in fixed if s.unit == unit] for unit in units}
    chosen: dict[int, int] = {}
    for guest in waiting:
        candidates = [guest.unit, *units] if guest.unit in placed else list(units)
        for unit in candidates:
            if not any(s.start < guest.end and guest.start < s.end for s in placed[unit]):
                placed[unit].append(guest)
                chosen[guest.key] = unit
                break
        else:
            return None
    moves = {s.key: chosen[s.key] for s in taken if s.movable and chosen[s.key] != s.unit}
    return Seating(chosen[-1], moves)


def most_at_once(ranges: Iterable[tuple[datetime, datetime]], start: datetime, end: datetime) -> int:
    """How many of the ranges overlap at the busiest instant of [start, end)."""
    steps: list[tuple[datetime, int]] = []
    for first, last in ranges:
        if first < end and start < last:
            steps += [(max(first, start), 1), (min(last, end), -1)]
    busiest = current = 0
    for _, step in sorted(steps):
        current += step
        busiest = max(busiest, current)
    return busiest


def free_gaps(
    whole: Iterable[tuple[datetime, datetime]], taken: Iterable[tuple[datetime, datetime]], units: int
) -> list[tuple[datetime, datetime]]:
    """The parts of the open ranges where at least one of `units` is free, in order."""
    steps: dict[datetime, int] = {}
    for first, last in taken:
        steps[first] = steps.get(first, 0) + 1
        steps[last] = steps.get(last, 0) - 1
    gaps: list[tuple[datetime, datetime]] = []
    for opens, closes in whole:
        current = sum(step for moment, step in steps.items() if moment <= opens)
        start = opens if current < units else None
        for moment in sorted(moment for moment in steps if opens < moment < closes):
            current += steps[moment]
            if current >= units and start is not None:
                if start < moment:
                    gaps.append((start, moment))
                start = None
            elif current < units and start is None:
                start = moment
        if start is not None and start < closes:
            gaps.append((start, closes))
    return gaps
