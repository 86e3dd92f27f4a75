"""The register of personal data: each app says, in `personal_data.py`, what its models hold about whom.

Export, erasure and retention walk it, and the page of the register is drawn from it. The modules are loaded
when Django is ready; a test walks every model, so that no text, file or JSON field stays undeclared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.contrib.postgres.fields import ArrayField
from django.db import models


@dataclass(frozen=True)
class Declaration:
    """What one model holds, and about whom (`declare` says what each value means)."""

    model: type[models.Model]
    subject: str | None
    fields: Mapping[str, str] = field(default_factory=dict)
    not_personal: frozenset[str] = frozenset()
    retention: str = ""
    export: bool = True

    @property
    def is_personal(self) -> bool:
        return bool(self.fields)


_declarations: dict[type[models.Model], Declaration] = {}


def declare(
    model: type[models.Model],
    *,
    subject: str | None = "person",
    fields: Mapping[str, str] | None = None,
    not_personal: Iterable[str] = (),
    retention: str,
    export: bool = True,
) -> None:
    """Declare the personal fields of a model (field: what it holds, in French) and those that are not.

    `subject` is the lookup path from the model to the Person concerned ("person", "booking__person"), "" for
    Person itself, None where the row names nobody (then `fields` may still hold free text). `retention` says
    in French how long it stays. `export=False` keeps it out of what the person downloads, for what is about
    somebody else. Raises ValueError for a second declaration or a field that does not exist.
    """
    if model in _declarations:
        raise ValueError(f"{model._meta.label} is already declared")
    declaration = Declaration(model, subject, dict(fields or {}), frozenset(not_personal), retention, export)
    names = {declared.name for declared in model._meta.get_fields()}
    if unknown := (set(declaration.fields) | declaration.not_personal) - names:
        raise ValueError(f"{model._meta.label} has no field {', '.join(sorted(unknown))}")
    if both := set(declaration.fields) & declaration.not_personal:
        raise ValueError(f"{model._meta.label} declares {', '.join(sorted(both))} twice")
    _declarations[model] = declaration


def nothing_personal(model: type[models.Model], *, why: str) -> None:
    """Declare that a model holds nothing about anybody: official data, counters, wording of ours."""
    names = [declared.name for declared in model._meta.concrete_fields]
    declare(model, subject=None, not_personal=names, retention=why, export=False)


def declarations() -> list[Declaration]:
    """Every declaration, by model label."""
    return sorted(_declarations.values(), key=lambda declaration: declaration.model._meta.label)


def declaration_of(model: type[models.Model]) -> Declaration | None:
    return _declarations.get(model)


def can_hold_words(model_field: models.Field) -> bool:
    """Whether somebody may write about somebody in that field: text, file, JSON, address of a machine."""
    if isinstance(model_field, ArrayField):
        return can_hold_words(model_field.base_field)
    kinds = (
        models.CharField,
        models.TextField,
        models.FileField,
        models.JSONField,
        models.GenericIPAddressField,
    )
    return isinstance(model_field, kinds)


def undeclared(model: type[models.Model]) -> list[str]:
    """The fields of a model that may hold personal data and that nobody declared, either way."""
    declaration = declaration_of(model)
    declared = set(declaration.fields) | declaration.not_personal if declaration else set()
    fields = model._meta.local_concrete_fields
    return [found.name for found in fields if can_hold_words(found) and found.name not in declared]
