"""Settings common to every environment. What differs is in dev, test and prod."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONCE, NONE, SELF

from .env import BASE_DIR, data_dir, text

SITE_NAME = "Télétravail dans l’Orne"
DEMO = False
DATA_DIR = data_dir()

ROOT_URLCONF = "orne_accueil.urls"
WSGI_APPLICATION = "orne_accueil.wsgi.application"

INSTALLED_APPS = [
    "orne_accueil.common",
    "orne_accueil.outbox",
    "orne_accueil.territory",
    "orne_accueil.accounts",
    "orne_accueil.answers",
    "orne_accueil.places",
    "coworking",
    "housing",
    "mentoring",
    "club",
    "orne_accueil.portal",
    "orne_accueil.portal.apps.BackOfficeConfig",  # django.contrib.admin, where posts decide
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "auditlog",
    "csp",
    "django_bootstrap5",
    "django_filters",
    "django_htmx",
    "import_export",
]

# Those that write headers come first: they must see the answers of all the others, redirections to HTTPS,
# static files and errors included.
MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "orne_accueil.common.middleware.CrossOriginResourcePolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "orne_accueil.accounts.middleware.ActivityMiddleware",
    "auditlog.middleware.AuditlogMiddleware",
    "orne_accueil.accounts.middleware.SecondFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "orne_accueil.common.context.site",
            ],
            "builtins": ["orne_accueil.common.templatetags.orne"],
        },
    }
]

# --- Database ---

WEB_STATEMENT_TIMEOUT_MS = 10_000
WEB_LOCK_TIMEOUT_MS = 5_000
WORKER_STATEMENT_TIMEOUT_MS = 120_000
WORKER_LOCK_TIMEOUT_MS = 20_000
COMMAND_STATEMENT_TIMEOUT_MS = 0  # a migration or an import lasts as long as it must, without holding others up


def timeouts(statement_ms: int, lock_ms: int) -> str:
    """What PostgreSQL is told when a connection opens."""
    return f"-c statement_timeout={statement_ms} -c lock_timeout={lock_ms}"


def database(url: str, *, pool: bool) -> dict[str, Any]:
    """Django's database entry for a PostgreSQL URL, with the timeouts of this kind of process.

    manage.py says that it runs a command; workers lengthen theirs in orne_accueil.celery. Actions open their own
    transactions: no ATOMIC_REQUESTS (docs/adr/0006).
    """
    entry: dict[str, Any] = dict(dj_database_url.parse(url))
    entry["ATOMIC_REQUESTS"] = False
    entry["CONN_MAX_AGE"] = 0 if pool else 60
    entry["DISABLE_SERVER_SIDE_CURSORS"] = True
    options = entry.setdefault("OPTIONS", {})
    options["connect_timeout"] = 5
    if text("ORNE_PROCESS", "web") == "command":
        options["options"] = timeouts(COMMAND_STATEMENT_TIMEOUT_MS, WORKER_LOCK_TIMEOUT_MS)
        return entry
    options["options"] = timeouts(WEB_STATEMENT_TIMEOUT_MS, WEB_LOCK_TIMEOUT_MS)
    if pool:
        options["pool"] = {"min_size": 1, "max_size": 10, "timeout": 5}
    return entry


DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Language and time ---

LANGUAGE_CODE = "fr"
USE_I18N = True  # Django's and allauth's own French; ours is written directly (docs/adr/0003)
USE_TZ = True
TIME_ZONE = "Europe/Paris"

# --- Accounts ---

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["orne_accueil.accounts.backends.AccountBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/mon-espace/"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
SECOND_FACTOR_REQUIRED = True

ACCOUNT_ADAPTER = "orne_accueil.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_FORMS = {
    "login": "orne_accueil.accounts.forms.PasswordLoginForm",
    "request_login_code": "orne_accueil.accounts.forms.SignInCodeForm",
    "confirm_login_code": "orne_accueil.accounts.forms.ConfirmSignInCodeForm",
    "add_email": "orne_accueil.accounts.forms.NewAddressForm",
    "confirm_email_verification_code": "orne_accueil.accounts.forms.ConfirmAddressCodeForm",
    "reset_password": "orne_accueil.accounts.forms.AskNewPasswordForm",
    "confirm_password_reset_code": "orne_accueil.accounts.forms.ConfirmPasswordCodeForm",
    "reset_password_from_key": "orne_accueil.accounts.forms.ResetPasswordForm",
    "change_password": "orne_accueil.accounts.forms.ChangePasswordForm",
    "set_password": "orne_accueil.accounts.forms.SetPasswordForm",
    "reauthenticate": "orne_accueil.accounts.forms.ReauthenticateForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# Codes: eight figures, fifteen minutes, five tries. At ten codes an hour for one address, whoever guesses has one
# chance in two million an hour.
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 8, "dashed": False}
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = 3
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = 3
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_PASSWORD_RESET_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_RATE_LIMITS = {"request_login_code": "20/m/ip,3/m/key,10/h/key", "reset_password": "20/m/ip,3/m/key,10/h/key"}
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ALLAUTH_TRUSTED_PROXY_COUNT = 0
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = SITE_NAME
MFA_ADAPTER = "orne_accueil.accounts.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "orne_accueil.accounts.forms.SecondFactorForm",
    "reauthenticate": "orne_accueil.accounts.forms.ConfirmSecondFactorForm",
    "activate_totp": "orne_accueil.accounts.forms.ActivateSecondFactorForm",
}
USERSESSIONS_TRACK_ACTIVITY = True

# Sessions and rate limits live in PostgreSQL: Redis may be emptied or down at any time.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
        # Django's 300 would let a stranger push everybody's rate limits out of the table.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}

# --- Headers ---

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in (
        "camera",
        "microphone",
        "geolocation",
        "payment",
        "usb",
        "display-capture",
        "browsing-topics",
    )
}
CONTENT_SECURITY_POLICY: dict[str, dict[str, list[Any]]] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}

# --- Files ---

STATIC_URL = "/static/"
# Leaflet's files only: the application's admin module needs GDAL, which nothing here uses.
STATICFILES_DIRS = [BASE_DIR / "static", Path(str(find_spec("leaflet").origin)).parent / "static"]  # type: ignore[union-attr]
STATIC_ROOT = DATA_DIR / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024

# --- Mail ---

DEFAULT_FROM_EMAIL = "Télétravail dans l’Orne <ne-pas-repondre@teletravail-orne.example>"
CONTACT_EMAIL = "accueil@teletravail-orne.example"
EMAIL_TIMEOUT = 5
SITE_URL = "http://127.0.0.1:8000"  # absolute links of mails; each environment sets it

# --- Celery ---

CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # Redis may be down for hours: workers wait for it
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 5}

# --- Libraries ---

IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True
AUDITLOG_INCLUDE_ALL_MODELS = False
AUDITLOG_DISABLE_REMOTE_ADDR = True  # who and what, not from where

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"orne": {"level": "INFO"}},
}
