"""The admin of messages: everything is seen, nothing is written, one button."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from orne_accueil.outbox import actions
from orne_accueil.outbox.enums import State
from orne_accueil.outbox.models import Message

from .conftest import AT
from .letters import Broken, Code, write

pytestmark = pytest.mark.django_db

LIST = "/admin/outbox/message/"


@pytest.fixture
def staff(client_for: Callable[..., Client], coordinator: Any) -> Client:
    return client_for(coordinator)


def test_the_list_says_why_each_message_is_where_it_is(staff: Client) -> None:
    write(AT, send_after=AT + timedelta(days=4000), occurrence="1")
    write(AT, Broken, occurrence="2")
    actions.deliver_due(AT)
    page = staff.get(LIST).content.decode()
    assert "Attend son heure" in page
    assert "n’a pas pu être écrit" in page
    assert "lea@exemple.test" in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [("state__exact=failed", 1), ("sorte=tests.broken", 1), ("q=lea%40exemple.test", 2), ("q=luc%40exemple.test", 0)],
)
def test_the_list_is_filtered_and_searched(staff: Client, query: str, shown: int) -> None:
    write(AT, occurrence="1")
    write(AT, Broken, occurrence="2")
    actions.deliver_due(AT)
    response = staff.get(f"{LIST}?{query}")
    assert response.status_code == 200
    assert len(response.context["cl"].result_list) == shown


@pytest.mark.parametrize("count", [1, 20])
def test_the_list_costs_the_same_whatever_it_shows(
    staff: Client, count: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(count):
        write(AT, occurrence=str(number))
    staff.get(LIST)
    with django_assert_max_num_queries(12):
        staff.get(LIST)


def test_a_message_is_shown_and_cannot_be_changed(staff: Client) -> None:
    message = write(AT, data={"note": "<script>alert(1)</script>"})
    actions.deliver_due(AT)
    address = reverse("admin:outbox_message_change", args=[message.pk])
    response = staff.get(address)
    page = response.content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert "frame-src 'self'" in response["Content-Security-Policy"]
    assert 'name="_save"' not in page
    assert "Renvoyer ce message" not in page
    assert staff.post(address, {"recipient": "pirate@exemple.test"}).status_code == 403
    assert staff.get(f"{LIST}add/").status_code == 403
    assert staff.post(reverse("admin:outbox_message_delete", args=[message.pk]), {"post": "yes"}).status_code == 403


def test_the_frame_runs_nothing(staff: Client) -> None:
    message = write(AT)
    actions.deliver_due(AT)
    response = staff.get(reverse("admin:outbox_message_html", args=[message.pk]))
    assert response["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "SAMEORIGIN"


def test_a_code_is_never_shown(staff: Client) -> None:
    message = write(AT, Code, data={"code": "493817"})
    page = staff.get(reverse("admin:outbox_message_change", args=[message.pk])).content.decode()
    assert "493817" not in page
    assert "••••••" in page
    assert staff.get(reverse("admin:outbox_message_html", args=[message.pk])).status_code == 404


def test_the_button_sends_again(staff: Client) -> None:
    message = write(AT, Broken)
    actions.deliver_due(AT)
    address = reverse("admin:outbox_message_change", args=[message.pk])
    assert "Renvoyer ce message" in staff.get(address).content.decode()
    again = reverse("admin:outbox_message_send_again", args=[message.pk])
    assert staff.get(again).status_code == 405
    response = staff.post(again, follow=True)
    assert "repart dans quelques secondes" in response.content.decode()
    assert Message.objects.get().state == State.PENDING
    response = staff.post(again, follow=True)
    assert "attend déjà son tour" in response.content.decode()


def test_nobody_else_looks(client_for: Callable[..., Client], alice: Any) -> None:
    message = write(AT, Broken)
    actions.deliver_due(AT)
    for client in (client_for(None), client_for(alice)):
        for name in ("change", "html"):
            assert client.get(reverse(f"admin:outbox_message_{name}", args=[message.pk])).status_code in (302, 404)
        assert client.post(reverse("admin:outbox_message_send_again", args=[message.pk])).status_code in (302, 404)
    assert Message.objects.get().state == State.FAILED
