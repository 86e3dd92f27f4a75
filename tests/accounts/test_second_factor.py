"""Whoever acts for others shows a second factor on every page of her post; nobody else is bothered."""

from collections.abc import Callable
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from django.core import mail
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from orne_accueil.accounts import actions, roles
from orne_accueil.accounts.models import Person, User
from orne_accueil.common import clock
from orne_accueil.outbox.models import Message
from tests.factories import make_delegation, make_mandate, make_second_factor, make_user

pytestmark = pytest.mark.django_db

ACTIVATE = "/compte/2fa/totp/activate/"
REAUTHENTICATE = "/compte/2fa/reauthenticate/"


def code_of(factor: Authenticator) -> str:
    secret = decrypt(factor.data["secret"])
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def where(answer) -> tuple[str, str]:
    url = urlsplit(answer["Location"])
    return url.path, parse_qs(url.query).get("next", [""])[0]


# --- Who ---


def make_staff(person: Person) -> None:
    User.objects.filter(pk=person.user_id).update(is_staff=True)
    person.user.refresh_from_db()


def make_coordinator(person: Person) -> None:
    User.objects.filter(pk=person.user_id).update(is_superuser=True)
    person.user.refresh_from_db()


def make_official(person: Person) -> None:
    make_mandate(person)


def make_delegate(person: Person, owner: Person) -> None:
    make_delegation(make_mandate(owner), person)


@pytest.mark.parametrize("give", [make_staff, make_coordinator, make_official])
def test_a_post_needs_a_second_factor(alice: Person, give: Callable[[Person], None]) -> None:
    assert not roles.needs_second_factor(alice.user)
    give(alice)
    assert roles.needs_second_factor(alice.user)


def test_a_delegation_needs_a_second_factor(alice: Person, bob: Person) -> None:
    make_delegate(bob, alice)
    assert roles.needs_second_factor(bob.user)


@pytest.mark.parametrize(("day", "needed"), [("2027-06-30", True), ("2027-07-01", False), ("2026-03-21", False)])
def test_a_mandate_over_or_to_come_needs_none(alice: Person, clock_at, day: str, needed: bool) -> None:
    make_mandate(alice, starts_on=date(2026, 3, 22), ends_on=date(2027, 6, 30))
    clock_at(f"{day} 12:00")
    assert roles.needs_second_factor(alice.user) is needed


def test_a_delegation_does_not_outlive_its_mandate(alice: Person, bob: Person, clock_at) -> None:
    make_delegation(make_mandate(alice, ends_on=date(2027, 6, 30)), bob)
    clock_at("2027-07-01 12:00")
    assert not roles.needs_second_factor(bob.user)


def test_a_domain_may_add_its_posts(alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "_staff_roles", [])
    roles.register_staff_role(lambda person, day: person.pk == alice.pk)
    assert roles.needs_second_factor(alice.user)
    assert not roles.needs_second_factor(bob.user)


# --- Where ---


def guarded_addresses() -> list[str]:
    """Every address of the project under a guarded prefix, its parameters filled with something."""
    found: list[str] = []

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> None:
        for pattern in patterns:
            route = prefix + filled(str(pattern.pattern))
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, route)
            elif route.startswith(roles.guarded_prefixes()):
                found.append(route)

    walk(get_resolver().url_patterns, "/")
    return sorted(set(found))


def filled(route: str) -> str:
    import re

    route = route.removeprefix("^").removesuffix("$").replace(r"\Z", "")
    route = re.sub(r"<(?:int:)?\w*(?:id|pk)>", "1", route)
    route = re.sub(r"<(\w+:)?\w+>", "x", route)
    return re.sub(r"\(\?P<\w+>.*?\)", "x", route).replace("?", "").replace("^", "").replace("$", "")


def test_the_walk_finds_the_pages_of_posts() -> None:
    addresses = guarded_addresses()
    assert "/admin/" in addresses
    assert "/mairie/" in addresses
    assert len(addresses) > 20


@pytest.mark.parametrize("method", ["get", "post"])
def test_no_page_of_a_post_opens_without_a_factor(client_for, coordinator: Person, method: str) -> None:
    client = client_for(coordinator, second_factor=False)
    for address in guarded_addresses():
        answer = getattr(client, method)(address)
        assert (answer.status_code, where(answer)[0]) == (302, ACTIVATE), address


def test_a_session_that_did_not_use_the_factor_is_asked(client_for, coordinator: Person) -> None:
    make_second_factor(coordinator.user)
    client = client_for(coordinator, second_factor=False)
    for address in guarded_addresses():
        assert where(client.get(address))[0] == REAUTHENTICATE, address
    assert where(client.get("/mairie/?x=1")) == (REAUTHENTICATE, "/mairie/?x=1")


def test_a_session_that_used_it_enters(client_for, coordinator: Person, alice: Person) -> None:
    make_official(alice)
    assert client_for(coordinator).get("/admin/").status_code == 200
    assert client_for(alice).get("/mairie/").status_code == 200


def test_without_the_guard_the_pages_would_open(client_for, alice: Person) -> None:
    """The twin: with the setting off, as in the demo, the same session enters."""
    make_official(alice)
    client = client_for(alice, second_factor=False)
    assert client.get("/mairie/").status_code == 302
    with override_settings(SECOND_FACTOR_REQUIRED=False):
        assert client.get("/mairie/").status_code == 200


def test_who_holds_no_post_is_asked_nothing(client_for, david: Person) -> None:
    page = client_for(david).get("/mairie/")
    assert page.status_code == 200
    assert "Aucun mandat à votre nom" in page.content.decode()


def test_a_visitor_is_sent_to_sign_in(client: Client) -> None:
    for address in ("/admin/", "/mairie/"):
        assert where(client.get(address)) == ("/compte/login/", address)


# --- How ---


@pytest.mark.django_db(transaction=True)
def test_activating_leads_back_where_she_was_going(client_for, alice: Person) -> None:
    make_official(alice)
    client = client_for(alice, second_factor=False)
    page = client.get("/mairie/", follow=True)
    assert page.redirect_chain == [(f"{ACTIVATE}?next=%2Fmairie%2F", 302)]
    assert "un second code, donné par une application" in page.content.decode()
    secret = page.context["form"].secret
    code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    page = client.post(ACTIVATE, {"code": code}, follow=True)
    assert "Vos codes de secours" in page.content.decode()
    assert 'href="/mairie/"' in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_activating_is_using(client_for, alice: Person) -> None:
    make_official(alice)
    client = client_for(alice, second_factor=False)
    secret = client.get(ACTIVATE).context["form"].secret
    code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    client.post(ACTIVATE, {"code": code})
    assert client.get("/mairie/").status_code == 200
    assert [message.data["event"] for message in messages_to(alice)] == ["totp_activated"]


def messages_to(person: Person) -> list[Message]:
    return list(Message.objects.filter(recipient=person.email, kind="accounts.security_notice").order_by("pk"))


def test_confirming_leads_back_where_she_was_going(client_for, alice: Person) -> None:
    make_official(alice)
    factor = make_second_factor(alice.user)
    client = client_for(alice, second_factor=False)
    asked = client.get("/mairie/")
    answer = client.post(asked["Location"], {"code": code_of(factor), "next": "/mairie/"})
    assert answer["Location"] == "/mairie/"
    assert client.get("/mairie/").status_code == 200


def test_a_code_of_the_application_serves_once(client_for, alice: Person) -> None:
    make_official(alice)
    factor = make_second_factor(alice.user)
    code = code_of(factor)
    client_for(alice, second_factor=False).post(REAUTHENTICATE, {"code": code, "next": "/mairie/"})
    answer = client_for(alice, second_factor=False).post(REAUTHENTICATE, {"code": code, "next": "/mairie/"})
    assert answer.status_code == 200
    assert "Ce n’est pas le bon code" in answer.content.decode()


def test_whoever_needs_it_cannot_put_it_down(client_for, alice: Person) -> None:
    make_official(alice)
    client = client_for(alice)
    session = client.session
    session["account_authentication_methods"] = [
        record | {"reauthenticated": True} for record in session["account_authentication_methods"]
    ]
    session.save()
    page = client.get("/compte/2fa/totp/deactivate/")
    assert "votre second facteur reste" in page.content.decode()
    client.post("/compte/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(user=alice.user).exists()


def test_the_coordinator_forgets_a_lost_phone(client_for, alice: Person, coordinator: Person) -> None:
    make_official(alice)
    client = client_for(alice)
    client.get("/mairie/")
    actions.reset_second_factor(alice.user, by=coordinator, at=clock.now())
    assert not Authenticator.objects.filter(user=alice.user).exists()
    assert client.get("/mairie/")["Location"].startswith("/compte/login/")
    assert [message.data["event"] for message in messages_to(alice)] == ["second_factor_reset"]


def test_the_secret_is_not_in_the_clear(alice: Person) -> None:
    factor = make_second_factor(alice.user)
    secret = decrypt(factor.data["secret"])
    assert secret not in factor.data["secret"]
    assert len(secret) == 32


def test_who_acts_for_others_signs_in_each_working_day(client: Client, alice: Person) -> None:
    make_user("elu@exemple.test", "une maison dans le bocage", is_staff=True)
    client.post("/compte/login/", {"login": "elu@exemple.test", "password": "une maison dans le bocage"})
    assert client.session.get_expiry_age() == 8 * 3600
    assert mail.outbox == []
