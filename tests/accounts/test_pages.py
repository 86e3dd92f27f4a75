"""The pages of an account: profile, address, password, sessions, mails."""

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client

from orne_accueil.accounts import actions, links
from orne_accueil.accounts.models import MailPreference, Person, User
from orne_accueil.common import clock
from orne_accueil.outbox import registry
from orne_accueil.outbox.actions import enqueue
from orne_accueil.outbox.enums import Category
from orne_accueil.outbox.hooks import recipients
from orne_accueil.outbox.models import Message
from orne_accueil.outbox.registry import Notification
from tests.accounts.browser import code_sent_to, sign_in_by_code, signed_in_as
from tests.conftest import paris
from tests.factories import make_commune, make_person, make_user

pytestmark = pytest.mark.django_db

PASSWORD = "une maison dans le bocage"
PAGES = [
    "/compte/",
    "/compte/profil/",
    "/compte/email/",
    "/compte/courriers/",
    "/compte/password/set/",
    "/compte/2fa/",
    "/compte/2fa/totp/activate/",
    "/compte/sessions/",
    "/compte/logout/",
]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_of_hers_opens_for_her_and_asks_a_visitor_to_sign_in(client_for, alice: Person, address: str) -> None:
    answer = client_for(alice).get(address)
    assert answer.status_code == 200
    assert answer.content.decode().count("<h1") == 1
    visitor = Client().get(address)
    assert visitor["Location"].startswith("/" if address == "/compte/logout/" else "/compte/login/")


def test_no_page_speaks_english(client_for, alice: Person) -> None:
    client = client_for(alice)
    for address in [*PAGES, "/compte/password/reset/"]:
        page = (client if address in PAGES else Client()).get(address).content.decode()
        for word in ("Email", "Password", "Sign ", "Code:", "Submit", "Two-Factor", "Change to"):
            assert word not in page, (address, word)


# --- Who she is ---


def test_she_says_who_she_is(client_for, alice: Person) -> None:
    commune = make_commune("Sées", code_insee="61464")
    data = {"name": "Alice  Martin-Blin", "phone": "+33 6 12 34 56 78", "commune": "sees"}
    answer = client_for(alice).post("/compte/profil/", data)
    assert answer["Location"] == "/compte/profil/"
    alice.refresh_from_db()
    assert (alice.name, alice.phone, alice.commune) == ("Alice Martin-Blin", "06 12 34 56 78", commune)


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", "", "Dites comment vous appeler."),
        ("phone", "12", "Ce numéro n’est pas complet"),
        ("commune", "Paris", "Cette commune n’est pas dans l’Orne."),
    ],
)
def test_what_cannot_be_comes_back_with_what_was_typed(
    client_for, alice: Person, field: str, typed: str, sentence: str
) -> None:
    data = {"name": "Alice", "phone": "", "commune": ""} | {field: typed}
    page = client_for(alice).post("/compte/profil/", data).content.decode()
    assert sentence in page
    assert "<title>Erreur" in page
    assert f'aria-describedby="id_{field}_helptext id_{field}_error"' in page or field == "name"


# --- Her address ---


def test_a_new_address_changes_once_its_code_is_typed(client_for, alice: Person) -> None:
    client = client_for(alice)
    answer = client.post("/compte/email/", {"email": "Alice.Neuve@exemple.test", "action_add": "1"})
    assert answer["Location"] == "/compte/confirm-email/"
    assert Person.objects.get(pk=alice.pk).email == "alice@exemple.test"
    page = client.get("/compte/confirm-email/").content.decode()
    assert "alice.neuve@exemple.test" in page
    client.post("/compte/confirm-email/", {"code": code_sent_to("alice.neuve@exemple.test")})
    alice.refresh_from_db()
    assert alice.email == "alice.neuve@exemple.test"
    assert User.objects.get(pk=alice.user_id).email == "alice.neuve@exemple.test"
    assert [address.email for address in EmailAddress.objects.filter(user=alice.user)] == ["alice.neuve@exemple.test"]
    warning = Message.objects.get(kind="accounts.security_notice")
    assert (warning.recipient, warning.data["event"]) == ("alice@exemple.test", "email_changed")


def test_an_address_somebody_tried_at_the_door_is_not_kept_from_her(client_for, alice: Person) -> None:
    Client().post("/compte/login/code/", {"email": "neuve@exemple.test"})
    client = client_for(alice)
    client.post("/compte/email/", {"email": "neuve@exemple.test", "action_add": "1"})
    client.post("/compte/confirm-email/", {"code": code_sent_to("neuve@exemple.test")})
    assert Person.objects.get(pk=alice.pk).email == "neuve@exemple.test"


def test_the_address_of_another_account_is_refused_after_its_code_only(client_for, alice: Person, bob: Person) -> None:
    client = client_for(alice)
    answer = client.post("/compte/email/", {"email": bob.email, "action_add": "1"})
    assert answer["Location"] == "/compte/confirm-email/"
    page = client.post("/compte/confirm-email/", {"code": code_sent_to(bob.email)}).content.decode()
    assert "Cette adresse ouvre déjà un autre compte." in page
    assert Person.objects.get(pk=alice.pk).email == "alice@exemple.test"


# --- Her password ---


def test_she_chooses_a_password_and_may_do_without_it_again(client_for, alice: Person) -> None:
    client = client_for(alice)
    client.post("/compte/password/set/", {"password1": PASSWORD, "password2": PASSWORD})
    assert User.objects.get(pk=alice.user_id).check_password(PASSWORD)
    assert client.get("/compte/").status_code == 200
    client.post("/compte/password/remove/")
    assert not User.objects.get(pk=alice.user_id).has_usable_password()
    assert client.get("/compte/").status_code == 200
    events = (
        Message.objects.filter(kind="accounts.security_notice").order_by("pk").values_list("data__event", flat=True)
    )
    assert list(events) == ["password_set", "password_removed"]


@pytest.mark.parametrize("gesture", ["change", "remove", "reset"])
def test_a_change_of_password_ends_other_sessions(gesture: str) -> None:
    make_user("lea@exemple.test", PASSWORD)
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        client.post("/compte/login/", {"login": "lea@exemple.test", "password": PASSWORD})
        assert client.get("/compte/").status_code == 200
    match gesture:
        case "change":
            new = {"password1": PASSWORD + " vert", "password2": PASSWORD + " vert"}
            here.post("/compte/password/change/", {"oldpassword": PASSWORD} | new)
        case "remove":
            here.post("/compte/password/remove/")
        case "reset":
            here = Client()
            here.post("/compte/password/reset/", {"email": "lea@exemple.test"})
            here.post("/compte/password/reset/confirm/", {"code": code_sent_to("lea@exemple.test")})
            new = {"password1": PASSWORD + " vert", "password2": PASSWORD + " vert"}
            here.post("/compte/password/reset/complete/", new)
    assert here.get("/compte/").status_code == 200
    assert elsewhere.get("/compte/").status_code == 302


@pytest.mark.parametrize("password", ["court", "8421975310864", "telechargement", "lea@exemple.test"])
def test_a_weak_password_is_refused(client_for, password: str) -> None:
    person = make_person("Léa", user=True, email="lea@exemple.test")
    page = client_for(person).post("/compte/password/set/", {"password1": password, "password2": password})
    assert page.status_code == 200
    assert "field-error" in page.content.decode()


def test_a_reset_for_an_unknown_address_tells_its_owner_how_to_come_in(client: Client) -> None:
    client.post("/compte/password/reset/", {"email": "inconnue@exemple.test"})
    (letter,) = mail.outbox
    assert letter.subject == "Cette adresse n’a pas de compte"
    assert "http://testserver/compte/login/" in letter.body
    assert not User.objects.exists()


# --- Her sessions ---


def test_she_sees_her_sessions_and_ends_the_others(client_for, alice: Person) -> None:
    firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
    here, elsewhere = client_for(alice), client_for(alice)
    elsewhere.get("/compte/", headers={"user-agent": firefox})
    page = here.get("/compte/sessions/").content.decode()
    assert "Firefox sur Windows" in page
    assert "(cet appareil)" in page
    here.post("/compte/sessions/")
    assert here.get("/compte/").status_code == 200
    assert elsewhere.get("/compte/").status_code == 302


def test_a_visit_is_noted_every_ten_minutes_only(client_for, alice: Person, clock_at) -> None:
    clock_at("2026-12-01 09:00")
    client = client_for(alice)
    client.get("/compte/")
    clock_at("2026-12-01 09:09")
    client.get("/compte/")
    assert UserSession.objects.get().last_seen_at == paris("2026-12-01 09:00")
    clock_at("2026-12-01 09:10")
    client.get("/compte/")
    assert UserSession.objects.get().last_seen_at == paris("2026-12-01 09:10")


def test_leaving_takes_a_post(client_for, alice: Person) -> None:
    client = client_for(alice)
    assert client.get("/compte/logout/").status_code == 200
    assert signed_in_as(client) == alice.user
    client.post("/compte/logout/")
    assert signed_in_as(client) is None


# --- Her mails ---


@pytest.fixture
def newsletter(monkeypatch: pytest.MonkeyPatch) -> type[Notification]:
    """A kind of mail that one may refuse."""
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))

    class Sessions(Notification):
        kind = "tests.sessions"
        label = "Séances du mois"
        category = Category.CLUB
        template = "accounts/mail/no_account.html"
        mutable = True

    return Sessions


def test_she_chooses_what_she_receives(client_for, alice: Person, newsletter: type[Notification]) -> None:
    client = client_for(alice)
    page = client.get("/compte/courriers/").content.decode()
    assert "séances du mois" in page
    assert "Code de connexion".lower() in page
    client.post("/compte/courriers/", {})
    assert MailPreference.objects.get(category=Category.CLUB).accepts is False
    assert not recipients().accepts(alice.recipient, Category.CLUB)
    client.post("/compte/courriers/", {"club": "on"})
    assert recipients().accepts(alice.recipient, Category.CLUB)


def unsubscribe_url(person: Person) -> str:
    return links.unsubscribe_url(person.recipient, Category.CLUB)


def test_the_link_shows_then_does_without_signing_in(alice: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    url = unsubscribe_url(alice)
    for _ in range(3):
        assert client.get(url).status_code == 200
        client.head(url)
    assert not MailPreference.objects.exists()
    for _ in range(2):
        assert "C’est fait" in client.post(url).content.decode()
    assert MailPreference.objects.get().accepts is False
    client.post(url, {"accepts": "1"})
    assert MailPreference.objects.get().accepts is True


def test_a_mail_program_does_it_in_one_click(alice: Person) -> None:
    """RFC 8058: no cookie, no token of ours, one POST."""
    answer = Client(enforce_csrf_checks=True).post(
        unsubscribe_url(alice), "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 200
    assert not recipients().accepts(alice.recipient, Category.CLUB)


def test_the_link_of_a_merged_person_serves_the_one_who_was_kept(alice: Person) -> None:
    double = make_person("Alice M.")
    url = unsubscribe_url(double)
    actions.merge_persons(keep=alice, drop=double, by=None, at=clock.now())
    Client().post(url)
    assert MailPreference.objects.get().person == alice


@pytest.mark.parametrize("spoil", [lambda url: url[:-2] + "x/", lambda url: "/courriers/desinscription/rien/"])
def test_a_link_cut_short_does_nothing(alice: Person, spoil) -> None:
    answer = Client().post(spoil(unsubscribe_url(alice)))
    assert answer.status_code == 410
    assert not MailPreference.objects.exists()


def test_an_invitation_link_does_not_unsubscribe(alice: Person, coordinator: Person) -> None:
    invitation = actions.invite_staff(
        name="Alice", email=alice.email, role="animatrice", by=coordinator, at=clock.now()
    )
    token = links.invitation_url(invitation).split("/")[-2]
    assert Client().post(f"/courriers/desinscription/{token}/").status_code == 410


def test_the_recipient_is_looked_up_when_the_mail_leaves(alice: Person, newsletter: type[Notification]) -> None:
    from django.db import transaction

    from orne_accueil.outbox.actions import deliver_due

    with transaction.atomic():
        enqueue(newsletter, subject=None, recipient=alice.recipient, at=clock.now())
    Person.objects.filter(pk=alice.pk).update(email="neuve@exemple.test")
    deliver_due(clock.now())
    (letter,) = mail.outbox
    assert letter.to == ["Alice Martin <neuve@exemple.test>"]
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = letter.extra_headers["List-Unsubscribe"].strip("<>").removeprefix("http://testserver")
    Client().post(url)
    assert not recipients().accepts(alice.recipient, Category.CLUB)


def test_nobody_is_written_to_without_an_address(david: Person) -> None:
    nobody = make_person("Sans adresse", email=None)
    assert recipients().address(nobody.recipient) is None
    assert recipients().address("person:999999") is None
    assert recipients().address("person:abc") is None
    assert recipients().address("quelqu.un@exemple.test").email == "quelqu.un@exemple.test"


# --- Invited ---


def test_an_invitation_leads_to_a_code_then_to_the_second_factor(client: Client, coordinator: Person) -> None:
    invitation = actions.invite_staff(
        name="Ève Lepic",
        email="eve@exemple.test",
        role="l’animation de l’EPN",
        by=coordinator,
        at=clock.now(),
        is_staff=True,
    )
    url = links.invitation_url(invitation)
    page = client.get(url).content.decode()
    assert "Colette Roy vous invite" in page
    assert "l’animation de l’EPN" in page
    assert mail.outbox == []
    answer = client.post(url)
    assert answer["Location"] == "/compte/login/code/confirm/?next=%2Fadmin%2F"
    answer = client.post(answer["Location"], {"code": code_sent_to("eve@exemple.test")})
    assert answer["Location"] == "/admin/"
    assert signed_in_as(client).person == invitation.person
    assert client.get("/admin/")["Location"].startswith("/compte/2fa/totp/activate/")
    invitation.refresh_from_db()
    assert invitation.accepted_at is not None
    assert Client().get(url)["Location"] == "/admin/"


def test_an_invitation_is_worth_nothing_after_two_weeks(client: Client, coordinator: Person, clock_at) -> None:
    clock_at("2026-12-01 09:00")
    invitation = actions.invite_staff(
        name="Ève", email="eve@exemple.test", role="animatrice", by=coordinator, at=clock.now()
    )
    url = links.invitation_url(invitation)
    clock_at("2026-12-15 09:01")
    answer = client.get(url)
    assert answer.status_code == 410
    assert "Ce lien a expiré" in answer.content.decode()


# --- The door does not need the broker, and a relay that is down does not close it ---


def test_signing_in_never_talks_to_the_broker(client: Client, alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    import kombu.connection

    def down(*args: object, **kwargs: object) -> None:
        raise AssertionError("a web request talked to the broker")

    monkeypatch.setattr(kombu.connection.Connection, "connect", down)
    monkeypatch.setattr(kombu.connection.Connection, "ensure_connection", down)
    sign_in_by_code(client, alice.email)
    assert signed_in_as(client) == alice.user


def test_a_relay_that_is_down_leaves_the_code_to_the_worker(client: Client, alice: Person, settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    answer = client.post("/compte/login/code/", {"email": alice.email})
    assert answer["Location"] == "/compte/login/code/confirm/"
    message = Message.objects.get()
    assert message.state == "pending"
    code = message.data["code"]
    client.post("/compte/login/code/confirm/", {"code": code})
    assert signed_in_as(client) == alice.user


def test_the_code_really_leaves_by_smtp(client: Client, alice: Person, smtp_server) -> None:
    client.post("/compte/login/code/", {"email": alice.email})
    (letter,) = smtp_server.to(alice.email)
    assert letter["Message-ID"] == Message.objects.get().message_id
    assert letter["Reply-To"].endswith("<accueil@teletravail-orne.example>")
    code = letter["Subject"][:9]
    client.post("/compte/login/code/confirm/", {"code": code})
    assert signed_in_as(client) == alice.user
