"""The worker's and beat's entry. Rhythms are declared beside the tasks: orne_accueil.common.schedule."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orne_accueil.settings.prod")

app = Celery("orne_accueil")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def prepare_database(**_: Any) -> None:
    """Before the worker forks: longer timeouts than a page's, and no pool (a fork kills its threads).

    Every connection that the children open afterwards reads this very dictionary.
    """
    from django.conf import settings
    from django.db import connections

    options = connections.settings["default"]["OPTIONS"]
    options["options"] = (
        f"-c statement_timeout={settings.WORKER_STATEMENT_TIMEOUT_MS} -c lock_timeout={settings.WORKER_LOCK_TIMEOUT_MS}"
    )
    options.pop("pool", None)
    connections.close_all()
