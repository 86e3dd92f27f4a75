"""Workers killed, servers gone: each message arrives, with one Message-ID; doubles are those in flight, and counted."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection

from orne_accueil.common.clock import now
from orne_accueil.outbox import actions, hooks, rules, selectors
from orne_accueil.outbox.enums import State
from orne_accueil.outbox.models import Message
from tests.outbox.letters import People, install_templates, write
from tests.plugins_smtp import CUT, SmtpServer

pytestmark = [pytest.mark.fault, pytest.mark.engine, pytest.mark.django_db(transaction=True)]

Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def people() -> Iterator[People]:
    install_templates()
    known = People()
    before = hooks.register_recipients(known)
    yield known
    hooks.register_recipients(before)


def database_url() -> str:
    """The test database's address, for a process of its own."""
    found: Any = connection.settings_dict
    user = quote(found["USER"]) + (f":{quote(found['PASSWORD'])}" if found["PASSWORD"] else "")
    port = f":{found['PORT']}" if found["PORT"] else ""
    return f"postgres://{user}@{quote(found['HOST'], safe='')}{port}/{found['NAME']}"


@pytest.fixture
def deliverer(smtp_server: SmtpServer) -> Iterator[Start]:
    """Start a delivery process, and return it once it is about to deliver."""
    started: list[subprocess.Popen[str]] = []

    def start() -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.deliverer", str(smtp_server.port)],
            env={
                **os.environ,
                "DATABASE_URL": database_url(),
                "DJANGO_SETTINGS_MODULE": "orne_accueil.settings.test",
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def arrivals(server: SmtpServer) -> Counter[str]:
    """How many times each Message-ID arrived."""
    return Counter(str(mail["Message-ID"]) for mail in server.inbox)


def test_killed_three_times_each_message_still_arrives(smtp_server: SmtpServer, deliverer: Start) -> None:
    """Twice before the server took the message in hand, once after: only that one may arrive twice."""
    at = now()
    messages = [write(at, occurrence=str(number)) for number in range(40)]
    for moment, taken in [("on_rcpt", 8), ("on_data", 18), ("on_taken", 28)]:
        victim = deliverer()
        killed = threading.Event()

        def kill(
            address: str = "", *, taken: int = taken, victim: Any = victim, killed: threading.Event = killed
        ) -> str | None:
            if len(smtp_server.inbox) >= taken and not killed.is_set():
                victim.send_signal(signal.SIGKILL)
                victim.wait()
                killed.set()
                return CUT
            return None

        before = getattr(smtp_server, moment)
        setattr(smtp_server, moment, kill)
        assert victim.wait(timeout=60) == -signal.SIGKILL
        setattr(smtp_server, moment, before)
    assert Message.objects.filter(state=State.SENDING).count() == 3

    waiting = Message.objects.waiting().count()
    assert actions.deliver_due(now() + rules.LEASE) == waiting
    assert not Message.objects.waiting().exists()
    found = arrivals(smtp_server)
    assert set(found) == {message.message_id for message in messages}
    assert sum(found.values()) - len(messages) == 1
    assert selectors.possible_duplicates() == 3, "an upper bound, known without asking the server"


def test_two_processes_at_once_never_send_twice(smtp_server: SmtpServer, deliverer: Start) -> None:
    at = now()
    first, second = deliverer_pair(deliverer, at)
    assert first.wait(timeout=60) == 0
    assert second.wait(timeout=60) == 0
    found = arrivals(smtp_server)
    assert len(found) == 60
    assert set(found.values()) == {1}
    assert selectors.possible_duplicates() == 0
    assert smtp_server.connections >= 2, "both worked"


def deliverer_pair(start: Start, at: Any) -> tuple["subprocess.Popen[str]", "subprocess.Popen[str]"]:
    """Two processes that find sixty messages waiting, both ready before any is due."""
    for number in range(60):
        write(at, occurrence=str(number), send_after=at + timedelta(days=1))
    pair = start(), start()
    Message.objects.update(send_after=at, next_attempt_at=at)
    return pair


def test_without_the_claim_two_workers_send_twice(smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin of the test above with the guard off: the fault is there to be seen."""
    both_have_read = threading.Barrier(2)

    def naive_claim(rows: Any, at: Any) -> Message | None:
        message = rows.first()
        try:
            both_have_read.wait(timeout=5)
        except threading.BrokenBarrierError:
            return None
        if message is not None:
            Message.objects.filter(pk=message.pk).update(
                state=State.SENDING, leased_until=at, next_attempt_at=at, attempts=1
            )
            message.refresh_from_db()
        return message

    monkeypatch.setattr(actions, "_claim", naive_claim)
    write(now())

    def work() -> None:
        try:
            actions.deliver_due(now(), budget=timedelta(seconds=1))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert list(arrivals(smtp_server).values()) == [2]


# --- The broker ---


def test_with_the_broker_down_messages_are_written_and_leave(smtp_server: SmtpServer, settings: Any) -> None:
    from orne_accueil.celery import app

    broker = app.conf.broker_url
    app.conf.broker_url = settings.CELERY_BROKER_URL = "redis+socket:///nulle/part/redis.sock"
    try:
        started = time.monotonic()
        message = write(now())
        assert time.monotonic() - started < 1, "no request waits for the broker"
        assert actions.deliver_due(now()) == 1
    finally:
        app.conf.broker_url = broker
    assert arrivals(smtp_server) == {message.message_id: 1}


def test_with_the_broker_emptied_nothing_is_lost(smtp_server: SmtpServer, settings: Any) -> None:
    import redis

    messages = [write(now(), occurrence=str(number)) for number in range(5)]
    address = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://", 1)
    with redis.Redis.from_url(address) as broker:
        broker.flushall()
    assert actions.deliver_due(now()) == 5
    assert arrivals(smtp_server) == {message.message_id: 1 for message in messages}
