"""Two requests at the same instant: one account, one Person, one merge, one booking for a double click."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from allauth.core.context import request_context
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import IntegrityError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from orne_accueil.accounts import actions, continuations
from orne_accueil.accounts.models import FormerPerson, Person, User
from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError
from tests.accounts.browser import CONFIRM, code_sent_to
from tests.factories import make_organisation, make_person, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.engine]

RIVALS = 8


def at_once(gestures: list[Callable[[], Any]]) -> list[Any]:
    """Run them in as many threads, on their own connections, let go together; results or exceptions."""
    barrier = threading.Barrier(len(gestures))
    results: list[Any] = [None] * len(gestures)

    def run(index: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=60)
            results[index] = gestures[index]()
        except Exception as error:  # the exception is the result
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(gestures))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return results


def test_one_unknown_address_asked_for_at_once_makes_one_account() -> None:
    found = at_once([lambda: actions.account_for_code("lea@exemple.test", at=clock.now())] * RIVALS)
    assert {user.pk for user in found} == {User.objects.get().pk}


def test_one_person_is_claimed_once() -> None:
    user, noted = make_user("lea@exemple.test"), make_person("Léa Blin", email="lea@exemple.test")
    found = at_once([lambda: actions.claim_person(User.objects.get(pk=user.pk), at=clock.now())] * RIVALS)
    assert set(found) == {noted}
    assert Person.objects.get().user == user


def test_one_new_person_is_written_once() -> None:
    user = make_user("lea@exemple.test")
    found = at_once([lambda: actions.claim_person(User.objects.get(pk=user.pk), at=clock.now())] * RIVALS)
    assert set(found) == {Person.objects.get()}


def write_down() -> Person:
    return actions.person_for_contact(name="Léa", email="lea@exemple.test", phone="", by=None, at=clock.now())


def test_somebody_noted_twice_at_once_is_one_person() -> None:
    found = at_once([write_down] * RIVALS)
    assert set(found) == {Person.objects.get()}


def test_without_looking_again_the_rival_would_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: a look before writing, slowed a little, is not enough."""

    def looks_once(name: str, email: str | None, phone: str) -> Person | None:
        time.sleep(0.2)
        return None

    monkeypatch.setattr(actions, "_known", looks_once)
    found = at_once([write_down] * RIVALS)
    refused = [result for result in found if isinstance(result, IntegrityError | DomainError)]
    assert len(refused) == RIVALS - 1


def test_two_merges_crosswise_make_one_person_and_lose_nothing() -> None:
    one, two = make_person("Un"), make_person("Deux")
    for person in (one, two):
        make_organisation(contact=person)

    def merge(keep: Person, drop: Person) -> Callable[[], Person]:
        return lambda: actions.merge_persons(keep=keep, drop=drop, by=None, at=clock.now())

    found = at_once([merge(one, two), merge(two, one)])
    (kept,) = [result for result in found if isinstance(result, Person)]
    (refusal,) = [result for result in found if isinstance(result, DomainError)]
    assert refusal.code == "gone"
    assert kept.organisations.count() == 2
    assert FormerPerson.objects.get().person == kept


# --- A double click on the code ---


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[Person]:
    """What a slow handler did."""
    did: list[Person] = []

    def run(request: HttpRequest, person: Person, data: dict[str, Any]) -> str:
        time.sleep(0.3)
        did.append(person)
        if data["refused"]:
            raise DomainError("Cette place vient d’être prise.", code="taken")
        return "/mon-espace/?fait"

    monkeypatch.setattr(continuations, "_handlers", {})
    continuations.register("tests.slow", run=run, on_refused=lambda request, data: "/?repris")
    return did


def double_click(refused: bool) -> tuple[list[Client], list[Any]]:
    """Two POSTs of one code, from one browser."""
    request = RequestFactory().post("/")
    SessionMiddleware(lambda request: HttpResponse()).process_request(request)
    request.user = AnonymousUser()
    with request_context(request):
        continuations.start(request, "tests.slow", {"refused": refused}, email="lea@exemple.test")
    request.session.save()
    clients = [Client(), Client()]
    for client in clients:
        client.cookies["sessionid"] = request.session.session_key
    code = code_sent_to("lea@exemple.test")
    return clients, at_once([partial(client.post, CONFIRM, {"code": code}) for client in clients])


def test_a_double_click_does_it_once_and_both_answers_lead_there(done: list[Person]) -> None:
    _, answers = double_click(refused=False)
    assert [answer["Location"] for answer in answers] == ["/mon-espace/?fait"] * 2
    assert len(done) == 1


def test_a_double_click_that_is_refused_keeps_the_draft_in_both_answers(done: list[Person]) -> None:
    clients, answers = double_click(refused=True)
    assert [answer["Location"] for answer in answers] == ["/?repris"] * 2
    assert len(done) == 1
    for client in clients:
        assert client.session[continuations.DRAFTS]["tests.slow"]["code"] == "taken"


def test_without_the_claim_a_double_click_would_do_it_twice(
    done: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: with the claim always granted, the fault appears."""
    monkeypatch.setattr(continuations, "cache", Granted())
    double_click(refused=False)
    assert len(done) == 2


class Granted:
    """A cache that grants every claim."""

    def add(self, *args: object) -> bool:
        return True

    def set(self, *args: object) -> None:
        return None
