"""The reference's settings: production's database, sessions and cookies, and the least of everything else."""

from orne_accueil.settings.prod import *  # noqa: F403

ROOT_URLCONF = "benchmarks.reference.urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.sessions", "benchmarks.reference"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
AUTH_USER_MODEL = "auth.User"  # never used: only named, so that no application of ours is loaded
WSGI_APPLICATION = None
