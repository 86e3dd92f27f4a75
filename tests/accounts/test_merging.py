"""Two persons who prove to be one keep everything of both."""

from datetime import date

import pytest
from allauth.account.models import EmailAddress
from auditlog.models import LogEntry
from django.apps import apps
from django.db import models

from orne_accueil.accounts import merging, selectors
from orne_accueil.accounts.actions import merge_persons
from orne_accueil.accounts.models import (
    Delegation,
    FormerPerson,
    Invitation,
    MailPreference,
    Mandate,
    Organisation,
    Person,
    User,
)
from orne_accueil.common.errors import DomainError
from orne_accueil.outbox.enums import Category
from orne_accueil.outbox.hooks import recipients
from tests.conftest import paris
from tests.factories import make_commune, make_delegation, make_mandate, make_organisation, make_person, make_user

pytestmark = pytest.mark.django_db

NOW = paris("2026-12-01 09:00")


def merge(keep: Person, drop: Person, by: Person | None = None) -> Person:
    return merge_persons(keep=keep, drop=drop, by=by, at=NOW)


def test_every_relation_to_person_is_walked() -> None:
    """Found here by asking each model for its foreign keys; found there by asking Person: both must agree."""
    expected = {
        (model, field.name)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey) and field.related_model is Person
    }
    assert {(relation.model, relation.field) for relation in merging.relations()} == expected
    assert (Person, "typed_by") in expected
    assert (Mandate, "person") in expected


def test_everything_of_both_is_on_the_one_who_is_kept(alice: Person) -> None:
    double = make_person("Alice M.", email="alice.bis@exemple.test", phone="06 12 34 56 78", commune=make_commune())
    mandate = make_mandate(double)
    organisation = make_organisation(contact=double)
    typed = make_person("Notée", typed_by=double)
    kept = merge(alice, double)
    for row in (mandate, organisation, typed):
        row.refresh_from_db()
    assert (mandate.person, organisation.contact, typed.typed_by) == (kept, kept, kept)
    assert (kept.name, kept.email) == ("Alice Martin", "alice@exemple.test")
    assert kept.phone == "06 12 34 56 78"
    assert kept.commune == double.commune
    assert not Person.objects.filter(pk=double.pk).exists()


def test_the_old_number_leads_to_the_new(alice: Person) -> None:
    first, second = make_person("Un"), make_person("Deux")
    numbers = first.pk, second.pk
    merge(second, first)
    merge(alice, Person.objects.get(pk=numbers[1]))
    for number in numbers:
        assert selectors.current_person(number) == alice
        assert recipients().address(f"person:{number}").email == alice.email
    assert FormerPerson.objects.count() == 2


def test_an_account_is_kept_from_either_side(alice: Person) -> None:
    noted = make_person("Alice M.", email=None, phone="06 12 34 56 78")
    user = alice.user
    kept = merge(noted, alice)
    assert kept.user == user
    assert kept.email == "alice@exemple.test"


def test_of_two_accounts_one_stays_and_both_addresses_open_it(alice: Person, client) -> None:
    from tests.accounts.browser import sign_in_by_code, signed_in_as

    other = make_person("Alice", user=True, email="alice.pro@exemple.test")
    kept = merge(alice, other)
    assert not User.objects.filter(email="alice.pro@exemple.test").exists()
    addresses = EmailAddress.objects.filter(user=kept.user).order_by("email")
    assert [(address.email, address.primary) for address in addresses] == [
        ("alice.pro@exemple.test", False),
        ("alice@exemple.test", True),
    ]
    sign_in_by_code(client, "alice.pro@exemple.test")
    assert signed_in_as(client) == kept.user
    assert Person.objects.get(pk=alice.pk).email == "alice@exemple.test"


def test_a_coordinator_is_not_dropped(alice: Person, coordinator: Person) -> None:
    with pytest.raises(DomainError, match="fusionnez dans l’autre sens"):
        merge(alice, coordinator)
    assert merge(coordinator, alice).user.is_superuser


def test_of_two_answers_on_mails_the_refusal_stays(alice: Person) -> None:
    double = make_person("Alice M.")
    for person, accepts in ((alice, True), (double, False)):
        MailPreference.objects.create(person=person, category=Category.CLUB, accepts=accepts)
    MailPreference.objects.create(person=double, category=Category.HOUSING, accepts=True)
    merge(alice, double)
    answers = dict(alice.mail_preferences.values_list("category", "accepts"))
    assert answers == {"club": False, "housing": True}


def test_a_collision_without_a_rule_refuses_and_changes_nothing(alice: Person) -> None:
    double = make_person("Alice M.", phone="06 12 34 56 78")
    commune = make_commune()
    make_mandate(alice, commune=commune)
    make_mandate(double, commune=commune, title="adjointe")
    organisation = make_organisation(contact=double)
    with pytest.raises(DomainError, match="au même endroit"):
        merge(alice, double)
    organisation.refresh_from_db()
    assert organisation.contact == double
    assert Person.objects.get(pk=double.pk).email == double.email


def test_a_domain_may_settle_its_collisions(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "_rules", dict(merging._rules))
    merging.register_rule(Mandate, lambda row, keep: row.delete())
    double = make_person("Alice M.")
    commune = make_commune()
    make_mandate(alice, commune=commune)
    make_mandate(double, commune=commune)
    elsewhere = make_mandate(double)
    merge(alice, double)
    assert set(alice.mandates.values_list("commune", flat=True)) == {commune.pk, elsewhere.commune_id}


def test_nobody_ends_up_delegating_to_herself(alice: Person) -> None:
    double = make_person("Alice M.")
    make_delegation(make_mandate(alice), double)
    merge(alice, double)
    assert not Delegation.objects.exists()


def test_nobody_ends_up_typed_by_herself(alice: Person) -> None:
    double = make_person("Alice M.", typed_by=alice)
    assert merge(double, alice).typed_by is None


@pytest.mark.parametrize("again", [True, False])
def test_the_same_row_or_one_already_gone_is_refused(alice: Person, again: bool) -> None:
    double = make_person("Alice M.")
    stale = Person.objects.get(pk=double.pk)
    if again:
        merge(alice, double)
    with pytest.raises(DomainError):
        merge(alice, stale if again else alice)


def test_the_merge_is_in_the_log_by_numbers(alice: Person, coordinator: Person) -> None:
    double = make_person("Alice M.")
    number = double.pk
    merge(alice, double, by=coordinator)
    entry = LogEntry.objects.get_for_object(alice).latest()
    assert entry.additional_data == {"what": "fusion", "by_person": coordinator.pk, "merged_person": number}


def test_the_preview_counts_what_would_move(alice: Person) -> None:
    make_mandate(alice, starts_on=date(2020, 3, 15), ends_on=date(2026, 3, 21))
    make_mandate(alice)
    make_organisation(contact=alice)
    Invitation.objects.create(person=alice, role="animatrice", created_at=NOW, expires_at=paris("2026-12-15 09:00"))
    assert merging.belongings(alice) == [("invitation", 1), ("mandats", 2), ("organisation", 1)]
    assert Organisation.objects.count() == 1


def test_a_user_without_person_is_no_obstacle() -> None:
    make_user()
    kept = merge(make_person("Un", email=None, phone="06 12 34 56 78"), make_person("Deux", email=None))
    assert kept.name == "Un"
