"""Deployment mistakes, each with an id and what to do: `manage.py check --deploy`.

The one that needs the database runs with `--database default`.
"""

from collections.abc import Callable, Sequence
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

Verdict = CheckMessage | None
_deploy_checks: list[Callable[[], Verdict]] = []


def deployment(check: Callable[[], Verdict]) -> Callable[[], Verdict]:
    """Run this with `check --deploy`."""
    _deploy_checks.append(check)
    return check


@register(Tags.security, deploy=True)
def check_deployment(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Every mistake of the settings that would hurt once the site is public."""
    return [message for check in _deploy_checks if (message := check())]


@deployment
def demo_is_off() -> Verdict:
    if not settings.DEMO:
        return None
    return Error(
        "La démonstration est active : ses comptes ont un mot de passe publié.",
        hint="Retirez ORNE_DEMO de l’environnement.",
        id="orne.E001",
    )


@deployment
def debug_is_off() -> Verdict:
    if not settings.DEBUG:
        return None
    return Error("DEBUG montre le code aux visiteurs.", hint="Servez orne_accueil.settings.prod.", id="orne.E002")


@deployment
def site_url_is_https() -> Verdict:
    if urlsplit(settings.SITE_URL).scheme == "https":
        return None
    return Error(
        f"SITE_URL ({settings.SITE_URL}) n’est pas en https : les liens des courriers seraient lisibles en route.",
        hint="Donnez l’adresse publique du site, en https://.",
        id="orne.E003",
    )


@deployment
def site_url_is_served() -> Verdict:
    from django.http.request import validate_host

    host = urlsplit(settings.SITE_URL).hostname or ""
    if validate_host(host, settings.ALLOWED_HOSTS):
        return None
    return Error(
        f"ALLOWED_HOSTS ne contient pas {host}, l’hôte de SITE_URL : les liens des courriers seraient refusés.",
        hint="Ajoutez-le à ALLOWED_HOSTS, ou corrigez SITE_URL.",
        id="orne.E004",
    )


@deployment
def hosts_are_named() -> Verdict:
    if "*" not in settings.ALLOWED_HOSTS:
        return None
    return Error(
        "ALLOWED_HOSTS accepte n’importe quel hôte.",
        hint="Nommez les hôtes servis, séparés par des virgules.",
        id="orne.E005",
    )


@deployment
def senders_are_real() -> Verdict:
    for name in ("DEFAULT_FROM_EMAIL", "CONTACT_EMAIL"):
        domain = parseaddr(getattr(settings, name))[1].rpartition("@")[2].lower()
        reserved = domain.rpartition(".")[2] in ("", "example", "invalid", "test", "localhost")
        if reserved or domain in ("localhost", "example.com", "example.org", "example.net"):
            return Error(
                f"{name} n’est pas une adresse qui existe : les courriers seraient refusés ou sans réponse possible.",
                hint=f"Donnez {name}, sur un domaine dont SPF et DKIM vous appartiennent.",
                id="orne.E006",
            )
    return None


@deployment
def second_factor_is_on() -> Verdict:
    if settings.SECOND_FACTOR_REQUIRED:
        return None
    return Error(
        "Le second facteur des équipes et des élus est débrayé.",
        hint="SECOND_FACTOR_REQUIRED ne vaut False que dans la démonstration.",
        id="orne.E007",
    )


@deployment
def proxy_count_is_plausible() -> Verdict:
    count = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    if count < 0:
        return Error(
            "TRUSTED_PROXY_COUNT est négatif.",
            hint="Comptez les serveurs mandataires qui vous appartiennent devant le site : souvent 1.",
            id="orne.E008",
        )
    if count == 0 and settings.SECURE_PROXY_SSL_HEADER:
        return Warning(
            "TRUSTED_PROXY_COUNT vaut 0 alors qu’un mandataire TLS est attendu : "
            "tous les visiteurs partageraient les mêmes limites.",
            hint="Donnez 1 si le mandataire TLS est le seul devant le site.",
            id="orne.W001",
        )
    return None


@deployment
def cookies_are_secure() -> Verdict:
    wanted = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY")
    loose = [name for name in wanted if not getattr(settings, name)]
    if not loose:
        return None
    return Error(
        f"Un témoin de connexion pourrait fuir : {', '.join(loose)}.",
        hint="Servez orne_accueil.settings.prod, qui les protège.",
        id="orne.E009",
    )


@deployment
def engines_are_not_embedded() -> Verdict:
    folder = str(settings.DATA_DIR)
    embedded = [settings.DATABASES["default"].get("HOST") or "", settings.CELERY_BROKER_URL]
    if not any(folder in address for address in embedded):
        return None
    return Error(
        "La base ou le courtier est celui de la démonstration, arrêté avec son dernier utilisateur.",
        hint="Donnez DATABASE_URL et REDIS_URL.",
        id="orne.E010",
    )


@deployment
def csp_is_strict() -> Verdict:
    policy: dict[str, Any] = dict(settings.CONTENT_SECURITY_POLICY)
    directives: dict[str, list[str]] = policy["DIRECTIVES"]
    allowed = {str(source) for values in directives.values() for source in values}
    loose = sorted(allowed & {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "http:"})
    if not loose and "default-src" in directives:
        return None
    return Error(
        f"La politique de sécurité du contenu laisse passer {', '.join(loose) or 'tout ce qu’elle ne nomme pas'}.",
        hint="Gardez default-src 'none' et les nonces de settings/base.py.",
        id="orne.E011",
    )


@deployment
def statements_end() -> Verdict:
    options = str(settings.DATABASES["default"].get("OPTIONS", {}).get("options", ""))
    wanted = {"statement_timeout", "lock_timeout"}
    if all(name in options for name in wanted) and not settings.DATABASES["default"].get("ATOMIC_REQUESTS"):
        return None
    return Error(
        "Une page pourrait tenir une requête, un verrou ou une transaction sans limite.",
        hint="Bâtissez DATABASES par settings.base.database().",
        id="orne.E012",
    )


@deployment
def mail_server_is_real() -> Verdict:
    if settings.EMAIL_BACKEND.endswith(("smtp.EmailBackend", "SMTPBackend")) and settings.EMAIL_TIMEOUT:
        return None
    return Error(
        "Les courriers ne partiraient pas, ou attendraient sans fin.",
        hint="Donnez EMAIL_URL, par exemple submission://compte:mot-de-passe@serveur:587.",
        id="orne.E013",
    )


@register(Tags.database)
def check_cache_table(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Rate limits live in a table of the database: without it, every sign-in fails."""
    if "default" not in (databases or ()):
        return []
    caches: list[dict[str, Any]] = list(settings.CACHES.values())
    wanted = [cache["LOCATION"] for cache in caches if cache["BACKEND"].endswith("DatabaseCache")]
    with connections["default"].cursor() as cursor:
        if not _is_migrated(cursor):  # migrate runs this check before it creates the table
            return []
        missing = [table for table in wanted if not _exists(cursor, table)]
    return [
        Error(f"La table {table} du cache manque.", hint="Lancez manage.py migrate.", id="orne.E014")
        for table in missing
    ]


def _exists(cursor: Any, table: str) -> bool:
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
    return bool(cursor.fetchone()[0])


def _is_migrated(cursor: Any) -> bool:
    if not _exists(cursor, "django_migrations"):
        return False
    cursor.execute("SELECT EXISTS (SELECT FROM django_migrations WHERE app = 'common')")
    return bool(cursor.fetchone()[0])
