"""What only the application itself can do, run as a process of its own: `python -m benchmarks.inside prepare|look`.

`prepare` signs clients in and finds free slots; `look` counts queries and explains the hot ones. Both print JSON.
"""

import json
import random
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

import django

django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from coworking import actions, selectors  # noqa: E402
from coworking.enums import BookingMode  # noqa: E402
from coworking.models import Room, Space  # noqa: E402
from orne_accueil.accounts.actions import account_for_code, confirm_account, update_profile  # noqa: E402
from orne_accueil.accounts.models import Person  # noqa: E402
from orne_accueil.common import clock  # noqa: E402
from orne_accueil.outbox.models import Message  # noqa: E402

CLIENTS = 8
SPACES = 24
WEEKS = 12
PLACES = ("Argentan", "Flers", "L'Aigle", "Mortagne-au-Perche", "Sées", "gare de Briouze", "Domfront", "Vimoutiers")


def prepare() -> dict[str, Any]:
    """Signed-in clients, pages to read and slots to book: what the load needs to know."""
    at = clock.now()
    spaces = _spaces()
    monday = clock.local(at).date() - timedelta(days=clock.local(at).weekday())
    weeks = [monday + timedelta(weeks=number) for number in range(1, 5)]
    return {
        "sessions": [_signed_in(number, at) for number in range(CLIENTS)],
        "weeks": [_week_path(space, week) for space in spaces for week in weeks],
        "searches": [_search_path(place, day) for place in PLACES for day in _days(monday)],
        "reference_weeks": [f"/sites/{space.pk}/{week.isoformat()}/" for space in spaces for week in weeks],
        "slots": _slots(spaces, monday, at),
        "reference_slots": _reference_slots(monday),
    }


def _spaces() -> list[Space]:
    keys = list(Space.objects.order_by("pk").values_list("pk", flat=True))
    chosen = random.Random(61).sample(keys, min(SPACES, len(keys)))
    return list(Space.objects.filter(pk__in=chosen).order_by("pk"))


def _signed_in(number: int, at: datetime) -> str:
    """An account with a proven address, and the key of its session."""
    email = f"client-{number}@bench.example"
    user = account_for_code(email, at=at)
    EmailAddress.objects.filter(user=user).update(verified=True, primary=True)
    person = confirm_account(user, at=at)
    update_profile(person, name=f"Client {number}", phone="", commune=None, by=None, at=at)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    assert session.session_key is not None
    return session.session_key


def _week_path(space: Space, monday: date) -> str:
    year, week, _ = monday.isocalendar()
    return f"{space.get_absolute_url()}?semaine={year}-W{week:02d}"


def _search_path(place: str, day: date) -> str:
    asked = {"ou": place, "date": day.isoformat(), "moment": "apres-midi", "type": "bureau"}
    return f"/espaces/?{urlencode(asked)}"


def _days(monday: date) -> list[date]:
    return [monday + timedelta(days=7 + number) for number in range(5)]


def _slots(spaces: list[Space], monday: date, at: datetime) -> list[list[str]]:
    """For each client, (path, body) of bookings that nobody else asks for: a place of a half-day each."""
    found: list[tuple[str, str, int]] = []
    for space in spaces:
        for number in range(1, WEEKS):
            week = selectors.week_of(space, monday + timedelta(weeks=number), at=at)
            for line in week.rooms:
                if line.room.mode == BookingMode.HALF_DAY:
                    found += list(_free(space, line, week))
    random.Random(61).shuffle(found)
    mine: list[list[str]] = [[] for _ in range(CLIENTS)]
    for path, body, units in found:
        for client in random.Random(body).sample(range(CLIENTS), min(units, CLIENTS)):
            mine[client].append(f"{path} {body}")
    return mine


def _free(space: Space, line: Any, week: Any) -> Iterator[tuple[str, str, int]]:
    for column, cells in zip(week.days, line.days, strict=True):
        for cell in cells:
            if cell.is_free:
                asked = {
                    "room": line.room.pk, "date": column.day.isoformat(), "period": cell.period, "usage": "occasional",
                    "attendees": 1, "note": "",
                }  # fmt: skip
                yield f"{space.get_absolute_url()}reserver/", urlencode(asked), cell.free_units


def _reference_slots(monday: date) -> list[list[str]]:
    """For each client, bodies for the reference: evenings, which our data leave free."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM reference_room ORDER BY id LIMIT 100")
        rooms = [row[0] for row in cursor.fetchall()]
    mine: list[list[str]] = [[] for _ in range(CLIENTS)]
    evenings = [
        datetime.combine(monday + timedelta(days=7 + number), time(hour), tzinfo=clock.PARIS)
        for number in range(80)
        for hour in (19, 21)
    ]
    bodies = [urlencode({"room": room, "start": evening.isoformat()}) for evening in evenings for room in rooms]
    for number, body in enumerate(bodies):
        mine[number % CLIENTS].append(body)
    return mine


# --- Queries ---


def look() -> dict[str, Any]:
    """How many queries each page asks, signed in, and how PostgreSQL answers the hot ones."""
    at = clock.now()
    plan = prepare()
    client = Client(headers={"x-forwarded-proto": "https", "host": "bench.example", "x-forwarded-for": "127.0.0.1"})
    client.cookies[settings.SESSION_COOKIE_NAME] = plan["sessions"][0]
    path, body = plan["slots"][0][0].split(" ", 1)
    asked = {
        "semaine": lambda: client.get(plan["weeks"][0], secure=True),
        "recherche": lambda: client.get(plan["searches"][0], secure=True),
        "réservation": lambda: client.post(path, body, "application/x-www-form-urlencoded", secure=True),
    }
    queries = {}
    for name, ask in asked.items():
        if name != "réservation":
            ask()  # the first view of a process fills its caches
        with CaptureQueriesContext(connection) as captured:
            response = ask()
        queries[name] = {
            "status": response.status_code,
            "bytes": len(response.content),
            "sql": [query["sql"] for query in captured.captured_queries],
        }
    return {"queries": queries, "plans": _plans(at)}


def _plans(at: datetime) -> dict[str, str]:
    space = _spaces()[0]
    monday = clock.local(at).date() - timedelta(days=clock.local(at).weekday()) + timedelta(days=7)
    evening = clock.at_local(clock.local(at).date(), time(18, 5))
    search = selectors.Search(day=monday + timedelta(days=1), period="afternoon", kind="desk")
    room = Room.objects.filter(space=space).select_related("space").first()
    person = Person.objects.filter(user__isnull=False).first()
    assert room is not None
    assert person is not None
    return {
        "semaine : places prises": _explained(
            lambda: selectors.week_of(space, monday, at=at), "coworking_occupation"
        ),
        "recherche : places prises": _explained(lambda: selectors.free_rooms(search, at=at), "coworking_occupation"),
        "rappels à écrire": _explained(lambda: actions.write_reminders(at=evening), "coworking_booking"),
        "accès du jour à écrire": _explained(lambda: actions.write_access_messages(at=evening), "coworking_booking"),
        "courriers à envoyer": _explained(lambda: list(Message.objects.due(at)[:1]), "outbox_message"),
        "réservations d’une personne": _explained(
            lambda: selectors.bookings_of(person, at=at), "coworking_booking"
        ),
        "jour d’un lieu": _explained(lambda: selectors.day_sheet(space, monday), "coworking_booking"),
    }  # fmt: skip


def _explained(ask: Callable[[], Any], table: str) -> str:
    """The plan of the first query on that table that `ask` makes; nothing is kept of what it writes."""
    with transaction.atomic():
        with CaptureQueriesContext(connection) as captured:
            ask()
        transaction.set_rollback(True)
    asked = (query["sql"] for query in captured.captured_queries)
    sql = next(text for text in asked if text.lstrip().startswith(("SELECT", "WITH")) and table in text)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) " + sql.replace("%", "%%"), [])
        lines = [row[0] for row in cursor.fetchall()]
        transaction.set_rollback(True)
    return "\n".join(lines)


if __name__ == "__main__":
    json.dump({"prepare": prepare, "look": look}[sys.argv[1]](), sys.stdout)
