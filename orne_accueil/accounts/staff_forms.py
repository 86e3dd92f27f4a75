"""What the coordination types about people and posts, in the back office."""

from typing import Any

from django import forms

from orne_accueil.common import clock
from orne_accueil.territory.models import Commune, Epci

from .fields import CommuneField, LowerEmailField, PhoneField
from .models import Mandate, Organisation, Person

DEPARTMENT = "departement"


def day_field(label: str, *, required: bool = True, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=label, required=required, help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Donnez un jour.", "invalid": "Ce jour n’existe pas."},
    )  # fmt: skip


class PersonForm(forms.ModelForm):
    """A person, as somebody on the phone says who she is."""

    name = forms.CharField(label="Prénom et nom", max_length=150, required=False)
    email = LowerEmailField(label="Adresse e-mail", max_length=254, required=False)
    phone = PhoneField(label="Téléphone", max_length=30, required=False)
    commune = CommuneField(label="Commune", required=False)

    class Meta:
        model = Person
        fields = ("name", "email", "phone", "commune")

    def clean_email(self) -> str | None:
        return self.cleaned_data["email"] or None


class MandateForm(forms.ModelForm):
    """Who holds which post, where, from when: the person is found by her address, or written down."""

    name = forms.CharField(label="Prénom et nom", max_length=150)
    email = LowerEmailField(label="Adresse e-mail", max_length=254, help_text="Celle avec laquelle elle se connectera.")
    title = forms.CharField(
        label="Titre", max_length=80, help_text="«\u00a0maire\u00a0», «\u00a0adjointe au logement\u00a0»."
    )
    commune = CommuneField(label="Commune", required=False)
    scope = forms.ChoiceField(label="Ou territoire plus large", required=False)
    starts_on = day_field("Du")
    ends_on = day_field("Au", required=False, help_text="Dernier jour compris\u00a0; vide si on ne sait pas.")
    invites = forms.BooleanField(label="L’inviter par courrier à se connecter", required=False, initial=True)

    class Meta:
        model = Mandate
        fields = ("title", "commune", "starts_on", "ends_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scope = self.fields["scope"]
        assert isinstance(scope, forms.ChoiceField)
        scope.choices = [
            ("", "—"),
            (DEPARTMENT, "Tout le Département"),
            *((epci.siren, str(epci)) for epci in Epci.objects.order_by("name")),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and bool(cleaned.get("commune")) == bool(cleaned.get("scope")):
            self.add_error("commune", "Donnez une commune, ou un territoire plus large\u00a0: l’un des deux.")
        return cleaned

    def _post_clean(self) -> None:
        """The row's constraints are checked by the action, which writes the person first."""

    def scope_values(self) -> dict[str, Any]:
        """Commune, EPCI or Département, as the action wants them."""
        scope, commune = self.cleaned_data["scope"], self.cleaned_data["commune"]
        if scope == DEPARTMENT:
            return {"is_departmental": True}
        if scope:
            return {"epci": Epci.objects.get(siren=scope)}
        assert isinstance(commune, Commune)
        return {"commune": commune}


class MandateDatesForm(forms.ModelForm):
    """A post already written down: its title and its dates; the person and the place stay."""

    starts_on = day_field("Du")
    ends_on = day_field("Au", required=False, help_text="Dernier jour compris. Ses délégations finissent avec lui.")

    class Meta:
        model = Mandate
        fields = ("title", "starts_on", "ends_on")


class DelegationForm(forms.Form):
    """To whom a mandate is lent, and until when."""

    name = forms.CharField(label="Prénom et nom", max_length=150)
    email = LowerEmailField(label="Adresse e-mail", max_length=254)
    starts_on = day_field("Du")
    ends_on = day_field("Au", required=False, help_text="Vide\u00a0: jusqu’à la fin du mandat.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["starts_on"].initial = clock.today


class InvitationForm(forms.Form):
    """Somebody joins the team."""

    name = forms.CharField(label="Prénom et nom", max_length=150)
    email = LowerEmailField(label="Adresse e-mail", max_length=254)
    role = forms.CharField(
        label="Elle est invitée pour", max_length=150,
        help_text="Par exemple «\u00a0la coordination des espaces\u00a0»\u00a0: le courrier le dit tel quel.",
    )  # fmt: skip


class OrganisationForm(forms.ModelForm):
    """A body that takes part in the welcome, and who answers for it."""

    commune = CommuneField(label="Commune", required=False)
    contact = LowerEmailField(
        label="Adresse de qui répond pour elle", max_length=254, required=False,
        help_text="Celle d’une personne déjà connue ici.",
    )  # fmt: skip
    website = forms.URLField(label="Site", required=False, assume_scheme="https")

    class Meta:
        model = Organisation
        fields = ("kind", "name", "siret", "commune", "contact", "website")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.contact_id:
            self.initial["contact"] = self.instance.contact.email

    def clean_siret(self) -> str | None:
        return self.cleaned_data["siret"] or None

    def clean_contact(self) -> Person | None:
        email = self.cleaned_data["contact"]
        if not email:
            return None
        person = Person.objects.with_email(email).first()
        if person is None:
            raise forms.ValidationError("Personne ici n’a cette adresse\u00a0: notez d’abord cette personne.")
        return person
