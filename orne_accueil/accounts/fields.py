"""Fields that several forms of accounts share: an address, a telephone, a commune as one types it."""

import re
from typing import Any

from django import forms

from orne_accueil.common.text import NBSP, joined
from orne_accueil.territory.models import Commune
from orne_accueil.territory.selectors import find_place, search_communes

from .rules import normal_phone


class LowerEmailField(forms.EmailField):
    """An address, in lower case: as it is stored and compared."""

    default_error_messages = {
        "required": "Indiquez une adresse.",
        "invalid": "Cette adresse n’est pas complète" + NBSP + ": vérifiez-la.",
    }

    def clean(self, value: Any) -> str:
        return str(super().clean(value)).lower()


class PhoneField(forms.CharField):
    """A telephone number, as it is stored."""

    widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})

    def clean(self, value: Any) -> str:
        phone = normal_phone(super().clean(value))
        if phone is None:
            raise forms.ValidationError(
                f"Ce numéro n’est pas complet{NBSP}: dix chiffres, ou l’indicatif du pays d’abord."
            )
        return phone


class CodeField(forms.CharField):
    """A code copied from a mail or a telephone: its blanks, no-break ones included, and its dashes do not count."""

    widget = forms.TextInput(
        attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "size": "10", "spellcheck": "false"}
    )
    default_error_messages = {"required": "Tapez le code."}

    def clean(self, value: Any) -> str:
        return re.sub(r"[^0-9A-Za-z]", "", super().clean(value))


class CommuneField(forms.CharField):
    """A commune of the Orne, as one types it; gives a Commune, or None when left empty."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 100)
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "off"}))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """What the box shows: a name, for the Commune or the number that a model form hands over."""
        if isinstance(value, int):
            value = Commune.objects.filter(pk=value).first()
        return value.name if isinstance(value, Commune) else value

    def clean(self, value: Any) -> Commune | None:
        typed = super().clean(value)
        if not typed.strip():
            return None
        place = find_place(typed)
        if place is None or place.commune is None:
            close = joined([commune.name for commune in search_communes(typed, limit=3)], "ou")
            hint = f" Est-ce {close}{NBSP}?" if close else ""
            raise forms.ValidationError(f"Cette commune n’est pas dans l’Orne.{hint}")
        return place.commune

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((self.prepare_value(initial) or "") != (data or ""))
