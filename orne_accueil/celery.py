"""The worker's and beat's application. Each task declares its own schedule with `every`."""

import os

from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orne_accueil.settings.prod")

app = Celery("orne_accueil")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def lengthen_timeouts(**_: object) -> None:
    """A worker may run longer statements than a web page."""
    from django.conf import settings
    from django.db import connection

    connection.settings_dict["OPTIONS"]["options"] = (
        f"-c statement_timeout={settings.WORKER_STATEMENT_TIMEOUT_MS} -c lock_timeout={settings.WORKER_LOCK_TIMEOUT_MS}"
    )
    connection.close()
