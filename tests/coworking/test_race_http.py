"""Two hundred people press « Réserver » at the same instant, over HTTP, on the server that production runs."""

import http.client
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client

from coworking.enums import BookingState
from coworking.models import Booking
from orne_accueil.common import clock
from tests.coworking.test_races import overlapping_pairs
from tests.factories import make_person
from tests.factories_coworking import make_room, make_space
from tests.faults.test_delivery import database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.timeout(240)]

RIVALS = 200


@pytest.fixture
def server() -> Iterator[int]:
    """gunicorn with two processes of eight threads, on a port of its own and the test's database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-w", "2", "--threads", "8", "-b", f"127.0.0.1:{port}",
         "--backlog", "512", "--log-level", "critical", "orne_accueil.wsgi"],
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "DJANGO_SETTINGS_MODULE": "tests.faults.worker_settings",
            "TEST_SMTP_PORT": "9",
        },
    )  # fmt: skip
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server stopped"
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", "/sante/")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
        finally:
            connection.close()
    raise AssertionError("the server did not answer")


def _cookies() -> str:
    """Somebody of her own, signed in, with the CSRF cookie that a form would have set."""
    client = Client()
    client.force_login(make_person(user=True).user, backend=settings.AUTHENTICATION_BACKENDS[0])
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    return f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={{token}}"


def test_two_hundred_posts_on_one_slot_leave_one_holder(server: int) -> None:
    room = make_room(make_space(opening_hours="Mo-Su 09:00-12:30,13:30-18:00; PH 09:00-12:30,13:30-18:00"))
    day = clock.today().replace(day=1)
    day = (day.replace(month=day.month % 12 + 1, year=day.year + day.month // 12)).replace(day=15)
    jars = [_cookies() for _ in range(RIVALS)]
    barrier = threading.Barrier(RIVALS)
    answers: list[tuple[int, str, str]] = []

    def post(cookies: str) -> None:
        token = secrets.token_hex(16)
        body = urlencode(
            {
                "csrfmiddlewaretoken": token,
                "room": room.pk,
                "date": day.isoformat(),
                "period": "afternoon",
                "usage": "occasional",
                "attendees": "1",
                "note": "",
            }
        )
        connection = http.client.HTTPConnection("127.0.0.1", server, timeout=120)
        connection.connect()
        barrier.wait(timeout=60)
        connection.request(
            "POST",
            f"/espaces/{room.space.slug}/reserver/",
            body=body,
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Cookie": cookies.format(token=token),
                "Referer": f"http://127.0.0.1:{server}/",
            },
        )
        answer = connection.getresponse()
        answers.append((answer.status, answer.headers.get("Location", ""), answer.read().decode()))
        connection.close()

    threads = [threading.Thread(target=post, args=(jar,)) for jar in jars]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=180)

    statuses = Counter(status for status, _, _ in answers)
    assert statuses == {302: 1, 409: RIVALS - 1}
    (winner,) = (location for status, location, _ in answers if status == 302)
    booking = Booking.objects.get(state=BookingState.CONFIRMED)
    assert winner == booking.get_absolute_url()
    refusals = [page for status, _, page in answers if status == 409]
    assert all("n’est plus libre" in page or "Rien n’est perdu" in page for page in refusals)
    assert all('lang="fr"' in page for page in refusals)
    assert Booking.objects.count() == 1
    assert overlapping_pairs() == 0
