"""Every registered admin: read-only or through actions, and no bulk delete anywhere."""

import pytest
from django.contrib import admin
from django.test import RequestFactory

from orne_accueil.accounts.models import Person
from orne_accueil.common.admin import ActionAdmin, PlainAdmin, ReadOnlyAdmin

OURS = ("orne_accueil.", "coworking.", "housing.", "mentoring.", "club.")

# Reference rows that no action governs. A model that gains an action leaves this list.
PLAIN = {"accounts.Organisation", "coworking.Equipment"}

REGISTERED = sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label)


def names(item: object) -> str:
    return getattr(getattr(item, "_meta", None), "label", type(item).__name__)


@pytest.mark.parametrize(("model", "model_admin"), REGISTERED, ids=names)
def test_an_admin_is_read_only_or_saves_through_actions(model, model_admin) -> None:
    if model._meta.label in PLAIN:
        assert isinstance(model_admin, PlainAdmin)
        return
    assert isinstance(model_admin, ReadOnlyAdmin | ActionAdmin), f"{model._meta.label} writes behind the actions' back"
    if isinstance(model_admin, ActionAdmin):
        assert type(model_admin).save_model is not ActionAdmin.save_model
        assert type(model_admin).save_related is ActionAdmin.save_related


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "model_admin"), REGISTERED, ids=names)
def test_no_admin_deletes_in_bulk(model, model_admin, coordinator: Person, rf: RequestFactory) -> None:
    request = rf.get("/admin/")
    request.user = coordinator.user
    assert "delete_selected" not in model_admin.get_actions(request)


@pytest.mark.parametrize(("model", "model_admin"), REGISTERED, ids=names)
def test_an_inline_of_ours_cannot_be_typed_in(model, model_admin) -> None:
    for inline in model_admin.inlines:
        if inline.model.__module__.startswith(OURS):
            assert not inline.can_delete, inline
            assert inline.max_num == 0 or inline.has_add_permission is not admin.TabularInline.has_add_permission
