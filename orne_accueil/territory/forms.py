"""What one may ask of the list of communes."""

from django import forms

from .models import Epci

STATION_KM = (5, 10, 15, 20)


class CommuneFilterForm(forms.Form):
    """A name, an EPCI, a distance to a station: all optional, all in the address of the page."""

    q = forms.CharField(label="Nom ou code postal", max_length=100, required=False)
    epci = forms.ChoiceField(label="Communauté de communes", required=False)
    gare = forms.TypedChoiceField(
        label="Distance d’une gare",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "Peu importe"), *((km, f"À {km} km au plus") for km in STATION_KM)],
        error_messages={"invalid_choice": "Choisissez une distance dans la liste."},
    )

    def __init__(self, *args: object, epcis: list[Epci], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["epci"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Toutes"), *((epci.siren, epci.bare_name) for epci in epcis)]
        field.error_messages["invalid_choice"] = "Choisissez une communauté de communes dans la liste."
