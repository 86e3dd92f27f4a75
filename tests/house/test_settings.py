"""The environment read strictly, and the deployment mistakes that have a name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection

from orne_accueil.common import checks
from orne_accueil.settings import env

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = dict(
    line.split("=", 1)
    for line in (ROOT / "deploy" / "example.env").read_text().splitlines()
    if line and not line.startswith("#")
)


def manage(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments, "--settings", "orne_accueil.settings.prod"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
    )


# --- Readers ---


@pytest.mark.parametrize(
    ("value", "read", "sentence"),
    [
        (None, lambda: env.text("X"), "La variable d’environnement X manque."),
        ("  ", lambda: env.text("X"), "La variable d’environnement X manque."),
        ("short", lambda: env.text("X", at_least=6), "X est trop court : il faut au moins 6 caractères."),
        ("peut-être", lambda: env.boolean("X", False), "X devrait être oui ou non (1 ou 0)."),
        ("un", lambda: env.integer("X"), "X devrait être un nombre entier."),
        (None, lambda: env.integer("X"), "La variable d’environnement X manque."),
        ("mysql://a/b", lambda: env.url("X", ("postgres",)), "X devrait être une adresse en postgres://."),
        ("redis://a:port/0", lambda: env.url("X", ("redis",)), "X devrait être une adresse en redis://."),
        ("smtp:x", lambda: env.email("X", timeout=5), "X devrait être une adresse de serveur de messagerie"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_it(monkeypatch, value, read, sentence):
    monkeypatch.delenv("X", raising=False)
    if value is not None:
        monkeypatch.setenv("X", value)
    with pytest.raises(ImproperlyConfigured) as refusal:
        read()
    assert str(refusal.value).startswith(sentence)
    assert "\n" not in str(refusal.value)


def test_an_address_is_never_shown(monkeypatch):
    monkeypatch.setenv("X", "mysql://root:very-secret@host/base")
    with pytest.raises(ImproperlyConfigured) as refusal:
        env.url("X", ("postgres",))
    assert "very-secret" not in str(refusal.value)


def test_mail_never_waits_for_ever(monkeypatch):
    monkeypatch.setenv("X", "submission://me:pass@host:587")
    assert env.email("X", timeout=5)["EMAIL_TIMEOUT"] == 5


def test_words_are_trimmed(monkeypatch):
    monkeypatch.setenv("X", " a, b ,,c")
    assert env.words("X") == ["a", "b", "c"]


def test_values_that_go_together_are_all_given_or_none(monkeypatch):
    for name in ("A", "B"):
        monkeypatch.delenv(name, raising=False)
    assert env.all_or_none("A", "B") is None
    monkeypatch.setenv("A", "1")
    with pytest.raises(ImproperlyConfigured, match="Il manque B"):
        env.all_or_none("A", "B")
    monkeypatch.setenv("B", "2")
    assert env.all_or_none("A", "B") == {"A": "1", "B": "2"}


def test_an_unwritable_data_folder_is_one_sentence(monkeypatch):
    monkeypatch.setenv("ORNE_DATA_DIR", "/proc/orne")
    with pytest.raises(ImproperlyConfigured, match=r"^Impossible d’écrire dans /proc/orne .*ORNE_DATA_DIR\.$"):
        env.drawn_secret_key()


def test_the_key_is_drawn_once_and_for_its_owner_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("ORNE_DATA_DIR", str(tmp_path))
    key = env.drawn_secret_key()
    assert len(key) >= 50
    assert env.drawn_secret_key() == key
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


# --- Production ---


@pytest.mark.parametrize("name", EXAMPLE)
def test_production_refuses_to_start_without(name):
    done = manage("check", **{key: value for key, value in EXAMPLE.items() if key != name})
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [f"Erreur : La variable d’environnement {name} manque."]


def test_a_sane_production_has_nothing_to_say():
    done = manage("check", "--deploy", "--fail-level", "WARNING", **EXAMPLE)
    assert done.returncode == 0, done.stderr


def test_a_forgotten_demo_stops_a_deployment():
    done = manage("check", "--deploy", **EXAMPLE, ORNE_DEMO="1")
    assert done.returncode == 1
    assert "orne.E001" in done.stderr


def test_half_a_media_store_is_refused():
    done = manage("check", **EXAMPLE, S3_BUCKET="photos")
    assert done.returncode == 1
    assert "S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY" in done.stderr


# --- Checks, one mistake at a time ---

SANE = {
    "DEMO": False,
    "DEBUG": False,
    "SITE_URL": "https://accueil.orne.fr",
    "ALLOWED_HOSTS": ["accueil.orne.fr"],
    "DEFAULT_FROM_EMAIL": "Accueil <bonjour@orne.fr>",
    "CONTACT_EMAIL": "accueil@orne.fr",
    "SECOND_FACTOR_REQUIRED": True,
    "ALLAUTH_TRUSTED_PROXY_COUNT": 1,
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SESSION_COOKIE_HTTPONLY": True,
    "CELERY_BROKER_URL": "redis://redis:6379/0",
    "DATABASES": {"default": {"HOST": "db", "OPTIONS": {"options": "-c statement_timeout=1 -c lock_timeout=1"}}},
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_TIMEOUT": 5,
}


class Sheet:
    """Settings as a plain object: the checks read nothing else."""

    def __init__(self, base, **values):
        self.__dict__.update(SANE, DATA_DIR=base.DATA_DIR, CONTENT_SECURITY_POLICY=base.CONTENT_SECURITY_POLICY)
        self.__dict__.update(values)


def ids(monkeypatch, settings, **values):
    monkeypatch.setattr(checks, "settings", Sheet(settings, **values))
    return [message.id for message in checks.check_deployment(None)]


def test_sane_settings_pass(monkeypatch, settings):
    assert ids(monkeypatch, settings) == []


@pytest.mark.parametrize(
    ("identifier", "mistake"),
    [
        ("orne.E001", {"DEMO": True}),
        ("orne.E002", {"DEBUG": True}),
        ("orne.E003", {"SITE_URL": "http://accueil.orne.fr"}),
        ("orne.E004", {"ALLOWED_HOSTS": ["autre.orne.fr"]}),
        ("orne.E005", {"ALLOWED_HOSTS": ["*"]}),
        ("orne.E006", {"DEFAULT_FROM_EMAIL": "Accueil <webmaster@localhost>"}),
        ("orne.E006", {"CONTACT_EMAIL": "accueil@teletravail.example"}),
        ("orne.E007", {"SECOND_FACTOR_REQUIRED": False}),
        ("orne.E008", {"ALLAUTH_TRUSTED_PROXY_COUNT": -1}),
        ("orne.W001", {"ALLAUTH_TRUSTED_PROXY_COUNT": 0}),
        ("orne.E009", {"SESSION_COOKIE_SECURE": False}),
        ("orne.E009", {"CSRF_COOKIE_SECURE": False}),
        ("orne.E011", {"CONTENT_SECURITY_POLICY": {"DIRECTIVES": {"default-src": ["'unsafe-inline'"]}}}),
        ("orne.E011", {"CONTENT_SECURITY_POLICY": {"DIRECTIVES": {"img-src": ["'self'"]}}}),
        ("orne.E012", {"DATABASES": {"default": {"HOST": "db"}}}),
        ("orne.E013", {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}),
        ("orne.E013", {"EMAIL_TIMEOUT": None}),
    ],
)
def test_each_mistake_has_an_id_and_a_hint(monkeypatch, settings, identifier, mistake):
    assert ids(monkeypatch, settings, **mistake) == [identifier]
    assert all(message.hint for message in checks.check_deployment(None))


def test_an_embedded_engine_is_refused_in_production(monkeypatch, settings):
    address = f"redis+socket://{settings.DATA_DIR}/run/redis.sock"
    assert ids(monkeypatch, settings, CELERY_BROKER_URL=address) == ["orne.E010"]


def test_a_missing_cache_table_is_an_error(db):
    assert checks.check_cache_table(databases=["default"]) == []
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE django_cache")
    assert [message.id for message in checks.check_cache_table(databases=["default"])] == ["orne.E014"]


def test_migrate_alone_makes_the_cache_table(db):
    """createcachetable has nothing left to do."""
    call_command("createcachetable", "--dry-run", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations WHERE app = 'common' AND name = '0001_initial'")
        assert cursor.fetchone() == (1,)
