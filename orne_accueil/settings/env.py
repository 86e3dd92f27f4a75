"""Strict readers: a wrong or missing value stops the start with one clear line."""

import contextlib
import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from environs import Env

BASE_DIR = Path(__file__).resolve().parents[2]

env = Env()


def data_dir() -> Path:
    """Where the embedded engines, the demo's key and its media live. Created when first needed."""
    return Path(os.environ.get("ORNE_DATA_DIR") or BASE_DIR / ".local").resolve()


def drawn_secret_key() -> str:
    """The key of dev and demo: drawn once into the data folder, readable by its owner alone."""
    path = data_dir() / "secret_key"
    try:
        data_dir().mkdir(parents=True, exist_ok=True)
        if not path.exists():
            draft = path.with_suffix(f".{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(50))
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)  # the first process wins, the others read what it drew
            draft.unlink()
        return path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(
            f"Impossible d’écrire dans {data_dir()} ({error.strerror}). "
            "Choisissez un autre dossier avec ORNE_DATA_DIR."
        ) from error
