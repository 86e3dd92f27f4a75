"""Every word that somebody may write about somebody is declared in the register."""

import pytest
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from orne_accueil.accounts.models import MailPreference, Person
from orne_accueil.common import personal_data

OURS = ("orne_accueil.", "coworking.", "housing.", "mentoring.", "club.")


def our_models() -> list[type[models.Model]]:
    found = [model for model in apps.get_models() if model.__module__.startswith(OURS)]
    return sorted(found, key=lambda model: model._meta.label)


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model._meta.label)
def test_every_text_file_or_json_field_is_declared(model: type[models.Model]) -> None:
    missing = personal_data.undeclared(model)
    assert not missing, (
        f"{model._meta.label}: declare {', '.join(missing)} in {model._meta.app_label}/personal_data.py, "
        "as personal (what it holds) or as not personal"
    )


@pytest.mark.parametrize("declared", personal_data.declarations(), ids=lambda declared: declared.model._meta.label)
def test_a_declaration_says_about_whom_and_for_how_long(declared: personal_data.Declaration) -> None:
    assert declared.retention.endswith(".")
    assert all(what.endswith(".") for what in declared.fields.values())
    if declared.subject is None:
        return
    reached = declared.model
    for step in filter(None, declared.subject.split("__")):
        reached = reached._meta.get_field(step).related_model
    assert reached is Person


def test_an_undeclared_field_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal_data, "_declarations", {})
    assert personal_data.undeclared(Person) == ["name", "email", "phone"]


def test_a_declaration_of_a_field_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal_data, "_declarations", {})
    with pytest.raises(ValueError, match="nickname"):
        personal_data.declare(MailPreference, fields={"nickname": "Son surnom."}, retention="Un an.")
    with pytest.raises(FieldDoesNotExist):
        MailPreference._meta.get_field("nickname")


def test_two_declarations_of_one_model_are_refused() -> None:
    with pytest.raises(ValueError, match="already declared"):
        personal_data.declare(Person, retention="Un an.")
