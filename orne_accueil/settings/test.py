"""The test suite: the same engines as development, a database of its own."""

from orne_accueil import embedded

from . import env
from .base import *  # noqa: F403
from .base import DATA_DIR, database

DEMO = False
DEBUG = False
SECRET_KEY = env.drawn_secret_key()
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]
SITE_URL = "http://testserver"

_url = env.url("DATABASE_URL", env.POSTGRES_SCHEMES, None) or embedded.postgres_url(DATA_DIR)
DATABASES = {"default": database(_url, pool=False)}
CELERY_BROKER_URL = env.url("REDIS_URL", env.REDIS_SCHEMES, None) or embedded.redis_url(DATA_DIR)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_ROOT = DATA_DIR / "test-media"
WHITENOISE_AUTOREFRESH = True  # files are looked for when asked: no collectstatic before a test
