"""Production: every secret and address comes from the environment, or the start stops with one clear line."""

import sentry_sdk

from . import env
from .base import *  # noqa: F403
from .base import CONTENT_SECURITY_POLICY, EMAIL_TIMEOUT, STORAGES, database

DEMO = env.boolean("ORNE_DEMO", False)  # a check refuses it here
DEBUG = False
SECRET_KEY = env.text("SECRET_KEY", at_least=50)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
SITE_URL = env.url("SITE_URL", ("https", "http")).rstrip("/")
CSRF_TRUSTED_ORIGINS = [SITE_URL]

DATABASES = {"default": database(env.url("DATABASE_URL", env.POSTGRES_SCHEMES), pool=True)}
CELERY_BROKER_URL = env.url("REDIS_URL", env.REDIS_SCHEMES)
vars().update(env.email("EMAIL_URL", timeout=EMAIL_TIMEOUT))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("DEFAULT_FROM_EMAIL")
CONTACT_EMAIL = env.text("CONTACT_EMAIL")

# The TLS front sets these; how many proxies stand before us is said, never guessed.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
ALLAUTH_TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT")
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^sante/"]  # health probes speak plain HTTP from inside
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken"

if s3 := env.all_or_none("S3_BUCKET", "S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY"):
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": s3["S3_BUCKET"],
            "endpoint_url": s3["S3_ENDPOINT"],
            "access_key": s3["S3_ACCESS_KEY"],
            "secret_key": s3["S3_SECRET_KEY"],
            "addressing_style": "path",  # photos come from one host, named in img-src
            "querystring_auth": True,
            "file_overwrite": False,
        },
    }
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"].append(s3["S3_ENDPOINT"].rstrip("/"))

if dsn := env.url("SENTRY_DSN", ("https", "http"), None):
    sentry_sdk.init(dsn=dsn, send_default_pii=False, traces_sample_rate=0.0)
