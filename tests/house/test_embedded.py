"""The embedded engines under real processes: together, killed, as root and as an ordinary account."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from orne_accueil import embedded

pytestmark = [pytest.mark.fault]

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = Path(embedded._package("psycopg")).parent


@pytest.fixture
def folder():
    """A data folder of its own, short enough for sockets, and no process left behind."""
    path = Path(tempfile.mkdtemp(prefix="orne-t-", dir="/tmp"))
    yield path / "data"
    for pid in engine_pids(path):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(path, ignore_errors=True)


class User:
    """A process that uses the engines of a folder."""

    def __init__(self, folder, *, python=sys.executable, **options):
        self.process = subprocess.Popen(
            [python, "-m", "tests.house.engine_client", str(folder)],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{PACKAGES}", "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def ready(self):
        line = self.process.stdout.readline()
        assert line.startswith("ready 18"), line + self.process.stderr.read()
        return line

    def leave(self):
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0

    def kill(self):
        self.process.kill()
        self.process.communicate()


def engine_pids(folder):
    """The servers whose command line or title names this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder) in words and "engine_client" not in words and ("postgres" in words or "redis" in words):
            found.append(int(entry.name))
    return found


def wait_until_gone(folder, seconds=20):
    deadline = time.monotonic() + seconds
    while engine_pids(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not engine_pids(folder)


def test_two_processes_that_start_at_once_share_the_engines(folder):
    first, second = User(folder), User(folder)
    assert first.ready() == second.ready()
    assert len(engine_pids(folder)) == 2, "one PostgreSQL and one Redis"
    first.leave()
    assert embedded.running(folder) == {"postgres": True, "redis": True}
    second.leave()
    assert wait_until_gone(folder), "the last user stops them"


def test_a_killed_user_does_not_keep_the_engines_alive(folder):
    first, second = User(folder), User(folder)
    first.ready()
    second.ready()
    first.kill()
    assert embedded.running(folder) == {"postgres": True, "redis": True}
    second.leave()
    assert wait_until_gone(folder)


def test_engines_left_by_a_killed_user_are_found_again(folder):
    lonely = User(folder)
    lonely.ready()
    lonely.kill()
    before = sorted(engine_pids(folder))
    assert len(before) == 2
    next_one = User(folder)
    next_one.ready()
    assert sorted(engine_pids(folder)) == before
    next_one.leave()
    assert wait_until_gone(folder)


def test_engines_killed_themselves_start_again(folder):
    first = User(folder)
    first.ready()
    for pid in engine_pids(folder):
        os.kill(pid, signal.SIGKILL)
    second = User(folder)
    second.ready()
    second.leave()
    assert embedded.running(folder) == {"postgres": True, "redis": True}, "the first still uses them"
    first.leave()
    assert wait_until_gone(folder)


def test_a_stale_number_in_the_lock_file_is_forgotten(folder):
    first = User(folder)
    first.ready()
    first.leave()
    # As after a crash of the machine: the file is there and its number belongs to another process by now, which
    # PostgreSQL would respect, being of the same account.
    stranger = subprocess.Popen(["sleep", "60"], user=embedded._engine_identity()[0])
    stale = folder / "postgres" / "postmaster.pid"
    stale.write_text(f"{stranger.pid}\n{folder / 'postgres'}\n1\n5432\n{folder / 'run'}\n\n1 1\nready\n")
    second = User(folder)
    second.ready()
    second.leave()
    stranger.kill()
    stranger.wait()
    assert wait_until_gone(folder)


def test_a_long_path_gets_short_private_sockets(folder):
    deep = folder / ("d" * 60) / ("e" * 60)
    user = User(deep)
    broker = user.ready().split()[-1]
    sockets = Path(broker.removeprefix("redis+socket://")).parent
    assert not sockets.is_relative_to(folder)
    assert sockets.stat().st_mode & 0o077 == 0, "private"
    user.leave()
    assert wait_until_gone(folder)
    shutil.rmtree(sockets)


def test_redis_saves_nothing_to_disk(folder):
    user = User(folder)
    user.ready()
    user.leave()
    assert sorted(path.name for path in (folder / "run").iterdir()) == ["redis.log"]


def ordinary_python(user):
    """A Python of this version that the account may run: ours is out of its reach when it lives in root's home."""
    for python in (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"):
        try:
            done = subprocess.run([python, "-c", "import sys"], user=user, cwd="/", capture_output=True)
        except OSError:
            continue
        if done.returncode == 0:
            return python
    return None


def test_an_ordinary_account_needs_no_root(folder):
    if os.geteuid() != 0:
        pytest.skip("this whole module already runs as an ordinary account")
    account = pwd.getpwnam("nobody")
    python = ordinary_python(account.pw_uid)
    if python is None:
        pytest.skip(f"{sys.executable} is out of reach of the account nobody, and so is Debian's own Python")
    folder.parent.chmod(0o711)
    folder.mkdir()
    os.chown(folder, account.pw_uid, account.pw_gid)
    user = User(folder, python=python, user=account.pw_uid, group=account.pw_gid, extra_groups=[])
    user.ready()
    assert (folder / "postgres").stat().st_uid == account.pw_uid
    user.leave()
    assert wait_until_gone(folder)


def test_an_unwritable_folder_is_one_clear_line():
    with pytest.raises(embedded.EngineError, match=r"^Impossible d’écrire dans /proc/orne .*ORNE_DATA_DIR\.$"):
        embedded.postgres_url(Path("/proc/orne"))


@pytest.mark.parametrize(
    ("complaint", "sentence"),
    [
        ("could not extend file: No space left on device", "Le disque est plein : PostgreSQL"),
        ("could not create file: Permission denied", "PostgreSQL ne peut écrire dans"),
        ("something else\nthen this", "PostgreSQL n’a pas démarré dans /d : something else / then this"),
    ],
)
def test_what_an_engine_complains_of_becomes_one_sentence(complaint, sentence):
    assert embedded._why("PostgreSQL", Path("/d"), complaint).startswith(sentence)


def test_static_work_starts_nothing(folder, monkeypatch):
    monkeypatch.setenv("ORNE_WITHOUT_ENGINES", "1")
    assert embedded.postgres_url(folder).startswith("postgres://postgres@")
    assert embedded.redis_url(folder).startswith("redis+socket://")
    assert not folder.exists()
