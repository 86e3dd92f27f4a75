"""The coordination's back office of people, accounts and posts."""

from datetime import date

import pytest
from auditlog.models import LogEntry
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from orne_accueil.accounts.models import Delegation, Invitation, Mandate, Organisation, Person, User
from orne_accueil.outbox.models import Message
from tests.factories import (
    make_commune,
    make_delegation,
    make_epci,
    make_mandate,
    make_organisation,
    make_person,
    make_second_factor,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client_for, coordinator: Person) -> Client:
    return client_for(coordinator)


def sentences(answer) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def list_of(name: str) -> str:
    return reverse(f"admin:accounts_{name}_changelist")


def page_of(row) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


LISTS = [list_of(name) for name in ("person", "user", "mandate", "invitation", "organisation")]
LISTS += [reverse("admin:auditlog_logentry_changelist")]


@pytest.mark.parametrize("address", LISTS)
def test_a_list_opens_and_is_searched(office: Client, alice: Person, address: str) -> None:
    make_mandate(alice)
    make_organisation(contact=alice)
    assert office.get(address).status_code == 200
    assert office.get(f"{address}?q=alice").status_code == 200


@pytest.mark.parametrize(
    "address", [*LISTS, "/admin/accounts/person/1/fusionner/", "/admin/accounts/invitation/inviter/"]
)
def test_a_list_is_closed_to_others(client_for, alice: Person, address: str) -> None:
    User.objects.filter(pk=alice.user_id).update(is_staff=True)
    assert client_for(Person.objects.get(pk=alice.pk)).get(address).status_code in (403, 404)


def test_every_row_opens(office: Client, alice: Person, bob: Person, coordinator: Person) -> None:
    mandate = make_mandate(alice)
    make_delegation(mandate, bob)
    make_second_factor(alice.user)
    rows = [alice, alice.user, mandate, make_organisation(contact=bob), LogEntry.objects.latest()]
    for row in rows:
        answer = office.get(page_of(row))
        assert answer.status_code == 200, row
    page = office.get(page_of(alice.user)).content.decode()
    assert alice.user.password not in page
    assert "secret" not in page.lower()


def test_lists_cost_the_same_with_one_row_and_with_twenty(
    office: Client, alice: Person, django_assert_max_num_queries
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost(address: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            office.get(address)
        return len(queries)

    make_mandate(alice)
    make_organisation(contact=alice)
    for address in LISTS:
        office.get(address)
    before = {address: cost(address) for address in LISTS}
    for _ in range(20):
        person = make_person(user=True, commune=make_commune())
        make_mandate(person)
        make_organisation(contact=person, commune=person.commune)
    assert {address: cost(address) for address in LISTS} == before


# --- Persons ---


def test_somebody_is_written_down(office: Client, coordinator: Person) -> None:
    commune = make_commune("Sées")
    data = {"name": "Léa Blin", "email": "LEA@exemple.test", "phone": "0612345678", "commune": "sees"}
    answer = office.post(reverse("admin:accounts_person_add"), data)
    assert answer.status_code == 302
    person = Person.objects.get(email="lea@exemple.test")
    assert (person.name, person.phone, person.commune) == ("Léa Blin", "06 12 34 56 78", commune)
    assert person.typed_by == coordinator


def test_what_an_action_refuses_comes_back_in_the_form(office: Client, alice: Person) -> None:
    data = {"name": "Alice", "email": "autre@exemple.test", "phone": "", "commune": ""}
    answer = office.post(page_of(alice), data)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "elle seule peut en changer" in page
    assert 'value="autre@exemple.test"' in page
    alice.refresh_from_db()
    assert alice.name == "Alice Martin"


def test_two_rows_are_merged_after_a_look(office: Client, alice: Person) -> None:
    double = make_person("Alice Martin", email=None, phone="06 12 34 56 78")
    make_organisation(contact=double)
    merge = reverse("admin:accounts_person_merge", args=[alice.pk])
    assert f"?with={double.pk}" in office.get(merge).content.decode()
    assert f"?with={double.pk}" in office.get(f"{merge}?q=06+12").content.decode()
    page = office.get(f"{merge}?with={double.pk}").content.decode()
    assert "1 organisation" in page
    assert Person.objects.filter(pk=double.pk).exists()
    answer = office.post(merge, {"with": double.pk})
    assert answer["Location"] == page_of(alice)
    assert not Person.objects.filter(pk=double.pk).exists()
    assert Organisation.objects.get().contact == alice


def test_a_refused_merge_says_why(office: Client, alice: Person) -> None:
    double, commune = make_person("Alice M."), make_commune()
    for person in (alice, double):
        make_mandate(person, commune=commune)
    answer = office.post(reverse("admin:accounts_person_merge", args=[alice.pk]), {"with": double.pk})
    assert answer.status_code == 200
    assert "au même endroit" in answer.content.decode()
    assert Person.objects.filter(pk=double.pk).exists()


# --- Accounts ---


def gesture(office: Client, user: User, name: str):
    return office.post(reverse("admin:accounts_user_gesture", args=[user.pk, name]))


def test_gestures_on_an_account(office: Client, alice: Person) -> None:
    make_second_factor(alice.user)
    expected = [
        ("fermer", {"is_active": False}),
        ("rouvrir", {"is_active": True}),
        ("equipe", {"is_staff": True}),
        ("coordination", {"is_superuser": True, "is_staff": True}),
        ("hors-coordination", {"is_superuser": False, "is_staff": True}),
        ("hors-equipe", {"is_staff": False}),
        ("second-facteur", {}),
        ("sessions", {}),
    ]
    for name, state in expected:
        assert gesture(office, alice.user, name)["Location"] == page_of(alice.user)
        user = User.objects.get(pk=alice.user_id)
        assert {field: getattr(user, field) for field in state} == state
    assert not alice.user.authenticator_set.exists()
    assert gesture(office, alice.user, "inconnu").status_code == 404
    address = reverse("admin:accounts_user_gesture", args=[alice.user_id, "fermer"])
    assert office.get(address).status_code == 405


def test_the_last_coordinator_cannot_leave(office: Client, coordinator: Person) -> None:
    answer = gesture(office, coordinator.user, "hors-coordination")
    assert sentences(answer) == ["C’est le dernier compte de coordination\u00a0: il doit le rester."]
    assert User.objects.get(pk=coordinator.user_id).is_superuser


def test_a_coordinator_who_leaves_is_led_out(office: Client, coordinator: Person) -> None:
    make_user(is_superuser=True, is_staff=True)
    assert gesture(office, coordinator.user, "hors-coordination")["Location"] == "/"


def test_an_account_is_not_typed_in(office: Client, alice: Person) -> None:
    assert office.post(page_of(alice.user), {"email": "autre@exemple.test"}).status_code == 403
    assert office.get(reverse("admin:accounts_user_add")).status_code == 403


# --- Posts ---


def mandate_data(**fields: str) -> dict[str, str]:
    return {
        "name": "Ève Lepic",
        "email": "eve@exemple.test",
        "title": "maire",
        "commune": "Sées",
        "scope": "",
        "starts_on": "2026-03-22",
        "ends_on": "",
        "invites": "on",
    } | fields


def test_an_official_is_written_down_and_invited_in_one_gesture(office: Client) -> None:
    commune = make_commune("Sées")
    answer = office.post(reverse("admin:accounts_mandate_add"), mandate_data())
    assert answer.status_code == 302
    mandate = Mandate.objects.get()
    assert (mandate.person.name, mandate.commune, mandate.starts_on) == ("Ève Lepic", commune, date(2026, 3, 22))
    assert Message.objects.get().kind == "accounts.staff_invitation"
    assert Invitation.objects.get().leads_to == "/mairie/"


@pytest.mark.parametrize("scope", ["epci", "departement"])
def test_an_official_of_a_wider_territory(office: Client, scope: str) -> None:
    epci = make_epci()
    value = epci.siren if scope == "epci" else scope
    office.post(reverse("admin:accounts_mandate_add"), mandate_data(commune="", scope=value))
    mandate = Mandate.objects.get()
    assert (mandate.epci, mandate.is_departmental) == ((epci, False) if scope == "epci" else (None, True))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"commune": ""}, "l’un des deux"),
        ({"scope": "departement"}, "l’un des deux"),
        ({"commune": "Paris"}, "n’est pas dans l’Orne"),
        ({"ends_on": "2026-01-01"}, "ne peut finir avant d’avoir commencé"),
        ({"email": "eve@"}, "n’est pas complète"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(office: Client, fields: dict, sentence: str) -> None:
    make_commune("Sées")
    page = office.post(reverse("admin:accounts_mandate_add"), mandate_data(**fields)).content.decode()
    assert sentence in page
    assert "Ève Lepic" in page
    assert not Mandate.objects.exists()
    assert not Person.objects.filter(email="eve@exemple.test").exists()


def test_a_mandate_is_corrected_lent_and_ended(office: Client, alice: Person, clock_at) -> None:
    mandate = make_mandate(alice)
    data = {"title": "maire déléguée", "starts_on": "2026-03-23", "ends_on": ""}
    assert office.post(page_of(mandate), data).status_code == 302
    mandate.refresh_from_db()
    assert (mandate.title, mandate.starts_on) == ("maire déléguée", date(2026, 3, 23))
    data = {"name": "Paul", "email": "paul@exemple.test", "starts_on": "2026-12-01", "ends_on": ""}
    answer = office.post(reverse("admin:accounts_mandate_delegate", args=[mandate.pk]), data)
    assert answer["Location"] == page_of(mandate)
    delegation = Delegation.objects.get()
    assert delegation.delegate.email == "paul@exemple.test"
    assert "Finir la délégation de Paul" in office.get(page_of(mandate)).content.decode()
    make_delegation(mandate, make_person(), starts_on=date(2026, 4, 1))
    office.post(reverse("admin:accounts_delegation_end", args=[delegation.pk]))
    answer = office.post(reverse("admin:accounts_mandate_end", args=[mandate.pk]))
    mandate.refresh_from_db()
    assert mandate.ends_on is not None
    assert not Delegation.objects.filter(ends_on__isnull=True).exists()


def test_a_refused_delegation_keeps_what_was_typed(office: Client, alice: Person) -> None:
    mandate = make_mandate(alice)
    data = {"name": "Alice", "email": alice.email, "starts_on": "2026-12-01", "ends_on": ""}
    page = office.post(reverse("admin:accounts_mandate_delegate", args=[mandate.pk]), data).content.decode()
    assert "à soi-même" in page
    assert f'value="{alice.email}"' in page


# --- Invitations, organisations ---


def test_somebody_joins_the_team(office: Client) -> None:
    data = {"name": "Ève Lepic", "email": "eve@exemple.test", "role": "la coordination des espaces"}
    answer = office.post(reverse("admin:accounts_invitation_invite"), data)
    assert answer["Location"] == list_of("invitation")
    assert User.objects.get(email="eve@exemple.test").is_staff
    invitation = Invitation.objects.get()
    assert "Renvoyer l’invitation" in office.get(page_of(invitation)).content.decode()
    office.post(reverse("admin:accounts_invitation_again", args=[invitation.pk]))
    assert Message.objects.filter(kind="accounts.staff_invitation").count() == 2


def test_an_organisation_is_noted_with_who_answers(office: Client, alice: Person) -> None:
    make_commune("Sées")
    data = {"kind": "notary", "name": "Étude de Sées", "siret": "", "commune": "Sées", "contact": alice.email}
    assert office.post(reverse("admin:accounts_organisation_add"), data | {"website": ""}).status_code == 302
    organisation = Organisation.objects.get()
    assert (organisation.contact, organisation.siret, organisation.commune.name) == (alice, None, "Sées")
    page = office.post(page_of(organisation), data | {"contact": "inconnu@exemple.test"}).content.decode()
    assert "notez d’abord cette personne" in page
