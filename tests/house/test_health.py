"""/sante/ and /sante/pret/ while things break."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from orne_accueil.portal.views import health

NOWHERE = "redis+socket:///tmp/orne-no-such-socket"


def test_alive_asks_nothing_of_the_database(client):
    response = client.get("/sante/")  # without the db fixture, a query would fail the test
    assert response.json() == {"status": "ok"}
    assert "no-store" in response["Cache-Control"]


@pytest.mark.engine
def test_ready_when_all_answer(client, db):
    response = client.get("/sante/pret/")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_silent_broker_degrades_and_does_not_stop_the_site(client, db, settings):
    settings.CELERY_BROKER_URL = NOWHERE
    response = client.get("/sante/pret/")
    assert response.status_code == 200
    assert response.json() == {"status": "degraded", "degraded": ["the broker does not answer"]}


@pytest.mark.parametrize(("minutes", "status"), [(10, "ok"), (11, "degraded")])
def test_messages_that_wait_degrade_past_ten_minutes(client, db, monkeypatch, minutes, status):
    monkeypatch.setattr(health, "oldest_due", lambda at: at - timedelta(minutes=minutes))
    response = client.get("/sante/pret/")
    assert response.status_code == 200
    assert response.json()["status"] == status
    assert ("has waited 11 minutes" in response.content.decode()) == (status == "degraded")


def test_no_database_is_503(client, db, monkeypatch):
    def refuse(*args, **kwargs):
        raise OperationalError("connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", refuse)
        response = client.get("/sante/pret/")
    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "why": "the database does not answer"}


def test_a_missing_migration_is_503_until_it_is_there(client, db, monkeypatch):
    monkeypatch.setattr(health, "_migrated", [])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'common'")
    response = client.get("/sante/pret/")
    assert (response.status_code, response.json()["why"]) == (503, "migrations are missing")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('common', '0001_initial', now())")
    assert client.get("/sante/pret/").status_code == 200


@pytest.mark.parametrize("url", ["/sante/", "/sante/pret/"])
def test_probes_only_read(client, db, url):
    assert client.post(url).status_code == 405
