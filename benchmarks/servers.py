"""The production web server, on loopback, with two processes."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .databases import ROOT, data_dir, environment, manage
from .processes import memory_mb, processor_ms

WORKERS = 2
FLAGS = f"--workers {WORKERS} --worker-class gthread --threads 4 --preload --no-control-socket --log-level warning"
"""As in the Dockerfile, without the recycling of workers (memory is measured) nor the access log."""

START_TIMEOUT = 60.0


@dataclass(frozen=True)
class WebServer:
    """A running server."""

    port: int
    pid: int

    def processor_ms(self) -> float:
        """Milliseconds of processor that the web processes have used so far."""
        return sum(processor_ms(child) for child in self._children())

    def memory(self) -> list[dict[str, float]]:
        """For each web process, in MB: resident now, and at its highest."""
        return [memory_mb(child) for child in self._children()]

    def _children(self) -> list[str]:
        return Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()


def gather_static(database_url: str) -> None:
    """The static files as production serves them, unless nothing changed since the last time."""
    from orne_accueil.portal.demo.run import static_digest

    stamp = data_dir() / "bench" / "static.stamp"
    if stamp.exists() and stamp.read_text() == static_digest():
        return
    manage(database_url, "collectstatic", "--noinput", "--clear", "--verbosity", "0")
    stamp.write_text(static_digest())


@contextlib.contextmanager
def serving(database_url: str, settings: str = "orne_accueil.settings.prod") -> Iterator[WebServer]:
    """Serve these settings on a free port until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = data_dir() / "bench" / f"{settings}.log"
    command = [
        sys.executable, "-m", "gunicorn", "django.core.wsgi:get_wsgi_application()", "--bind", f"127.0.0.1:{port}",
        *FLAGS.split(),
    ]  # fmt: skip
    if settings == "orne_accueil.settings.prod":
        command[3] = "orne_accueil.wsgi"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(database_url, DJANGO_SETTINGS_MODULE=settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(port, process, log)
        yield WebServer(port, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"Le serveur n’a pas démarré : {log.read_text(errors='replace')[-2000:]}")
