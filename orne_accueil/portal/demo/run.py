"""The whole site on one machine: `make demo`.

1. check the port; 2. start PostgreSQL and Redis; 3. gather the static files while the tables are made; 4.
load the Orne and the demonstration, whose dates move forward to today; 5. run the mail sink, the web server,
the worker and beat; 6. wait for Ctrl-C, SIGTERM, or the death of any of them, then stop them all, by their
own numbers.

Every child runs in a session of its own, so that Ctrl-C reaches this process alone, which stops them in
order; and each is told by the kernel to stop should this process be killed.
"""

import contextlib
import ctypes
import functools
import hashlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import FrameType
from typing import Any

HOST = "127.0.0.1"
STOP_TIMEOUT = 15.0  # seconds for a child to end by itself before it is killed
READY_TIMEOUT = 60.0

ACCOUNTS = (
    ("nouvelle@demo.test", "elle cherche un bureau"),
    ("animatrice@demo.test", "elle anime les EPN d’Argentan et de Sées"),
    ("maire@demo.test", "maire d’Argentan"),
    ("secretaire@demo.test", "sa secrétaire, par délégation"),
    ("parrain@demo.test", "parrain à Argentan"),
    ("elue.cdc@demo.test", "élue de la communauté de communes"),
    ("membre@demo.test", "membre du club"),
    ("intervenant@demo.test", "intervient et lit les candidatures"),
    ("coordination@demo.test", "coordination départementale, tous les droits"),
)
PASSWORD = "demo-orne-2026"  # noqa: S105 - published in the README, exists in the demo only


class DemoError(Exception):
    """Why the demo cannot run, in one sentence."""


class Stopped(Exception):
    """SIGTERM or SIGINT arrived."""


@dataclass
class Child:
    """One of the demo's processes, and the file it writes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


def main() -> int:
    """Run the demo until it is told to stop. Returns the exit code."""
    os.environ.update(DJANGO_SETTINGS_MODULE="orne_accueil.settings.dev", ORNE_DEMO="1", DEBUG="0")
    os.environ["ORNE_PROCESS"] = "command"  # for this process: the site's are told otherwise
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stopped)
    _die_with_parent()  # make, or the terminal behind it
    children: list[Child] = []
    try:
        return _run(children)
    except Stopped:
        return 0
    except DemoError as error:
        say(f"Erreur : {error}")
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave anything behind
        if children:
            say("Arrêt…")
            stop(children)


def _run(children: list[Child]) -> int:
    began = time.monotonic()
    port = read_port()
    check_port(port)
    prepare(port)
    data_dir = _data_dir()
    say("Démarrage du site…")
    for name, command in programs(port, data_dir).items():
        children.append(start(name, command, data_dir))
        if name == "site":  # two cores: the others would only slow down what people wait for
            wait_until_ready(port, children)
    announce(port, time.monotonic() - began)
    while True:
        check_alive(children)
        time.sleep(0.5)


# --- Before the site ---


def read_port() -> int:
    """The port asked by PORT. Raises DemoError."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise DemoError(f"PORT={text} n’est pas un numéro de port.")
    return int(text)


def check_port(port: int) -> None:
    """Refuse a port that something else holds, before anything is started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise DemoError(f"Le port {port} est réservé au système : essayez PORT=8001 make demo.") from None
        except OSError:
            raise DemoError(
                f"Le port {port} est déjà pris par un autre programme : essayez PORT={port + 1} make demo."
            ) from None


def prepare(port: int) -> None:
    """Engines, tables, static files and data, ready for the site. Raises DemoError."""
    from django.core.exceptions import ImproperlyConfigured

    data_dir = _data_dir()
    gathering = None
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        _write_marker(data_dir, port)
        gathering = gather_static(data_dir)
        say("Démarrage de PostgreSQL et de Redis…")
        import django

        django.setup()
        load()
        if gathering and gathering.wait():
            raise DemoError(f"Les fichiers statiques n’ont pas été réunis : voir {data_dir / 'logs'}.")
        if gathering:
            (data_dir / "static.stamp").write_text(static_digest())
    except ImproperlyConfigured as error:
        raise DemoError(str(error)) from error
    except OSError as error:
        raise DemoError(f"Impossible d’écrire dans {data_dir} ({error.strerror}).") from error
    finally:
        if gathering and gathering.poll() is None:
            gathering.kill()
            gathering.wait()


def load() -> None:
    """Tables, then the Orne, then the demonstration."""
    from django.core.management import call_command, get_commands
    from django.core.management.base import CommandError
    from django.db import DatabaseError

    try:
        say("Création des tables…")
        if not is_migrated():
            call_command("migrate", verbosity=0, interactive=False)
        for command, words in (("load_territory", "Les 381 communes…"), ("load_demo", "La démonstration…")):
            if command in get_commands():
                say(words)
                call_command(command, verbosity=0, stdout=io.StringIO())
    except (CommandError, DatabaseError) as error:
        text = str(error).strip()
        if "No space left on device" in text or "the database system is in recovery" in text:
            text = f"Le disque est plein : rien ne peut plus être écrit dans {_data_dir()}. Libérez de la place."
        raise DemoError(text.splitlines()[0] if text else type(error).__name__) from error


def is_migrated() -> bool:
    """Whether migrate has nothing to do: asking is faster than letting it do nothing."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def gather_static(data_dir: Path) -> subprocess.Popen[bytes] | None:
    """Start collectstatic beside us, unless nothing changed since the last time."""
    stamp = data_dir / "static.stamp"
    if stamp.exists() and stamp.read_text() == static_digest():
        return None
    say("Fichiers statiques…")
    stamp.unlink(missing_ok=True)
    with _log(data_dir, "statiques").open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "manage.py", "collectstatic", "--noinput", "--clear", "--verbosity", "0"],
            cwd=_root(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )


def static_digest() -> str:
    """What the static files are made of: our own files, and the packages that bring theirs."""
    digest = hashlib.sha256((_root() / "requirements" / "demo.txt").read_bytes())
    digest.update((_root() / "requirements" / "dev.txt").read_bytes())
    folders = [_root() / "static", *_root().glob("*/static"), *_root().glob("orne_accueil/*/static")]
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                found = path.stat()
                digest.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _write_marker(data_dir: Path, port: int) -> None:
    """Tell later commands that this folder is the demo's, where its site is and where its mails go."""
    with socket.create_server((HOST, 0)) as probe:
        smtp_port = probe.getsockname()[1]
    marker = {"site_url": f"http://{HOST}:{port}", "smtp_port": smtp_port}
    (data_dir / "demo").write_text(json.dumps(marker))


def _marker(data_dir: Path) -> dict[str, Any]:
    return dict(json.loads((data_dir / "demo").read_text()))


# --- The site ---


def programs(port: int, data_dir: Path) -> dict[str, list[str]]:
    """What runs, in the order in which it is started, each with a name for people."""
    python = [sys.executable, "-c"]
    module = [sys.executable, "-m"]
    sink = (
        "import sys; from pathlib import Path; from orne_accueil.portal.demo.smtp_sink import main; "
        "main(port=int(sys.argv[1]), folder=Path(sys.argv[2]))"
    )
    web = "--workers 2 --worker-class gthread --threads 4 --preload --log-level warning --no-control-socket"
    worker = "--concurrency 2 --without-gossip --without-mingle --without-heartbeat"
    celery = [*module, "celery", "-A", "orne_accueil.celery", "--quiet"]
    return {
        "courrier": [*python, sink, str(_marker(data_dir)["smtp_port"]), str(data_dir / "courrier")],
        "site": [*module, "gunicorn", "orne_accueil.wsgi", "--bind", f"{HOST}:{port}", *web.split()],
        "tâches": [*celery, "worker", "--loglevel", "WARNING", *worker.split()],
        "horloge": [
            *celery, "beat", "--loglevel", "WARNING", "--pidfile", "", "--schedule", str(data_dir / "beat"),
        ],
    }  # fmt: skip


def start(name: str, command: list[str], data_dir: Path) -> Child:
    """Start one process, its output in a file of the data folder."""
    log = _log(data_dir, name)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=_root(),
            env={**os.environ, "ORNE_PROCESS": "web"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    return Child(name, process, log)


def wait_until_ready(port: int, children: list[Child]) -> None:
    """Wait for the site's first answer. Raises DemoError when a process dies or none comes."""
    deadline = time.monotonic() + READY_TIMEOUT
    while time.monotonic() < deadline:
        check_alive(children)
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/sante/pret/", timeout=5):
                return
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                where = children[-1].log
                raise DemoError(f"Le site répond par une erreur {error.code} : voir {where}.") from error
            time.sleep(0.2)
        except OSError:
            time.sleep(0.2)
    raise DemoError(f"Le site n’a pas répondu en {READY_TIMEOUT:.0f} secondes : voir {children[0].log.parent}.")


def check_alive(children: list[Child]) -> None:
    """Raise DemoError as soon as one process is gone: a demo that limps teaches nothing."""
    for child in children:
        code = child.process.poll()
        if code is not None:
            last = child.log.read_text(errors="replace").strip().rpartition("\n")[2]
            raise DemoError(f"« {child.name} » s’est arrêté (code {code}) : {last or 'sans un mot'} ({child.log})")


def stop(children: list[Child]) -> None:
    """Ask each to end, the last started first, and kill what has not after STOP_TIMEOUT."""
    for child in reversed(children):
        if child.process.poll() is None:
            child.process.terminate()
    deadline = time.monotonic() + STOP_TIMEOUT
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.0, deadline - time.monotonic()))
        with contextlib.suppress(ProcessLookupError):  # its session: also what a killed server left behind
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()


def announce(port: int, seconds: float) -> None:
    """Where the demo is, and as whom to look at it."""
    say(f"Prêt en {seconds:.0f} s.\n")
    say(f"    http://{HOST}:{port}/                     le site")
    say(f"    http://{HOST}:{port}/admin/               l’espace des équipes")
    say(f"    http://{HOST}:{port}/demo/courrier/       les messages qui seraient partis\n")
    say(f"Comptes de démonstration, mot de passe {PASSWORD} :\n")
    for email, role in ACCOUNTS:
        say(f"    {email:<24} {role}")
    say("\nCtrl-C arrête tout ; ce qui a été fait est gardé pour la prochaine fois.")


# --- Small things ---


def say(text: str) -> None:
    """One line of progress, at once."""
    print(text, flush=True)  # noqa: T201 - it talks to a terminal


def _raise_stopped(number: int, frame: FrameType | None) -> None:
    raise Stopped


@functools.cache
def _root() -> Path:
    return Path(__file__).resolve().parents[3]


def _data_dir() -> Path:
    return Path(os.environ.get("ORNE_DATA_DIR") or _root() / ".local").resolve()


def _log(data_dir: Path, name: str) -> Path:
    folder = data_dir / "logs"
    folder.mkdir(exist_ok=True)
    return folder / f"{name}.log"


_libc = ctypes.CDLL(None)


def _die_with_parent() -> None:
    """Have this process told to stop when its parent is gone, in whatever way (Linux)."""
    if sys.platform == "linux":
        _libc.prctl(1, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
