"""Create .venv from a lock file, once: `python scripts/install.py demo|dev`. Standard library only.

A stamp remembers the lock that was installed, so that a second run is instant. The development lock holds the
demo's packages at the same versions: whoever has it needs nothing more.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


class InstallError(Exception):
    """What went wrong, in one sentence."""


def main(kind: str) -> None:
    """Install the packages of `kind` unless they are there already."""
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs it chose the Python
        raise InstallError(f"Il faut Python 3.11 ou plus récent ; celui-ci est {sys.version.split()[0]}.")
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make demo` and `make test` may start together
        if is_installed(kind):
            return
        if not PYTHON.exists():
            print("Création de .venv…", flush=True)
            create_venv()
        print(f"Installation des paquets de requirements/{kind}.txt…", flush=True)
        install(kind)
        stamp(kind).write_text(digest(kind))


def is_installed(kind: str) -> bool:
    """Whether the lock of `kind`, or one that contains it, is what .venv holds."""
    enough = [kind] if kind == "dev" else [kind, "dev"]
    return PYTHON.exists() and any(stamp(name).exists() and stamp(name).read_text() == digest(name) for name in enough)


def stamp(kind: str) -> Path:
    return VENV / f".installed-{kind}"


def digest(kind: str) -> str:
    return hashlib.sha256((ROOT / "requirements" / f"{kind}.txt").read_bytes()).hexdigest()


def create_venv() -> None:
    """A virtual environment with pip. Debian splits it off: root fetches it, others are asked to."""
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        if os.geteuid() == 0 and shutil.which("apt-get"):
            print(f"Installation de {package} par apt…", flush=True)
            quietly(["apt-get", "install", "-y", "-qq", package], f"apt n’a pas pu installer {package}.")
            quietly([sys.executable, "-m", "venv", str(VENV)], "La création de .venv a échoué.")
            return
        raise InstallError(f"Python est là sans son module venv : installez le paquet {package}.") from None
    venv.create(VENV, with_pip=True)


def install(kind: str) -> None:
    """Install exactly the lock: every file is checked against its hash, nothing else is resolved."""
    options = (
        "-qq --disable-pip-version-check --root-user-action=ignore --no-input --no-deps --no-compile --require-hashes"
    )
    command = [str(PYTHON), "-m", "pip", "install", *options.split(), "-r", f"requirements/{kind}.txt"]
    quietly(command, "L’installation des paquets a échoué (réseau, disque plein ?).")


def quietly(command: list[str], failure: str) -> None:
    """Run a command that speaks only if it fails; its last line is then joined to ours."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        last = next((line.strip() for line in reversed(done.stdout.splitlines()) if line.strip()), "")
        raise InstallError(f"{failure} {last}".strip())


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "demo")
    except (InstallError, OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"Erreur : {error}") from None
