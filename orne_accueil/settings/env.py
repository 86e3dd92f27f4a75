"""Strict readers: a wrong or missing value stops the start with one clear line that names it."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

BASE_DIR = Path(__file__).resolve().parents[2]

POSTGRES_SCHEMES = ("postgres", "postgresql")
REDIS_SCHEMES = ("redis", "rediss", "redis+socket")
EMAIL_SCHEMES = ("smtp", "submission", "console", "dummy")

_env = Env()
_MISSING: Any = object()


def text(name: str, default: Any = _MISSING, *, at_least: int = 1) -> Any:
    """The variable's text, without the spaces around it. An empty one counts as missing."""
    value = os.environ.get(name, "").strip()
    if not value:
        if default is _MISSING:
            raise ImproperlyConfigured(f"La variable d’environnement {name} manque.")
        return default
    if len(value) < at_least:
        raise ImproperlyConfigured(f"{name} est trop court : il faut au moins {at_least} caractères.")
    return value


def boolean(name: str, default: bool) -> bool:
    """A yes or a no, as environs understands them (1, true, yes, on…)."""
    return bool(_parsed("bool", name, default, "oui ou non (1 ou 0)"))


def integer(name: str, default: Any = _MISSING) -> int:
    """A whole number."""
    return int(_parsed("int", name, default, "un nombre entier"))


def words(name: str, default: Any = _MISSING) -> list[str]:
    """Values separated by commas, at least one."""
    value = text(name, default)
    if not isinstance(value, str):
        return list(value)
    return [word.strip() for word in value.split(",") if word.strip()]


def url(name: str, schemes: tuple[str, ...], default: Any = _MISSING) -> Any:
    """An address in one of these schemes. Its value is never shown: it may hold a password."""
    value = text(name, default)
    if value is None:
        return None
    with _named(name, f"une adresse en {' ou '.join(f'{scheme}://' for scheme in schemes)}"):
        parts = urlsplit(value)
        _ = parts.port  # raises on a port that is not a number
        if parts.scheme not in schemes:
            raise ValueError
    return value


def email(name: str, default: Any = _MISSING, *, timeout: int) -> dict[str, Any]:
    """Django's EMAIL_* settings, from an address such as submission://user:password@host:587.

    The parser's own default is to wait for ever: `timeout` seconds stand unless the address says otherwise.
    """
    value = url(name, EMAIL_SCHEMES, default)
    with _named(name, "une adresse de serveur de messagerie, comme submission://compte:secret@hote:587"):
        if urlsplit(value).scheme in ("smtp", "submission") and not urlsplit(value).hostname:
            raise ValueError
        settings = _env.dj_email_url(name, value)
    settings["EMAIL_TIMEOUT"] = settings["EMAIL_TIMEOUT"] or timeout
    return dict(settings)


def all_or_none(*names: str) -> dict[str, str] | None:
    """The values of variables that only make sense together, or None when none is given."""
    found = {name: text(name, None) for name in names}
    missing = [name for name, value in found.items() if value is None]
    if len(missing) == len(names):
        return None
    if missing:
        raise ImproperlyConfigured(f"Il manque {', '.join(missing)} : ces variables vont ensemble, ou pas du tout.")
    return found


@contextlib.contextmanager
def _named(name: str, expected: str) -> Iterator[None]:
    try:
        yield
    except (EnvError, ValueError) as error:
        raise ImproperlyConfigured(f"{name} devrait être {expected}.") from error


def _parsed(kind: str, name: str, default: Any, expected: str) -> Any:
    if text(name, None) is None:
        if default is _MISSING:
            raise ImproperlyConfigured(f"La variable d’environnement {name} manque.")
        return default
    with _named(name, expected):
        return getattr(_env, kind)(name)


# --- The data folder ---


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
            f"Impossible d’écrire dans {data_dir()} ({error.strerror}). Choisissez un autre dossier avec ORNE_DATA_DIR."
        ) from error
