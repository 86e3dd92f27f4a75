"""Development and the demo: embedded engines, a drawn key, plain HTTP on loopback.

`make demo` leaves a file named `demo` in the data folder: later commands then know, without any environment,
that they speak to the demo, where its site is and where its mails go.
"""

import json

from orne_accueil import embedded

from . import env
from .base import *  # noqa: F403
from .base import DATA_DIR, EMAIL_TIMEOUT, database

_marker = DATA_DIR / "demo"
_demo = json.loads(_marker.read_text()) if _marker.is_file() else {}

DEMO = env.boolean("ORNE_DEMO", bool(_demo))
DEBUG = env.boolean("DEBUG", not DEMO)
SECRET_KEY = env.text("SECRET_KEY", None) or env.drawn_secret_key()
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]
SITE_URL = env.url("SITE_URL", ("http", "https"), _demo.get("site_url", "http://127.0.0.1:8000"))

_url = env.url("DATABASE_URL", env.POSTGRES_SCHEMES, None) or embedded.postgres_url(DATA_DIR)
DATABASES = {"default": database(_url, pool=False)}
CELERY_BROKER_URL = env.url("REDIS_URL", env.REDIS_SCHEMES, None) or embedded.redis_url(DATA_DIR)
_smtp = f"smtp://127.0.0.1:{_demo.get('smtp_port', 2525)}"
vars().update(env.email("EMAIL_URL", _smtp, timeout=EMAIL_TIMEOUT))
SECOND_FACTOR_REQUIRED = not DEMO
