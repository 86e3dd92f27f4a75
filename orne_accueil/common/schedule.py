"""Periodic tasks declare their rhythm where they are written."""

from collections.abc import Callable
from typing import Any

from celery import shared_task
from celery.schedules import crontab, schedule
from celery.signals import beat_init

_SCHEDULE: dict[str, dict[str, Any]] = {}


def periodic(when: crontab | schedule | float, *, expires: float | None = None) -> Callable[[Callable[[], Any]], Any]:
    """Declare a Celery task that beat wakes `when` (a crontab in Paris time, or seconds).

    `expires`, in seconds, drops a wake-up that no worker took in time: what is due is found by a query, so a lost
    wake-up costs nothing and a pile of them would cost much.
    """

    def decorate(function: Callable[[], Any]) -> Any:
        task = shared_task(function)
        options = {"expires": expires} if expires is not None else {}
        _SCHEDULE[task.name] = {"task": task.name, "schedule": when, "options": options}
        return task

    return decorate


def declared() -> dict[str, dict[str, Any]]:
    """Every declared rhythm, by task name."""
    return dict(_SCHEDULE)


@beat_init.connect
def hand_to_beat(sender: Any, **_: object) -> None:
    """Give beat what the tasks declared, once they are all imported."""
    sender.app.loader.import_default_modules()
    sender.app.conf.beat_schedule = declared()
    sender.scheduler.merge_inplace(declared())
