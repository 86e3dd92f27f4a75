"""Opening hours: OpenStreetMap `opening_hours` in, open intervals and weekly tables out.

Evaluation is opening-hours-py's. An expression that says nothing of public holidays is closed on them: that is how the
Orne's EPN live, and the page says so.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, ParserError, State  # type: ignore[attr-defined]

from coworking.enums import Period
from orne_accueil.common.errors import DomainError

PARIS = ZoneInfo("Europe/Paris")
MIDDAY = time(13)
EARLIEST, LATEST = time(7), time(21)
"""A half-day of a place that is open day and night starts and ends at these wall times."""
SLIVER = timedelta(minutes=60)
"""An opening that overruns midday by less than this stays one half-day."""

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_DAY_INDEX = {name: index for index, name in enumerate(DAYS)}
_SPAN = r"\d{1,2}:\d{2}-\d{1,2}:\d{2}"
_DAY_LIST = rf"(?:{'|'.join(DAYS)})(?:-(?:{'|'.join(DAYS)}))?"
_WEEKLY_RULE = re.compile(
    rf"^(?P<days>{_DAY_LIST}(?:\s*,\s*{_DAY_LIST})*)\s+(?P<spans>{_SPAN}(?:\s*,\s*{_SPAN})*|off|closed)$"
)


@dataclass(frozen=True)
class Opening:
    """An open interval [start, end), in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class HalfDays:
    """The half-days that one day offers; None where the space is closed."""

    morning: Opening | None
    afternoon: Opening | None

    @property
    def day(self) -> Opening | None:
        """From the first opening to the last closing, lunch included: the desk stays yours."""
        halves = [half for half in (self.morning, self.afternoon) if half]
        return Opening(halves[0].start, halves[-1].end) if halves else None

    def get(self, period: str) -> Opening | None:
        """The interval of a Period value."""
        if period == Period.MORNING:
            return self.morning
        return self.afternoon if period == Period.AFTERNOON else self.day


@dataclass(frozen=True)
class WeeklyHours:
    """What the weekly form shows: seven lists of (opens, closes) wall times; and the rules it cannot show."""

    days: tuple[tuple[tuple[time, time], ...], ...]
    extra: tuple[str, ...] = ()


def validate(expression: str) -> None:
    """Raise DomainError when the expression is not OpenStreetMap opening hours."""
    if not expression.strip():
        return
    try:
        OpeningHours(expression)
    except ParserError as error:
        raise DomainError(
            f"Ces horaires ne se lisent pas : « {expression} ». Exemple : Mo-Fr 09:00-12:30,13:30-18:00.",
            code="hours_syntax",
            field="opening_hours",
        ) from error


@lru_cache(maxsize=1024)
def _compiled(expression: str) -> OpeningHours:
    text = expression if re.search(r"\b(PH|24/7)\b", expression) else f"{expression}; PH off"
    return OpeningHours(text, country="FR")


@lru_cache(maxsize=32_768)
def openings(expression: str, day: date) -> tuple[Opening, ...]:
    """The open intervals that start on that local day, in order; across midnight if the expression says so.

    A wall time that the spring night skips is read an hour later, one that the autumn night repeats is read as the
    first: the two nights are 11 and 13 hours long and nothing is lost.
    """
    if not expression.strip():
        return ()
    midnight = datetime.combine(day, time())
    found = []
    for start, end, state, _ in _compiled(expression).intervals(midnight, midnight + timedelta(days=1)):
        if state != State.OPEN or start >= midnight + timedelta(days=1):
            continue
        end = min(end, midnight + timedelta(days=1)) if end else midnight + timedelta(days=1)
        if start < end:
            found.append(Opening(_instant(start), _instant(end)))
    return tuple(found)


def _instant(wall: datetime) -> datetime:
    return wall.replace(tzinfo=PARIS).astimezone(UTC)


@lru_cache(maxsize=32_768)
def half_days(expression: str, day: date) -> HalfDays:
    """Split a day's openings at 13:00: the EPN's real units.

    An opening that crosses midday is cut there, unless one side would last less than an hour.
    """
    earliest, midday, latest = (_instant(datetime.combine(day, wall)) for wall in (EARLIEST, MIDDAY, LATEST))
    mornings: list[Opening] = []
    afternoons: list[Opening] = []
    for whole in openings(expression, day):
        opening = Opening(max(whole.start, earliest), min(whole.end, latest))
        if opening.start >= opening.end:
            continue
        if opening.end - midday < SLIVER:
            mornings.append(opening)
        elif midday - opening.start < SLIVER:
            afternoons.append(opening)
        else:
            mornings.append(Opening(opening.start, midday))
            afternoons.append(Opening(midday, opening.end))
    return HalfDays(_envelope(mornings), _envelope(afternoons))


def _envelope(pieces: list[Opening]) -> Opening | None:
    return Opening(pieces[0].start, pieces[-1].end) if pieces else None


def is_within(expression: str, start: datetime, end: datetime) -> bool:
    """Whether somebody may come at `start` and leave at `end`.

    Both lie in opening hours of one local day (lunch in between is hers), or the space stays open all the way.
    """
    first, last = start.astimezone(PARIS).date(), (end - timedelta(microseconds=1)).astimezone(PARIS).date()
    if first == last:
        spans = openings(expression, first)
        return any(o.start <= start < o.end for o in spans) and any(o.start < end <= o.end for o in spans)
    cursor = start
    day = first
    while day <= last:
        for opening in openings(expression, day):
            if opening.start <= cursor < opening.end:
                cursor = opening.end
        day += timedelta(days=1)
    return cursor >= end


def half_day_count(start: datetime, end: datetime) -> int:
    """How many half-days a booking counts for: one per side of 13:00 that it touches, each day."""
    count = 0
    day = start.astimezone(PARIS).date()
    while True:
        midnight = _instant(datetime.combine(day, time()))
        midday = _instant(datetime.combine(day, MIDDAY))
        following = _instant(datetime.combine(day + timedelta(days=1), time()))
        # Under an hour past midday is still the morning's half-day, as half_days() cuts it.
        count += start < midday and end > midnight and midday - start >= min(SLIVER, end - start)
        count += end > midday and start < following and end - midday >= min(SLIVER, end - start)
        if end <= following:
            return max(count, 1)
        day += timedelta(days=1)


def parse_weekly(expression: str) -> WeeklyHours:
    """Read an expression for the weekly form; whatever the form cannot show is kept, in order, in `extra`."""
    days: list[tuple[tuple[time, time], ...]] = [()] * 7
    extra: list[str] = []
    for rule in filter(None, (part.strip() for part in expression.split(";"))):
        match = _WEEKLY_RULE.match(rule)
        spans = _spans(match["spans"]) if match else None
        if match is None or spans is None or extra:  # after an exception, order matters: keep the text
            extra.append(rule)
            continue
        for index in _day_indexes(match["days"]):
            days[index] = spans
    return WeeklyHours(tuple(days), tuple(extra))


def _spans(text: str) -> tuple[tuple[time, time], ...] | None:
    if text in ("off", "closed"):
        return ()
    pairs = []
    for span in text.split(","):
        try:
            opens, closes = (datetime.strptime(wall, "%H:%M").time() for wall in span.strip().split("-"))
        except ValueError:  # 24:00, 26:00: beyond what the form shows
            return None
        if opens >= closes:
            return None
        pairs.append((opens, closes))
    return tuple(pairs)


def _day_indexes(text: str) -> list[int]:
    indexes: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        start = _DAY_INDEX[first]
        stop = _DAY_INDEX[last or first]
        indexes += [day % 7 for day in range(start, stop + 1 if stop >= start else stop + 8)]
    return indexes


def compose_weekly(weekly: WeeklyHours) -> str:
    """Write the weekly form back as an expression: days with the same hours together, then the kept rules."""
    rules = []
    index = 0
    while index < 7:
        run = index
        while run + 1 < 7 and weekly.days[run + 1] == weekly.days[index]:
            run += 1
        if weekly.days[index]:
            spans = ",".join(f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in weekly.days[index])
            name = DAYS[index] if run == index else f"{DAYS[index]}-{DAYS[run]}"
            rules.append(f"{name} {spans}")
        index = run + 1
    return "; ".join([*rules, *weekly.extra])


def outside(expression: str, ranges: Iterable[tuple[int, datetime, datetime]]) -> list[int]:
    """The keys of the (key, start, end) ranges that these hours would no longer contain."""
    return [key for key, start, end in ranges if not is_within(expression, start, end)]
