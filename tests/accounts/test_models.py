"""Constraints of people and posts: each says its sentence, and the database holds without the form."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from orne_accueil.accounts.models import Mandate, Person, User
from orne_accueil.accounts.rules import normal_email, normal_phone
from tests.factories import make_commune, make_delegation, make_epci, make_mandate, make_person

pytestmark = pytest.mark.django_db


def refused_by(constraint: str, model, **fields) -> None:
    """The form says the constraint's sentence, and the table refuses the row by itself."""
    row = model(**fields)
    sentences = {c.name: c.violation_error_message for c in model._meta.constraints}
    with pytest.raises(ValidationError) as refusal:
        row.validate_constraints()
    assert sentences[constraint] in refusal.value.messages
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save()


def test_two_persons_never_share_an_address(alice: Person) -> None:
    refused_by("person_email_is_hers_alone", Person, name="Autre", email=alice.email)


def test_two_persons_may_both_have_no_address() -> None:
    make_person("Sans adresse", email=None)
    make_person("Sans adresse non plus", email=None)


def test_an_address_in_capitals_is_refused() -> None:
    refused_by("person_email_is_lower_case", Person, name="Ève", email="Eve@exemple.test")
    refused_by("user_email_is_lower_case", User, email="Eve@exemple.test")


def test_somebody_without_name_nor_address_nor_phone_is_refused() -> None:
    refused_by("person_can_be_called", Person)


@pytest.mark.parametrize("fields", [{}, {"commune": True, "epci": True}, {"commune": True, "is_departmental": True}])
def test_a_mandate_with_no_scope_or_two_is_refused(alice: Person, fields: dict) -> None:
    if "commune" in fields:
        fields = fields | {"commune": make_commune()}
    if "epci" in fields:
        fields = fields | {"epci": make_epci()}
    refused_by("mandate_has_one_scope", Mandate, person=alice, title="maire", starts_on=date(2026, 3, 22), **fields)


def test_a_mandate_that_ends_before_it_starts_is_refused(alice: Person) -> None:
    commune = make_commune()
    dates = {"starts_on": date(2026, 3, 22), "ends_on": date(2026, 3, 21)}
    with pytest.raises(IntegrityError), transaction.atomic():
        Mandate.objects.create(person=alice, title="maire", commune=commune, **dates)


@pytest.mark.parametrize("scope", ["commune", "epci", "departement"])
def test_one_territory_gives_one_mandate_at_a_time(alice: Person, bob: Person, scope: str) -> None:
    territory = {
        "commune": lambda: {"commune": make_commune()},
        "epci": lambda: {"epci": make_epci()},
        "departement": lambda: {"is_departmental": True},
    }[scope]()
    make_mandate(alice, ends_on=date(2027, 6, 30), **territory)
    refused_by(
        f"mandate_is_held_once_per_{scope}",
        Mandate,
        person=alice,
        title="adjointe",
        starts_on=date(2027, 6, 30),
        **territory,
    )
    make_mandate(alice, starts_on=date(2027, 7, 1), **territory)
    make_mandate(bob, **territory)


def test_one_person_may_hold_several_territories(alice: Person) -> None:
    make_mandate(alice, commune=make_commune())
    make_mandate(alice, commune=make_commune())
    make_mandate(alice, epci=make_epci())
    make_mandate(alice, is_departmental=True)


def test_a_mandate_is_delegated_once_to_each(alice: Person, bob: Person, chloe: Person) -> None:
    mandate = make_mandate(alice)
    make_delegation(mandate, bob)
    make_delegation(mandate, chloe)
    with pytest.raises(IntegrityError, match="delegation_is_given_once"), transaction.atomic():
        make_delegation(mandate, bob)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("06 12 34 56 78", "06 12 34 56 78"),
        ("06.12-34/56 78", "06 12 34 56 78"),
        ("+33 6 12 34 56 78", "06 12 34 56 78"),
        ("0033 (0)2 33 67 00 00", "02 33 67 00 00"),
        ("+44 20 7183 8750", "+442071838750"),
        ("0044 20 7183 8750", "+442071838750"),
        ("", ""),
        (" ", ""),
        ("06 12 34 56", None),
        ("06 12 34 56 78 90", None),
        ("appelez la mairie", None),
    ],
)
def test_a_phone_number_is_stored_in_one_way(typed: str, stored: str | None) -> None:
    assert normal_phone(typed) == stored


@pytest.mark.parametrize(("typed", "stored"), [(" A@B.fr ", "a@b.fr"), ("", None), (None, None), ("  ", None)])
def test_an_address_is_stored_in_one_way(typed: str | None, stored: str | None) -> None:
    assert normal_email(typed) == stored
