"""What is done to persons, accounts and posts: state, refusals, audit."""

from datetime import date, timedelta
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from auditlog.context import set_actor
from auditlog.models import LogEntry
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory

from orne_accueil.accounts import actions, selectors
from orne_accueil.accounts.models import Delegation, Invitation, Person, User
from orne_accueil.common.errors import DomainError
from orne_accueil.outbox.models import Message
from tests.accounts.browser import sign_in_by_code, signed_in_as
from tests.conftest import paris
from tests.factories import make_commune, make_delegation, make_mandate, make_person, make_user

pytestmark = pytest.mark.django_db

NOW = paris("2026-12-01 09:00")


# --- Somebody on the phone ---


def for_contact(by: Person | None = None, **fields) -> Person:
    return actions.person_for_contact(**{"name": "Léa Blin", "email": None, "phone": "", "by": by, "at": NOW} | fields)


def test_somebody_new_is_written_down_with_who_typed_it(alice: Person) -> None:
    person = for_contact(by=alice, email=" Lea@Exemple.test ", phone="0612345678", name="  Léa   Blin ")
    assert (person.name, person.email, person.phone) == ("Léa Blin", "lea@exemple.test", "06 12 34 56 78")
    assert person.typed_by == alice
    assert person.user is None


def test_a_known_address_is_found_again_and_only_blanks_are_filled() -> None:
    first = for_contact(email="lea@exemple.test")
    again = for_contact(email="LEA@exemple.test", name="Lea Autrement", phone="02 33 00 00 00")
    assert again == first
    assert (again.name, again.phone) == ("Léa Blin", "02 33 00 00 00")


def test_without_address_the_same_name_and_phone_are_the_same_person() -> None:
    first = for_contact(phone="06 12 34 56 78")
    assert for_contact(phone="+33612345678", name="lea blin") == first
    assert for_contact(phone="06 12 34 56 78", name="Paul Blin") != first
    assert for_contact(name="Léa Blin") != first


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"email": "lea@"}, "email"), ({"phone": "12"}, "phone"), ({"name": "", "email": ""}, None)],
)
def test_what_cannot_be_is_refused(fields: dict, field: str | None) -> None:
    with pytest.raises(DomainError) as refusal:
        for_contact(**fields)
    assert refusal.value.field == field
    assert refusal.value.message.endswith(".")
    assert not Person.objects.exists()


def test_staff_do_not_change_the_address_of_an_account(alice: Person, bob: Person) -> None:
    with pytest.raises(DomainError, match="elle seule peut en changer"):
        actions.correct_person(alice, name="Alice", email="autre@exemple.test", phone="", commune=None, by=bob, at=NOW)


def test_an_address_already_known_asks_for_a_merge(alice: Person) -> None:
    person = for_contact(phone="06 12 34 56 78")
    with pytest.raises(DomainError, match="fusionnez les deux"):
        actions.correct_person(person, name="Léa", email=alice.email, phone="", commune=None, by=None, at=NOW)


# --- Claiming ---


def test_claiming_twice_gives_the_same_person() -> None:
    user = make_user("lea@exemple.test")
    assert actions.claim_person(user, at=NOW) == actions.claim_person(User.objects.get(pk=user.pk), at=NOW)


def test_claiming_never_takes_a_person_who_has_an_account(alice: Person) -> None:
    user = make_user("lea@exemple.test")
    Person.objects.filter(pk=alice.pk).update(email="lea@exemple.test")
    person = actions.claim_person(user, at=NOW)
    assert person != alice
    alice.refresh_from_db()
    assert alice.user_id != user.pk


def test_a_proven_new_address_follows_and_brings_what_was_noted_under_it(alice: Person) -> None:
    noted = make_person("Alice M.", email="alice.pro@exemple.test", phone="06 12 34 56 78")
    number = noted.pk
    person = actions.follow_new_email(alice.user, email="alice.pro@exemple.test", at=NOW)
    assert person == alice
    person.refresh_from_db()
    assert (person.email, person.phone, person.name) == ("alice.pro@exemple.test", "06 12 34 56 78", "Alice Martin")
    assert selectors.current_person(number) == alice


# --- Accounts ---


def test_closing_an_account_ends_its_sessions(client_for, alice: Person, bob: Person) -> None:
    client_for(alice).get("/compte/")
    assert UserSession.objects.filter(user=alice.user).count() == 1
    actions.set_active(alice.user, active=False, by=bob, at=NOW)
    assert not UserSession.objects.filter(user=alice.user).exists()


@pytest.mark.parametrize(
    "gesture",
    [
        lambda user: actions.set_active(user, active=False, by=None, at=NOW),
        lambda user: actions.set_roles(user, is_staff=False, is_superuser=False, by=None, at=NOW),
    ],
)
def test_the_last_coordinator_stays(coordinator: Person, gesture) -> None:
    with pytest.raises(DomainError) as refusal:
        gesture(coordinator.user)
    assert refusal.value.code == "last_one"
    other = make_user(is_superuser=True)
    gesture(coordinator.user)
    assert User.objects.get(pk=other.pk).is_superuser


def test_the_coordinator_creates_herself_on_an_empty_install(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "une maison dans le bocage")
    out = StringIO()
    call_command("createsuperuser", "--noinput", email="Colette@exemple.test", name="Colette Roy", stdout=out)
    user = User.objects.get()
    assert user.is_superuser
    assert user.is_staff
    assert user.person.name == "Colette Roy"
    assert "Colette Roy coordonne désormais" in out.getvalue()
    client.post("/compte/login/", {"login": "colette@exemple.test", "password": "une maison dans le bocage"})
    assert signed_in_as(client) == user


def test_she_may_do_without_a_password(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DJANGO_SUPERUSER_PASSWORD", raising=False)
    call_command("createsuperuser", "--noinput", email="colette@exemple.test", name="Colette", stdout=StringIO())
    sign_in_by_code(client, "colette@exemple.test")
    assert signed_in_as(client).is_superuser


def test_the_command_asks_for_what_is_missing() -> None:
    with pytest.raises(CommandError, match="--name"):
        call_command("createsuperuser", "--noinput", email="colette@exemple.test")
    with pytest.raises(CommandError, match="pas complète"):
        call_command("createsuperuser", "--noinput", email="colette@", name="Colette")


def test_the_command_asks_and_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["", "colette@exemple.test", "Colette Roy"])
    passwords = iter(["court", "une maison dans le bocage", "une autre"] + ["une maison dans le bocage"] * 2)
    monkeypatch.setattr("builtins.input", lambda question: next(typed))
    monkeypatch.setattr("getpass.getpass", lambda question: next(passwords))
    call_command("createsuperuser", stdout=StringIO(), stderr=StringIO())
    user = User.objects.get()
    assert user.person.name == "Colette Roy"
    assert user.check_password("une maison dans le bocage")


def test_a_password_is_stored_hashed_and_works(rf: RequestFactory) -> None:
    user = make_user("lea@exemple.test", "une maison dans le bocage")
    assert "bocage" not in user.password
    assert authenticate(rf.get("/"), email="lea@exemple.test", password="une maison dans le bocage") == user


# --- Invitations ---


def invite(by: Person, **fields) -> Invitation:
    return actions.invite_staff(
        **{"name": "Ève Lepic", "email": "eve@exemple.test", "role": "l’animation de l’EPN d’Argentan"}
        | fields
        | {"by": by, "at": NOW}
    )


def test_inviting_writes_the_person_the_account_and_the_mail(coordinator: Person) -> None:
    invitation = invite(coordinator, is_staff=True)
    person = invitation.person
    assert (person.name, person.email, person.typed_by) == ("Ève Lepic", "eve@exemple.test", coordinator)
    user = User.objects.get(email="eve@exemple.test")
    assert user.is_staff
    assert user.confirmed_at is None
    message = Message.objects.get()
    assert (message.kind, message.recipient) == ("accounts.staff_invitation", person.recipient)
    assert message.expires_at == invitation.expires_at


def test_inviting_somebody_known_keeps_her_person(coordinator: Person, alice: Person) -> None:
    assert invite(coordinator, email=alice.email, is_staff=True).person == alice
    assert User.objects.get(pk=alice.user_id).is_staff


def test_inviting_for_a_post_of_a_domain_makes_no_account(coordinator: Person) -> None:
    invite(coordinator)
    assert not User.objects.filter(email="eve@exemple.test").exists()


def test_inviting_rolls_back_when_the_mail_cannot_be_written(
    coordinator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("last step")

    monkeypatch.setattr(actions, "enqueue", broken)
    with pytest.raises(RuntimeError, match="last step"):
        invite(coordinator, is_staff=True)
    assert not Person.objects.filter(email="eve@exemple.test").exists()
    assert not User.objects.filter(email="eve@exemple.test").exists()


# --- Posts ---


def test_a_mandate_is_granted_ended_and_handed_over_in_the_log(alice: Person, coordinator: Person) -> None:
    commune = make_commune("Sées")
    with set_actor(coordinator.user):
        mandate = actions.grant_mandate(
            person=alice,
            title=" maire ",
            commune=commune,
            starts_on=date(2026, 3, 22),
            ends_on=None,
            by=coordinator,
            at=NOW,
        )
        actions.end_mandate(mandate, on=date(2026, 12, 31), by=coordinator, at=NOW)
    assert selectors.active_mandates(alice, date(2026, 12, 31)) == [mandate]
    assert selectors.active_mandates(alice, date(2027, 1, 1)) == []
    log = LogEntry.objects.get_for_object(mandate)
    assert [entry.action for entry in log.order_by("pk")] == [LogEntry.Action.CREATE, LogEntry.Action.UPDATE]
    assert {entry.actor for entry in log} == {coordinator.user}


def test_a_second_mandate_for_the_same_commune_is_refused_in_french(alice: Person) -> None:
    mandate = make_mandate(alice)
    with pytest.raises(DomainError, match="a déjà un mandat pour ce territoire"):
        actions.grant_mandate(
            person=alice,
            title="maire",
            commune=mandate.commune,
            starts_on=date(2026, 6, 1),
            ends_on=None,
            by=None,
            at=NOW,
        )


def test_a_mandate_ends_once(alice: Person) -> None:
    mandate = make_mandate(alice)
    actions.end_mandate(mandate, on=date(2026, 12, 31), by=None, at=NOW)
    with pytest.raises(DomainError) as refusal:
        actions.end_mandate(mandate, on=date(2027, 1, 1), by=None, at=NOW)
    assert refusal.value.code == "ended"


def test_what_was_delegated_ends_with_the_mandate(alice: Person, bob: Person, chloe: Person) -> None:
    mandate = make_mandate(alice)
    kept = make_delegation(mandate, bob)
    later = make_delegation(mandate, chloe, starts_on=date(2027, 2, 1))
    actions.end_mandate(mandate, on=date(2026, 12, 31), by=None, at=NOW)
    kept.refresh_from_db()
    assert kept.ends_on == date(2026, 12, 31)
    assert not Delegation.objects.filter(pk=later.pk).exists()


def test_a_delegate_acts_through_the_mandate(alice: Person, bob: Person, david: Person) -> None:
    mandate = make_mandate(alice)
    actions.delegate(mandate, to=bob, starts_on=date(2026, 12, 1), ends_on=None, by=alice, at=NOW)
    (power,) = selectors.powers(bob, date(2026, 12, 1))
    assert power.mandate == mandate
    assert power.is_delegated
    assert selectors.powers(david, date(2026, 12, 1)) == []
    assert selectors.powers(bob, date(2026, 11, 30)) == []


@pytest.mark.parametrize(
    ("starts_on", "ends_on"),
    [(date(2026, 3, 21), None), (date(2027, 1, 1), None), (date(2026, 12, 1), date(2027, 1, 1))],
)
def test_a_delegation_stays_within_its_mandate(
    alice: Person, bob: Person, starts_on: date, ends_on: date | None
) -> None:
    mandate = make_mandate(alice, ends_on=date(2026, 12, 31))
    with pytest.raises(DomainError, match="dans les dates du mandat"):
        actions.delegate(mandate, to=bob, starts_on=starts_on, ends_on=ends_on, by=alice, at=NOW)


def test_nobody_delegates_to_herself(alice: Person) -> None:
    with pytest.raises(DomainError, match="à soi-même"):
        actions.delegate(make_mandate(alice), to=alice, starts_on=date(2026, 12, 1), ends_on=None, by=alice, at=NOW)


def test_a_delegation_ends_or_never_begins(alice: Person, bob: Person, chloe: Person) -> None:
    mandate = make_mandate(alice)
    begun, to_come = make_delegation(mandate, bob), make_delegation(mandate, chloe, starts_on=date(2027, 1, 1))
    actions.end_delegation(begun, on=date(2026, 12, 1), by=alice, at=NOW)
    actions.end_delegation(to_come, on=date(2026, 12, 1), by=alice, at=NOW)
    assert [delegation.ends_on for delegation in mandate.delegations.all()] == [date(2026, 12, 1)]


# --- The log ---


def test_the_log_names_rows_by_number_and_holds_no_word_of_them(alice: Person, bob: Person) -> None:
    mandate = make_mandate(alice, title="maire de Sées")
    make_delegation(mandate, bob)
    actions.set_roles(alice.user, is_staff=True, is_superuser=False, by=bob, at=NOW)
    entries = LogEntry.objects.all()
    assert entries.count() >= 3
    for entry in entries:
        written = f"{entry.object_repr} {entry.changes} {entry.serialized_data}"
        for word in ("Alice", "Bob", "exemple.test", "maire"):
            assert word not in written
        assert entry.object_repr.endswith(entry.object_pk)


def test_a_role_given_is_in_the_log(alice: Person) -> None:
    actions.set_roles(alice.user, is_staff=True, is_superuser=False, by=None, at=NOW)
    entry = LogEntry.objects.get_for_object(alice.user).latest()
    assert entry.changes == {"is_staff": ["False", "True"]}


def test_an_unproven_account_waits_a_day(clock_at) -> None:
    user = actions.account_for_code("curieux@exemple.test", at=NOW)
    assert user == actions.account_for_code("Curieux@Exemple.test", at=NOW)
    assert EmailAddress.objects.get(user=user).verified is False
    assert actions.purge_provisional(at=NOW + timedelta(hours=24)) == 0
    assert actions.purge_provisional(at=NOW + timedelta(hours=24, seconds=1)) == 1
