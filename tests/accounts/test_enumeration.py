"""Nobody learns from an answer, a mail or a delay whether an address is known here."""

import re
import statistics
import time
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client, override_settings

from orne_accueil.accounts.models import Person
from tests.accounts.browser import ASK, LOGIN
from tests.factories import make_person, make_user

pytestmark = pytest.mark.django_db

RESET = "/compte/password/reset/"
TRIES = 20
MAX_GAP_SECONDS = 0.050

Gesture = Callable[[Client, str], object]

GESTURES: dict[str, Gesture] = {
    "sign-in code": lambda client, email: client.post(ASK, {"email": email}),
    "password": lambda client, email: client.post(LOGIN, {"login": email, "password": "pas celui-là"}),
    "password reset": lambda client, email: client.post(RESET, {"email": email}),
}


def neutral(page: str, email: str) -> str:
    """The page without what differs from one visitor to the next anyway."""
    page = page.replace(email, "ADRESSE")
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)
    return re.sub(r'nonce="[^"]+"', "", page)


def what_is_seen(gesture: Gesture, email: str) -> list[object]:
    client = Client()
    answer = gesture(client, email)
    seen: list[object] = [answer.status_code, answer.get("Location"), neutral(answer.content.decode(), email)]
    if answer.status_code == 302:
        page = client.get(answer["Location"])
        seen += [page.status_code, neutral(page.content.decode(), email)]
        wrong = client.post(answer["Location"], {"code": "00000000"})
        seen += [wrong.status_code, neutral(wrong.content.decode(), email)]
    return seen


@pytest.mark.parametrize("name", GESTURES)
@pytest.mark.parametrize("state", ["with account", "with password", "without account", "closed"])
def test_every_address_gets_the_same_answer(name: str, state: str) -> None:
    email = "lea@exemple.test"
    match state:
        case "with account":
            make_person("Léa", user=True, email=email)
        case "with password":
            make_user(email, "une maison dans le bocage")
        case "without account":
            make_person("Léa", email=email)
        case "closed":
            make_user(email, "une maison dans le bocage", is_active=False)
    assert what_is_seen(GESTURES[name], email) == what_is_seen(GESTURES[name], "inconnue@exemple.test")


def test_the_code_mail_is_the_same_for_known_and_unknown(alice: Person) -> None:
    for email in (alice.email, "inconnue@exemple.test"):
        Client().post(ASK, {"email": email})
    known, unknown = (re.sub(r"\d{4}\s\d{4}", "CODE", letter.subject + letter.body) for letter in mail.outbox)
    assert known == unknown


@pytest.mark.parametrize("name", GESTURES)
@override_settings(ACCOUNT_RATE_LIMITS=False, PASSWORD_HASHERS=["tests.accounts.hashers.SlowHasher"])
def test_every_address_takes_the_same_time(name: str) -> None:
    assert abs(gap(GESTURES[name])) < MAX_GAP_SECONDS


@override_settings(ACCOUNT_RATE_LIMITS=False, PASSWORD_HASHERS=["tests.accounts.hashers.SlowHasher"])
def test_a_door_that_hashes_only_for_the_known_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: without allauth's dummy hash, the gap shows."""
    from allauth.account.auth_backends import AuthenticationBackend

    monkeypatch.setattr(AuthenticationBackend, "_mitigate_timing_attack", lambda self, password: None)
    assert gap(GESTURES["password"]) > MAX_GAP_SECONDS


def gap(gesture: Gesture) -> float:
    """By how much the gesture takes longer for an address that has a password than for one that nobody has.

    The median of neighbouring pairs, in seconds: what else the machine does falls on both.
    """
    Client().get(LOGIN)
    known = [make_user(f"connue{number}@exemple.test", "une maison dans le bocage").email for number in range(TRIES)]
    differences = []
    for number, email in enumerate(known):
        pair = (email, f"inconnue{number}@exemple.test")
        spent = {}
        for address in pair if number % 2 else reversed(pair):
            client = Client()
            start = time.perf_counter()
            gesture(client, address)
            spent[address] = time.perf_counter() - start
        differences.append(spent[pair[0]] - spent[pair[1]])
    return statistics.median(differences)
