"""Development and the demo: embedded engines, a drawn key, plain HTTP on loopback.

`make demo` leaves a file named `demo` in the data folder: later commands then know, without any environment,
that they speak to the demo, where its site is and where its mails go.
"""

import json

from orne_accueil import embedded

from .base import *  # noqa: F403
from .base import DATA_DIR, database
from .env import drawn_secret_key, env

_marker = DATA_DIR / "demo"
_demo = json.loads(_marker.read_text()) if _marker.exists() else {}

DEMO = env.bool("ORNE_DEMO", bool(_demo))
DEBUG = env.bool("DEBUG", not DEMO)
SECRET_KEY = env.str("SECRET_KEY", None) or drawn_secret_key()
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]
SITE_URL = env.str("SITE_URL", _demo.get("site_url", "http://127.0.0.1:8000"))

DATABASES = {
    "default": database(env.str("DATABASE_URL", None) or embedded.postgres_url(DATA_DIR), pool=False)
}
CELERY_BROKER_URL = env.str("REDIS_URL", None) or embedded.redis_url(DATA_DIR)
vars().update(env.dj_email_url("EMAIL_URL", f"smtp://127.0.0.1:{_demo.get('smtp_port', 2525)}"))
SECOND_FACTOR_REQUIRED = not DEMO
