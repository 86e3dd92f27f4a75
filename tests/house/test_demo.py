"""`make demo`: the whole site as real processes, its faults, and its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from orne_accueil.portal.demo import run
from tests.house.test_embedded import engine_pids, folder, wait_until_gone

__all__ = ["folder"]
ROOT = Path(__file__).resolve().parents[2]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


# --- Small parts ---


@pytest.mark.parametrize("text", ["abc", "0", "65536", "-1", "8000.5"])
def test_a_wrong_port_is_one_clear_line(monkeypatch, text):
    monkeypatch.setenv("PORT", text)
    with pytest.raises(run.DemoError, match=f"^PORT={text} n’est pas un numéro de port"):
        run.read_port()


def test_a_busy_port_is_one_clear_line():
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(run.DemoError, match=f"^Le port {port} est déjà pris .* PORT={port + 1} make demo"):
            run.check_port(port)
    run.check_port(free_port())


def test_each_account_of_the_demo_is_announced(capsys):
    run.announce(8123, 4.2)
    said = capsys.readouterr().out
    assert "http://127.0.0.1:8123/" in said
    assert run.PASSWORD in said
    assert all(email in said for email, _ in run.ACCOUNTS)
    assert len(run.ACCOUNTS) == 9


def test_a_child_that_dies_is_named_with_its_last_words(tmp_path):
    child = run.start("horloge", ["sh", "-c", "echo first; echo last words; exit 3"], tmp_path)
    child.process.wait()
    with pytest.raises(run.DemoError, match="« horloge » s’est arrêté \\(code 3\\) : last words"):
        run.check_alive([child])


def test_only_its_own_children_are_stopped(tmp_path):
    stranger = subprocess.Popen(["sleep", "60"])
    polite = run.start("polite", ["sleep", "60"], tmp_path)
    run.stop([polite])
    assert polite.process.returncode == -signal.SIGTERM
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_deaf_child_is_killed_with_its_own_children(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "STOP_TIMEOUT", 0.5)
    script = "trap '' TERM; sleep 300 & echo $!; wait; wait"
    deaf = run.start("deaf", ["sh", "-c", script], tmp_path)
    while not deaf.log.read_text().strip():
        time.sleep(0.05)
    grandchild = int(deaf.log.read_text())
    run.stop([deaf])
    assert deaf.process.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 5
    while is_running(grandchild) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(grandchild)


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# --- The whole of it ---


class Demo:
    """One `make demo` without make, in a folder of its own."""

    def __init__(self, data_dir):
        self.port = free_port()
        self.data_dir = data_dir
        self.process = subprocess.Popen(
            [sys.executable, "-m", "orne_accueil.portal.demo.run"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PORT": str(self.port), "ORNE_DATA_DIR": str(data_dir)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def ready(self):
        said = ""
        for line in self.process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                return said
        raise AssertionError(said)

    def get(self, url):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{url}", timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def stop(self, number):
        os.killpg(self.process.pid, number)
        said, _ = self.process.communicate(timeout=40)
        return said


def children_of(data_dir):
    """The demo's own processes: their environment names the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (OSError, NotADirectoryError):
            continue
        if f"ORNE_DATA_DIR={data_dir}".encode() in environment:
            found.append(command)
    return found


def eventually(condition: Callable[[], bool], seconds: float = 15) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.2)
    return False


@pytest.mark.fault
@pytest.mark.timeout(300)
def test_the_demo_runs_limps_stops_and_starts_again(folder):
    demo = Demo(folder)
    said = demo.ready()
    assert said.index("Démarrage de PostgreSQL") < said.index("Création des tables") < said.index("Prêt en")
    assert demo.get("/sante/") == (200, '{"status": "ok"}')
    assert demo.get("/sante/pret/")[0] == 200
    assert demo.get("/")[0] == 200
    running = " ".join(children_of(folder))
    for part in ("gunicorn", "celery", " worker ", " beat ", "smtp_sink"):
        assert part in running

    # Another command, without any environment but the folder, speaks to the running demo.
    script = "from django.conf import settings as s; print(s.DEMO, s.DEBUG, s.SITE_URL)"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-v", "0", "-c", script],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ORNE_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["True", "False", f"http://127.0.0.1:{demo.port}"]

    # Redis dies: the pages stay, and the probe says what limps.
    for pid in engine_pids(folder):
        if b"redis" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
    status, body = demo.get("/sante/pret/")
    assert status == 200
    assert "the broker does not answer" in json.loads(body)["degraded"]
    assert demo.get("/communes/")[0] == 200

    # PostgreSQL dies: not ready, still alive.
    for pid in engine_pids(folder):
        os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: demo.get("/sante/pret/")[0] == 503), "a connection may outlive the server a moment"
    assert demo.get("/sante/")[0] == 200

    assert "Arrêt…" in demo.stop(signal.SIGINT)
    assert demo.process.returncode == 0
    assert children_of(folder) == []
    assert wait_until_gone(folder)

    again = Demo(folder)
    said = again.ready()
    assert "Fichiers statiques" not in said, "nothing changed: they are not gathered again"
    again.stop(signal.SIGTERM)
    assert again.process.returncode == 0
    assert children_of(folder) == []
    assert wait_until_gone(folder)
