"""The asynchronous web server's entry; nothing here needs it yet."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orne_accueil.settings.prod")
application = get_asgi_application()
