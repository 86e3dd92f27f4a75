"""Signing in by e-mail code or password: who gets in, what is said, what is kept."""

import re
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings

from orne_accueil.accounts import actions
from orne_accueil.accounts.models import Person, User
from orne_accueil.common import clock
from orne_accueil.outbox.enums import State
from orne_accueil.outbox.models import Message
from tests.accounts.browser import ASK, CONFIRM, LOGIN, ask_code, code_sent_to, sign_in_by_code, signed_in_as
from tests.factories import make_person, make_user

pytestmark = pytest.mark.django_db

PASSWORD = "une maison dans le bocage"


# --- By code ---


def test_a_known_address_signs_in_with_the_code_it_receives(client: Client, alice: Person) -> None:
    answer = sign_in_by_code(client, alice.email)
    assert answer["Location"] == "/mon-espace/"
    assert signed_in_as(client) == alice.user


def test_an_unknown_address_signs_up_with_the_same_gestures(client: Client) -> None:
    answer = sign_in_by_code(client, "Nouvelle@Exemple.test")
    assert answer["Location"] == "/mon-espace/"
    user = signed_in_as(client)
    assert user.email == "nouvelle@exemple.test"
    assert user.confirmed_at is not None
    assert not user.has_usable_password()
    assert user.person.email == "nouvelle@exemple.test"
    assert EmailAddress.objects.get(user=user).verified


def test_somebody_known_by_phone_claims_what_is_hers(client: Client) -> None:
    known = make_person("Léa Blin", email="lea@exemple.test", phone="06 12 34 56 78")
    sign_in_by_code(client, "lea@exemple.test")
    known.refresh_from_db()
    assert known.user == signed_in_as(client)
    assert Person.objects.count() == 1


def test_a_wrong_code_signs_nobody_in_and_says_so(client: Client, alice: Person) -> None:
    ask_code(client, alice.email)
    answer = client.post(CONFIRM, {"code": "0000 0000"})
    assert answer.status_code == 200
    assert "Ce n’est pas le bon code" in answer.content.decode()
    assert "<title>Erreur" in answer.content.decode()
    assert signed_in_as(client) is None


@pytest.mark.parametrize("written", ["{0}{1}", "{0} {1}", "{0}\u00a0{1}", " {0}-{1} ", "{0}\u202f{1}\n"])
def test_a_code_may_be_typed_or_pasted_as_it_comes(client: Client, alice: Person, written: str) -> None:
    ask_code(client, alice.email)
    code = code_sent_to(alice.email)
    client.post(CONFIRM, {"code": written.format(code[:4], code[4:])})
    assert signed_in_as(client) == alice.user


def test_five_wrong_codes_end_the_attempt(client: Client, alice: Person) -> None:
    ask_code(client, alice.email)
    code = code_sent_to(alice.email)
    for _ in range(5):
        answer = client.post(CONFIRM, {"code": "00000000"})
    assert answer["Location"] == ASK
    client.post(CONFIRM, {"code": code})
    assert signed_in_as(client) is None


def test_a_code_is_worth_nothing_after_fifteen_minutes(client: Client, alice: Person, clock_at) -> None:
    clock_at("2026-12-01 09:00")
    ask_code(client, alice.email)
    code = code_sent_to(alice.email)
    clock_at("2026-12-01 09:16")
    client.post(CONFIRM, {"code": code})
    assert signed_in_as(client) is None


def test_a_new_code_lives_its_own_fifteen_minutes_and_ends_the_old_one(client: Client, alice: Person, clock_at) -> None:
    clock_at("2026-12-01 09:00")
    ask_code(client, alice.email)
    old = code_sent_to(alice.email)
    clock_at("2026-12-01 09:14")
    client.post(CONFIRM, {"action": "resend"})
    clock_at("2026-12-01 09:28")
    client.post(CONFIRM, {"code": old})
    assert signed_in_as(client) is None
    client.post(CONFIRM, {"code": code_sent_to(alice.email)})
    assert signed_in_as(client) == alice.user


def test_one_may_change_the_address_before_the_code(client: Client, alice: Person, bob: Person) -> None:
    ask_code(client, alice.email, next="/espaces/")
    answer = client.post("/compte/login/code/adresse/", {"next": "/espaces/"})
    assert answer["Location"] == f"{ASK}?next=%2Fespaces%2F"
    assert client.get(answer["Location"]).status_code == 200
    answer = sign_in_by_code(client, bob.email, next="/espaces/")
    assert signed_in_as(client) == bob.user
    assert answer["Location"] == "/espaces/"


def test_the_code_page_says_where_and_how_long(client: Client, alice: Person) -> None:
    ask_code(client, alice.email)
    page = client.get(CONFIRM).content.decode()
    assert alice.email in page
    assert "15 minutes" in page
    assert "Renvoyer le code" in page
    assert "Changer d’adresse" in page


def test_the_session_key_changes_when_somebody_signs_in(client: Client, alice: Person) -> None:
    ask_code(client, alice.email)
    before = client.session.session_key
    client.post(CONFIRM, {"code": code_sent_to(alice.email)})
    assert client.session.session_key != before


def test_the_mail_is_recorded_and_its_code_forgotten(client: Client, alice: Person) -> None:
    ask_code(client, alice.email)
    message = Message.objects.get()
    assert message.kind == "accounts.sign_in_code"
    assert message.state == State.SENT
    assert message.is_secret
    assert message.data == {}
    assert code_sent_to(alice.email) not in f"{message.subject_line}{message.text_body}{message.html_body}"


def test_a_closed_account_gets_the_same_answer_and_stays_out(client: Client, alice: Person) -> None:
    actions.set_active(alice.user, active=False, by=None, at=clock.now())
    answer = sign_in_by_code(client, alice.email)
    assert answer["Location"] == "/compte/inactive/"
    assert signed_in_as(client) is None


def test_a_closed_account_is_out_at_its_next_page(client_for, alice: Person) -> None:
    client = client_for(alice)
    assert client.get("/compte/profil/").status_code == 200
    actions.set_active(alice.user, active=False, by=None, at=clock.now())
    answer = client.get("/compte/profil/")
    assert answer["Location"].startswith(LOGIN)


# --- By password ---


def test_who_chose_a_password_signs_in_with_it(client: Client) -> None:
    user = make_user("lea@exemple.test", PASSWORD)
    answer = client.post(LOGIN, {"login": " LEA@exemple.test ", "password": PASSWORD})
    assert answer["Location"] == "/mon-espace/"
    assert signed_in_as(client) == user
    assert user.person.email == "lea@exemple.test"


@pytest.mark.parametrize("email", ["lea@exemple.test", "inconnue@exemple.test", "sans@exemple.test"])
def test_a_wrong_password_says_the_same_to_all(client: Client, email: str) -> None:
    make_user("lea@exemple.test", PASSWORD)
    make_user("sans@exemple.test")
    answer = client.post(LOGIN, {"login": email, "password": "pas celui-là"})
    assert "ne vont pas ensemble" in answer.content.decode()
    assert signed_in_as(client) is None


def test_after_five_failures_the_right_password_is_refused_whatever_the_forged_address(client: Client) -> None:
    make_user("lea@exemple.test", PASSWORD)
    for number in range(12):
        forged = f"198.51.100.{number}"
        client.post(LOGIN, {"login": "lea@exemple.test", "password": "non"}, headers={"x-forwarded-for": forged})
    headers = {"x-forwarded-for": "203.0.113.9"}
    answer = client.post(LOGIN, {"login": "lea@exemple.test", "password": PASSWORD}, headers=headers)
    assert signed_in_as(client) is None
    assert "Trop d’essais" in answer.content.decode()


def test_codes_are_rationed_by_address_whatever_the_forged_one(client: Client, alice: Person) -> None:
    for number in range(6):
        Client().post(ASK, {"email": alice.email}, headers={"x-forwarded-for": f"198.51.100.{number}"})
    assert len(mail.outbox) == 3


def test_codes_are_rationed_by_visitor_whatever_the_forged_one() -> None:
    for number in range(25):
        headers = {"x-forwarded-for": f"198.51.100.{number}"}
        Client().post(ASK, {"email": f"a{number}@exemple.test"}, headers=headers)
    assert len(mail.outbox) == 20


@override_settings(ALLAUTH_TRUSTED_CLIENT_IP_HEADER="X-Forwarded-For")
def test_a_site_that_trusts_the_header_would_be_escaped() -> None:
    """The twin of the test above: the limit is what holds, not the test."""
    for number in range(25):
        headers = {"x-forwarded-for": f"198.51.100.{number}"}
        Client().post(ASK, {"email": f"a{number}@exemple.test"}, headers=headers)
    assert len(mail.outbox) == 25


@override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1)
def test_behind_one_proxy_only_what_that_proxy_says_counts() -> None:
    for number in range(25):
        headers = {"x-forwarded-for": f"198.51.100.{number}, 192.0.2.1"}
        Client().post(ASK, {"email": f"a{number}@exemple.test"}, headers=headers)
    assert len(mail.outbox) == 20


def test_rate_limits_live_in_the_database() -> None:
    cache.set("orne", 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_cache WHERE cache_key LIKE '%%orne'")
        assert cursor.fetchone() == (1,)


# --- Where one goes ---


@pytest.mark.parametrize(
    "address",
    [
        "https://mechant.test/",
        "//mechant.test/",
        "///mechant.test/",
        r"/\mechant.test",
        r"\\mechant.test",
        "http:mechant.test",
        "http:///mechant.test",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://testserver@mechant.test/",
        "https://testserver.mechant.test/",
        "//testserver@mechant.test",
        "ftp://testserver/",
        "\thttps://mechant.test",
        "https:/mechant.test",
        "ht\ntp://mechant.test",
        "/%09/mechant.test@",
    ],
)
def test_a_redirect_elsewhere_is_refused(client: Client, alice: Person, address: str) -> None:
    answer = sign_in_by_code(client, alice.email, next=address)
    assert urlsplit(answer["Location"]).netloc == ""
    assert re.match(r"/[^/\\]", answer["Location"])


def test_a_redirect_here_is_followed(client: Client, alice: Person) -> None:
    answer = sign_in_by_code(client, alice.email, next="/espaces/epn-argentan/?semaine=2026-W49")
    assert answer["Location"] == "/espaces/epn-argentan/?semaine=2026-W49"


def test_the_sign_up_address_leads_to_the_only_door(client: Client) -> None:
    assert client.get("/compte/signup/?next=/espaces/")["Location"] == "/compte/login/?next=%2Fespaces%2F"


# --- What is kept of the curious ---


def test_an_account_nobody_proved_goes_at_night(client: Client, alice: Person, clock_at) -> None:
    clock_at("2026-12-01 09:00")
    ask_code(client, "curieux@exemple.test")
    assert User.objects.filter(email="curieux@exemple.test").exists()
    clock_at("2026-12-02 08:59")
    assert actions.purge_provisional(at=clock.now()) == 0
    clock_at("2026-12-02 09:01")
    assert actions.purge_provisional(at=clock.now()) == 1
    assert not User.objects.filter(email="curieux@exemple.test").exists()
    assert User.objects.filter(pk=alice.user_id).exists()


def test_an_invited_account_is_never_purged(coordinator: Person, clock_at) -> None:
    clock_at("2026-12-01 09:00")
    actions.invite_staff(
        name="Ève", email="eve@exemple.test", role="l’équipe", by=coordinator, at=clock.now(), is_staff=True
    )
    clock_at("2026-12-20 09:00")
    actions.purge_provisional(at=clock.now())
    assert User.objects.filter(email="eve@exemple.test").exists()
