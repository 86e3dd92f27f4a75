"""What a visitor began is done once her address is proven, in the same POST, and nothing typed is lost."""

from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from django.contrib.messages import get_messages
from django.core import mail
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from orne_accueil.accounts import continuations
from orne_accueil.accounts.models import Person, User
from orne_accueil.common.errors import DomainError
from orne_accueil.urls import urlpatterns as site_urls
from tests.accounts.browser import ASK, CONFIRM, code_sent_to, signed_in_as
from tests.factories import make_person, make_second_factor, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.test_continuations")]

NAME = "tests.book"
done: list[tuple[Person, dict[str, Any]]] = []
DATA = {"room": 2, "date": "2026-12-01", "period": "afternoon", "note": "Je viens à vélo"}
SUMMARY = {"title": "Bureau 2, EPN d’Argentan", "lines": ["mardi 1er décembre, de 14 h à 18 h"]}


# --- A small domain of its own ---


def form_page(request: HttpRequest) -> HttpResponse:
    kept = continuations.draft(request, NAME)
    return HttpResponse(kept.data["note"] + "|" + kept.code if kept else "vide")


def begin(request: HttpRequest) -> HttpResponse:
    try:
        return continuations.start(
            request,
            NAME,
            DATA,
            email=request.POST["email"],
            name_hint=request.POST.get("name", ""),
            summary=SUMMARY,
        )
    except DomainError as refusal:
        return HttpResponse(f"{refusal.field}: {refusal.message}", status=400)


urlpatterns = [
    path("essai/", form_page),
    path("essai/commencer/", begin),
    *site_urls,
]


@pytest.fixture(autouse=True)
def a_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(continuations, "_handlers", {})
    done.clear()

    def run(request: HttpRequest, person: Person, data: dict[str, Any]) -> str:
        assert request.method == "POST"
        assert request.user.is_authenticated
        assert request.person == person  # type: ignore[attr-defined]
        done.append((person, data))
        return "/mon-espace/?fait"

    continuations.register(NAME, run=run, on_refused=lambda request, data: "/essai/")


def refuse_with(error: Exception) -> None:
    def run(request: HttpRequest, person: Person, data: dict[str, Any]) -> str:
        raise error

    continuations.register(NAME, run=run, on_refused=lambda request, data: "/essai/")


def start(client: Client, email: str = "nouvelle@exemple.test", **extra: str) -> HttpResponse:
    return client.post("/essai/commencer/", {"email": email} | extra)


def sentences(client: Client, url: str) -> list[str]:
    return [str(message) for message in get_messages(client.get(url).wsgi_request)]


# --- Done ---


@pytest.mark.parametrize("known", [True, False])
def test_the_post_of_the_code_does_what_waited(client: Client, known: bool) -> None:
    if known:
        make_person("Léa Blin", user=True, email="nouvelle@exemple.test")
    answer = start(client, name="Léa Blin")
    assert answer["Location"] == CONFIRM
    answer = client.post(CONFIRM, {"code": code_sent_to("nouvelle@exemple.test")})
    assert answer["Location"] == "/mon-espace/?fait"
    ((person, data),) = done
    assert data == DATA
    assert person.user == signed_in_as(client)
    assert person.name == "Léa Blin"


def test_the_name_she_is_known_by_is_not_overwritten(client: Client) -> None:
    make_person("Léa Blin", user=True, email="nouvelle@exemple.test")
    start(client, name="léa")
    client.post(CONFIRM, {"code": code_sent_to("nouvelle@exemple.test")})
    assert done[0][0].name == "Léa Blin"


def test_the_page_and_the_mail_say_what_waits(client: Client) -> None:
    start(client)
    page = client.get(CONFIRM).content.decode()
    assert "Bureau 2, EPN d’Argentan" in page
    assert "mardi 1er décembre, de 14 h à 18 h" in page
    assert "Bureau 2, EPN d’Argentan" in mail.outbox[-1].body


def test_it_is_done_once(client: Client) -> None:
    start(client)
    code = code_sent_to("nouvelle@exemple.test")
    client.post(CONFIRM, {"code": code})
    client.post(CONFIRM, {"code": code})
    client.logout()
    assert len(done) == 1
    assert continuations.PENDING not in client.session


def test_somebody_signed_in_needs_no_code(client_for, alice: Person) -> None:
    client = client_for(alice)
    answer = start(client, email=alice.email)
    assert answer["Location"] == "/mon-espace/?fait"
    assert done == [(alice, DATA)]
    assert mail.outbox == []


def test_a_second_factor_comes_before(client: Client, alice: Person) -> None:
    factor = make_second_factor(alice.user)
    start(client, email=alice.email)
    answer = client.post(CONFIRM, {"code": code_sent_to(alice.email)})
    assert answer["Location"] == "/compte/2fa/authenticate/"
    assert done == []
    secret = decrypt(factor.data["secret"])
    code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    answer = client.post(answer["Location"], {"code": code})
    assert answer["Location"] == "/mon-espace/?fait"
    assert done == [(alice, DATA)]


# --- Not done yet, nothing lost ---


def test_a_wrong_code_loses_nothing(client: Client) -> None:
    start(client)
    page = client.post(CONFIRM, {"code": "00000000"}).content.decode()
    assert "Bureau 2, EPN d’Argentan" in page
    client.post(CONFIRM, {"code": code_sent_to("nouvelle@exemple.test")})
    assert len(done) == 1


def test_too_many_wrong_codes_ask_for_another_and_lose_nothing(client: Client) -> None:
    start(client)
    for _ in range(5):
        answer = client.post(CONFIRM, {"code": "00000000"})
    page = client.get(answer["Location"]).content.decode()
    assert "Bureau 2, EPN d’Argentan" in page
    assert 'value="nouvelle@exemple.test"' in page
    client.post(ASK, {"email": "nouvelle@exemple.test"})
    client.post(CONFIRM, {"code": code_sent_to("nouvelle@exemple.test")})
    assert len(done) == 1


def test_another_address_takes_what_waits_along(client: Client) -> None:
    start(client, email="faute@exemple.test")
    client.post("/compte/login/code/adresse/")
    client.post(ASK, {"email": "juste@exemple.test"})
    client.post(CONFIRM, {"code": code_sent_to("juste@exemple.test")})
    assert done[0][0].email == "juste@exemple.test"


def test_an_expired_code_loses_nothing(client: Client, clock_at) -> None:
    clock_at("2026-12-01 09:00")
    start(client)
    clock_at("2026-12-01 09:20")
    client.post(ASK, {"email": "nouvelle@exemple.test"})
    client.post(CONFIRM, {"code": code_sent_to("nouvelle@exemple.test")})
    assert len(done) == 1


def test_after_an_hour_it_is_forgotten(client: Client, clock_at) -> None:
    clock_at("2026-12-01 09:00")
    start(client)
    clock_at("2026-12-01 10:01")
    client.post(ASK, {"email": "nouvelle@exemple.test"})
    answer = client.post(CONFIRM, {"code": code_sent_to("nouvelle@exemple.test")})
    assert answer["Location"] == "/mon-espace/"
    assert done == []


def test_a_password_of_the_same_address_does_it_too(client: Client) -> None:
    make_user("lea@exemple.test", "une maison dans le bocage")
    start(client, email="lea@exemple.test")
    client.post("/compte/login/code/adresse/")
    answer = client.post("/compte/login/", {"login": "lea@exemple.test", "password": "une maison dans le bocage"})
    assert answer["Location"] == "/mon-espace/?fait"
    assert len(done) == 1


def test_somebody_else_signing_in_there_does_nothing_in_her_name(client: Client) -> None:
    make_user("autre@exemple.test", "une maison dans le bocage")
    start(client, email="lea@exemple.test")
    client.post("/compte/login/code/adresse/")
    answer = client.post("/compte/login/", {"login": "autre@exemple.test", "password": "une maison dans le bocage"})
    assert answer["Location"] == "/essai/"
    assert done == []
    assert client.get("/essai/").content.decode() == "Je viens à vélo|other_address"


# --- Refused ---


def test_a_refusal_is_said_and_the_form_finds_what_was_typed(client: Client) -> None:
    refuse_with(DomainError("Cette place vient d’être prise.", code="taken", field="room"))
    start(client)
    answer = client.post(CONFIRM, {"code": code_sent_to("nouvelle@exemple.test")})
    assert answer["Location"] == "/essai/"
    assert signed_in_as(client) is not None
    assert sentences(client, "/mon-espace/nulle-part/") == ["Cette place vient d’être prise."]
    assert client.get("/essai/").content.decode() == "Je viens à vélo|taken"


def test_a_fault_of_ours_loses_nothing_either(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    refuse_with(ZeroDivisionError("panne"))
    start(client)
    answer = client.post(CONFIRM, {"code": code_sent_to("nouvelle@exemple.test")})
    assert answer["Location"] == "/essai/"
    assert signed_in_as(client) is not None
    assert client.get("/essai/").content.decode() == "Je viens à vélo|fault"
    assert "tests.book failed" in caplog.text


def test_a_draft_is_forgotten_once_it_is_done(client: Client) -> None:
    refuse_with(DomainError("Non."))
    start(client)
    client.post(CONFIRM, {"code": code_sent_to("nouvelle@exemple.test")})
    continuations.register(NAME, run=lambda request, person, data: "/", on_refused=lambda request, data: "/essai/")
    start(client)
    assert client.get("/essai/").content.decode() == "vide"


@pytest.mark.parametrize("email", ["", "lea", "lea@", "lea@exemple"])
def test_an_address_that_cannot_be_is_refused_at_once(client: Client, email: str) -> None:
    answer = start(client, email=email)
    assert answer.status_code == 400
    assert answer.content.decode().startswith("email: ")
    assert mail.outbox == []
    assert not User.objects.exists()


@override_settings(ACCOUNT_RATE_LIMITS={"request_login_code": "1/m/key"})
def test_too_many_codes_are_refused_with_a_sentence(client: Client) -> None:
    start(client)
    answer = start(client)
    assert answer.status_code == 400
    assert "Trop d’essais" in answer.content.decode()
