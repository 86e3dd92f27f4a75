"""Opening hours and access as French sentences. What has no words is shown as it is written, never dropped."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from coworking.enums import AccessType
from orne_accueil.common.text import MONTHS, NBSP, WEEKDAYS, clock_time, fold, joined

from .hours import DAYS, parse_weekly

MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ORDINALS = {"1": "premier", "2": "deuxième", "3": "troisième", "4": "quatrième", "5": "cinquième", "-1": "dernier"}

_MONTH = rf"(?:{'|'.join(MONTH_NAMES)})"
_DAY = rf"(?:{'|'.join(DAYS)})"
_DATES = re.compile(
    rf"(?:(?P<year>\d{{4}})\s+)?(?P<month>{_MONTH})(?:\s+(?P<day>\d{{1,2}})(?![\d:]))?"
    rf"(?:\s*-\s*(?:(?P<last_year>\d{{4}})\s+)?(?P<last_month>{_MONTH})?\s*(?P<last_day>\d{{1,2}}(?![\d:]))?)?"
)
_WEEKS = re.compile(r"week\s+(?P<first>\d{1,2})(?:-(?P<last>\d{1,2})(?:/(?P<step>\d))?)?")
_WEEKDAYS = re.compile(rf"(?P<first>{_DAY})(?:-(?P<last>{_DAY})|\[(?P<nth>-1|[1-5])\])?")
_TIMES = re.compile(r"\d{1,2}:\d{2}-\d{1,2}:\d{2}(?:\s*,\s*\d{1,2}:\d{2}-\d{1,2}:\d{2})*")
_COMMENT = re.compile(r'"(?P<text>[^"]*)"')


@dataclass(frozen=True)
class HoursWords:
    """Hours as people read them: (days, hours) lines of the ordinary week, then the exceptions as sentences."""

    lines: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def hours_in_french(expression: str) -> HoursWords:
    """An OpenStreetMap expression in words: « du lundi au vendredi », « de 9 h à 12 h 30 », « Fermé en août. »."""
    if not expression.strip():
        return HoursWords((), ())
    if expression.strip() == "24/7":
        return HoursWords((("Tous les jours", "jour et nuit"),), ())
    weekly = parse_weekly(expression)
    lines = [(_days(group), _spans(weekly.days[group[0]])) for group in _same_days(weekly.days)]
    notes = [_rule(rule) for rule in weekly.extra]
    if "PH" not in expression and "24/7" not in expression:
        notes.append("Fermé les jours fériés.")
    return HoursWords(tuple(lines), tuple(notes))


def _same_days(days: Sequence[tuple[tuple[time, time], ...]]) -> list[list[int]]:
    """Open days with the same hours together, in the order of the week."""
    groups: dict[tuple[tuple[time, time], ...], list[int]] = {}
    for index, spans in enumerate(days):
        if spans:
            groups.setdefault(spans, []).append(index)
    return list(groups.values())


def _days(group: list[int]) -> str:
    """« Du lundi au vendredi », « Mardi et jeudi », « Tous les jours »."""
    if len(group) == 7:
        return "Tous les jours"
    runs: list[list[int]] = []
    for index in group:
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    words: list[str] = []
    for run in runs:
        words += [f"du {WEEKDAYS[run[0]]} au {WEEKDAYS[run[-1]]}"] if len(run) > 2 else [WEEKDAYS[d] for d in run]
    text = joined(words)
    return text[0].upper() + text[1:]


def _spans(spans: Sequence[tuple[time, time]]) -> str:
    return joined([f"de{NBSP}{clock_time(opens)} à{NBSP}{clock_time(closes)}" for opens, closes in spans])


def _rule(rule: str) -> str:
    """One rule that the weekly form cannot show, as a sentence."""
    try:
        return _sentence(rule)
    except ValueError:
        return f"Règle particulière{NBSP}: {rule}."


def _sentence(rule: str) -> str:
    rest, comment = rule.strip(), ""
    when: list[tuple[str, str]] = []
    hours: str | None = None
    while rest:
        if match := _COMMENT.match(rest):
            comment = match["text"].strip()
        elif match := re.match(r"(?:off|closed)\b", rest):
            hours = ""
        elif match := _TIMES.match(rest):
            hours = _spans([_span(span) for span in match[0].split(",")])
        elif match := _WEEKS.match(rest):
            when.append(("weeks", _weeks(match)))
        elif match := re.match(r"PH\b", rest):
            when.append(("days", "les jours fériés"))
        elif match := re.match(r"SH\b", rest):
            when.append(("days", "pendant les vacances scolaires"))
        elif match := _DATES.match(rest):
            when.append(("dates", _dates(match)))
        elif match := _WEEKDAYS.match(rest):
            when.append(("days", _weekdays(match)))
        else:
            raise ValueError(rule)
        rest = rest[match.end() :].lstrip(" ,")
    if hours is None or not (when or comment):
        raise ValueError(rule)
    return _put_together(when, hours, comment)


def _put_together(when: list[tuple[str, str]], hours: str, comment: str) -> str:
    """Things of one kind add up (« le samedi et les jours fériés »), two kinds narrow down (« en août, le samedi »)."""
    kinds = dict.fromkeys(kind for kind, _ in when)
    moment = ", ".join(joined([words for other, words in when if other == kind]) for kind in kinds)
    tail = f" ({comment})" if comment else ""
    if not hours:
        return f"Fermé {moment}{tail}." if moment else f"Fermé{tail}."
    start = moment[0].upper() + moment[1:] if moment else "Sinon"
    return f"{start}{NBSP}: {hours}{tail}."


def _span(text: str) -> tuple[time, time]:
    opens, closes = (part.split(":") for part in text.strip().split("-"))
    return time(int(opens[0]), int(opens[1])), time(int(closes[0]) % 24, int(closes[1]))


def _dates(match: re.Match[str]) -> str:
    month = MONTHS[MONTH_NAMES.index(match["month"])]
    last_month = MONTHS[MONTH_NAMES.index(match["last_month"])] if match["last_month"] else month
    year = f" {match['year']}" if match["year"] else ""
    last_year = f" {match['last_year']}" if match["last_year"] else year
    if match["day"] and match["last_day"]:
        first = _ordinal(match["day"]) + (f" {month}" if last_month != month else "")
        return f"du {first} au {_ordinal(match['last_day'])} {last_month}{last_year}"
    if match["day"]:
        return f"le {_ordinal(match['day'])} {month}{year}"
    if match["last_month"] and MONTH_NAMES.index(match["last_month"]) == MONTH_NAMES.index(match["month"]) + 1:
        return f"en {month} et {last_month}{last_year}"
    if match["last_month"]:
        return f"{_of(month)} à {last_month}{last_year}"
    return f"en {month}{year}"


def _ordinal(day: str) -> str:
    return "1er" if int(day) == 1 else str(int(day))


def _of(month: str) -> str:
    return f"d’{month}" if month[0] in "ao" else f"de {month}"


def _weeks(match: re.Match[str]) -> str:
    first, last, step = match["first"], match["last"], match["step"]
    if step == "2":
        return f"les semaines {'paires' if int(first) % 2 == 0 else 'impaires'}"
    if step:
        raise ValueError(match[0])
    return f"les semaines {int(first)} à {int(last)}" if last else f"la semaine {int(first)}"


def _weekdays(match: re.Match[str]) -> str:
    first = WEEKDAYS[DAYS.index(match["first"])]
    if match["nth"]:
        return f"le {ORDINALS[match['nth']]} {first} du mois"
    return f"du {first} au {WEEKDAYS[DAYS.index(match['last'])]}" if match["last"] else f"le {first}"


_ARTICLES = {
    "epn": "l’", "espace": "l’", "echangeur": "l’", "atelier": "l’", "annexe": "l’",
    "maison": "la ", "mairie": "la ", "mediatheque": "la ", "bibliotheque": "la ", "manufacture": "la ",
    "tiers": "le ", "centre": "le ", "pole": "le ", "fablab": "le ", "cafe": "le ", "point": "le ",
}  # fmt: skip


def the_place(name: str) -> str:
    """« l’EPN d’Argentan », « la Maison des services », « La Manufacture »: a place's name as a sentence names it."""
    article = _ARTICLES.get(fold(name).partition(" ")[0], "")
    return f"{article}{name}"


def at_the_place(name: str) -> str:
    """« à l’EPN d’Argentan », « au Tiers-lieu de Rânes », « au Moulin », « à La Manufacture »."""
    the = the_place(name)
    if the[:3] in ("le ", "Le "):
        return f"au {the[3:]}"
    return f"aux {the[4:]}" if the.startswith("Les ") else f"à {the}"


def access_in_french(access_type: str, note: str = "", *, is_for_today: bool = False) -> str:
    """How one gets in, the code itself never said. `is_for_today`: past seven, the code leaves at once."""
    code_comes = "dans une minute" if is_for_today else f"le jour même à 7{NBSP}h"
    sentence = {
        AccessType.OPEN: "C’est ouvert : entrez.",
        AccessType.KEY: "Une clé vous attend.",
        AccessType.STAFF: "Quelqu’un du lieu vous ouvre.",
        AccessType.CODE: f"Un code ouvre la porte{NBSP}: vous le recevez par courrier {code_comes}.",
    }[AccessType(access_type)]
    note = note.strip()
    if not note:
        return sentence
    return f"{sentence} {note if note.endswith(('.', '!', '?')) else note + '.'}"
