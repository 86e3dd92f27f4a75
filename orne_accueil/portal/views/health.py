"""/sante/ says that the process answers; /sante/pret/ that the site can serve, and what limps if it does."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from orne_accueil.common import clock
from orne_accueil.outbox.selectors import oldest_due

LATE = timedelta(minutes=10)
BROKER_TIMEOUT = 1.0  # seconds

logger = logging.getLogger("orne.health")
_migrated: list[bool] = []  # filled once the database was seen to have every migration of this code


@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Alive: asks nothing of anybody."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """503 without database or migrations; 200 with "degraded" and why when only mails suffer; else 200."""
    try:
        if not _is_migrated():
            return _unavailable("migrations are missing")
        degraded = [*_late_messages(), *_broker_faults()]
    except DatabaseError:
        logger.exception("The database does not answer")
        return _unavailable("the database does not answer")
    if degraded:
        return JsonResponse({"status": "degraded", "degraded": degraded})
    return JsonResponse({"status": "ok"})


def _unavailable(why: str) -> JsonResponse:
    return JsonResponse({"status": "unavailable", "why": why}, status=503)


def _is_migrated() -> bool:
    """Whether the database has every migration of this code; asked until it has, then remembered."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if not _migrated:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _migrated.append(True)
    return True


def _late_messages() -> list[str]:
    now = clock.now()
    since = oldest_due(now)
    if since is None or now - since <= LATE:
        return []
    minutes = int((now - since).total_seconds() // 60)
    return [f"the oldest due message has waited {minutes} minutes"]


def _broker_faults() -> list[str]:
    import redis  # half a second and 15 MB that no other page needs

    address = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://", 1)
    try:
        client = redis.Redis.from_url(
            address, socket_timeout=BROKER_TIMEOUT, socket_connect_timeout=BROKER_TIMEOUT, retry=None
        )
        with client:
            client.ping()
    except (redis.RedisError, OSError, ValueError):
        return ["the broker does not answer"]
    return []
