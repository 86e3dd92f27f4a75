"""What beat wakes: declared beside the tasks, handed to it when it starts."""

from celery.beat import Service
from celery.signals import beat_init

from orne_accueil.celery import app
from orne_accueil.common.schedule import declared


def test_every_declared_rhythm_reaches_beat(tmp_path):
    service = Service(app, schedule_filename=str(tmp_path / "beat"))
    beat_init.send(sender=service)
    entries = service.get_scheduler().schedule
    try:
        assert set(declared()) <= set(entries)
        delivery = entries["orne_accueil.outbox.tasks.deliver"]
        assert delivery.schedule.run_every.total_seconds() == 2
        assert delivery.options["expires"] == 2, "a wake-up that no worker took is worth nothing"
    finally:
        service.get_scheduler().close()


def test_every_wake_up_expires():
    """Redis may be down for a night: what is due is found by a query, a pile of wake-ups would only cost."""
    app.loader.import_default_modules()
    assert declared()
    assert [name for name, entry in declared().items() if "expires" not in entry["options"]] == []
