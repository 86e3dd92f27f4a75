"""What every admin of ours is: read-only, or a door to the actions. Nothing is written behind their back."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst

from .errors import DomainError
from .text import NBSP


class NoBulkDelete:
    """No row disappears by a tick in a list. Pages are called by what they show, in plain French."""

    opts: Any

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)  # type: ignore[misc]
        actions.pop("delete_selected", None)
        return actions

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """« Personnes », where Django says « Sélectionnez l’objet personne à changer »."""
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, title | (extra_context or {}))  # type: ignore[misc]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The row's own name, where Django says « Modification de personne »."""
        original = context.get("original")
        context["title"] = str(original) if original else f"{capfirst(self.opts.verbose_name)}{NBSP}: ajouter"
        context["subtitle"] = None
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]


class ReadOnlyAdmin(NoBulkDelete, admin.ModelAdmin):
    """To look at. What may be done to a row is a button that calls an action."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class ActionAdmin(NoBulkDelete, admin.ModelAdmin):
    """To type in. Saving calls an action: `save_model` is overridden, and leaves the saved row in `obj`.

    The action opens its own transaction: the admin's is left out, so that `durable=True` holds. What it
    refuses with a DomainError is shown in the form, on the field it names, with everything that was typed.
    Nothing is deleted here unless a subclass says how.
    """

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        raise NotImplementedError(f"{type(self).__name__}.save_model must call an action")

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        """Relations are written by the action too: rows shown under another are only to look at."""
        for formset in formsets:
            formset.new_objects = formset.changed_objects = formset.deleted_objects = []

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form; shown again with the action's sentence when it refused."""
        try:
            return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]
        except DomainError as refusal:
            request._orne_refusal = refusal  # type: ignore[attr-defined]
            return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal: DomainError | None = getattr(request, "_orne_refusal", None)
        return form if refusal is None else _refused(form, refusal)


class PlainAdmin(NoBulkDelete, admin.ModelAdmin):
    """For reference rows that no action governs: typed and saved as they are, one at a time."""


def _refused(form: type[ModelForm], refusal: DomainError) -> type[ModelForm]:
    class Refused(form):  # type: ignore[misc, valid-type]
        def clean(self) -> dict[str, Any]:
            cleaned: dict[str, Any] = super().clean() or self.cleaned_data
            self.add_error(refusal.field if refusal.field in self.fields else None, refusal.message)
            return cleaned

    return Refused
