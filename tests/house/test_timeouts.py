"""How long a statement or a lock may last: asked of PostgreSQL itself, in a page, a command and a real worker."""

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from django.db import OperationalError, connection, transaction

from orne_accueil.settings import base

ROOT = Path(__file__).resolve().parents[2]


def shown(name):
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return cursor.fetchone()[0]


@pytest.mark.engine
def test_a_page_has_short_timeouts(db):
    assert shown("statement_timeout") == "10s"
    assert shown("lock_timeout") == "5s"


@pytest.mark.engine
def test_a_statement_that_lasts_too_long_is_cut(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '50ms'")
        with pytest.raises(OperationalError, match="statement timeout"), transaction.atomic():
            cursor.execute("SELECT pg_sleep(5)")


def test_no_request_opens_a_transaction_by_itself():
    assert connection.settings_dict["ATOMIC_REQUESTS"] is False


@pytest.mark.parametrize(
    ("process", "pool", "options", "is_pooled"),
    [
        ("web", True, "-c statement_timeout=10000 -c lock_timeout=5000", True),
        ("web", False, "-c statement_timeout=10000 -c lock_timeout=5000", False),
        ("command", True, "-c statement_timeout=0 -c lock_timeout=20000", False),
    ],
)
def test_each_kind_of_process_is_told_its_own(monkeypatch, process, pool, options, is_pooled):
    monkeypatch.setenv("ORNE_PROCESS", process)
    entry = base.database("postgres://orne@db/orne", pool=pool)
    assert entry["OPTIONS"]["options"] == options
    assert ("pool" in entry["OPTIONS"]) == is_pooled


@pytest.mark.engine
@pytest.mark.fault
@pytest.mark.parametrize("pool", ["prefork", "solo"])
def test_a_worker_has_long_timeouts(tmp_path, settings, pool):
    queue = f"probe-{uuid.uuid4()}"
    answer = tmp_path / "answer"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "orne_accueil.settings.test",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "ORNE_PROCESS": "web",
    }
    module = "tests.house.worker_probe"
    options = "--concurrency 1 --loglevel ERROR --without-gossip --without-mingle --without-heartbeat"
    command = [sys.executable, "-m", "celery", "-A", module, "--quiet", "worker", "-Q", queue, "--pool", pool]
    worker = subprocess.Popen(
        [*command, *options.split()],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    send = (
        "import sys; from tests.house.worker_probe import probe_timeouts as p; "
        "p.apply_async([sys.argv[1]], queue=sys.argv[2], expires=60)"
    )
    try:
        subprocess.run([sys.executable, "-c", send, str(answer), queue], cwd=ROOT, env=environment, check=True)
        deadline = time.monotonic() + 60
        while not answer.exists() and worker.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        assert answer.exists(), worker.communicate(timeout=5)[0] if worker.poll() is not None else "no answer"
        pid, statement, lock = answer.read_text().split()
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=30)
    assert (statement, lock) == ("2min", "20s")
    assert (int(pid) == worker.pid) == (pool == "solo")
