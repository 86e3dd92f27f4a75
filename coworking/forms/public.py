"""Forms of the public pages: the search, the booking, what one says when freeing or answering."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from coworking.enums import BookingMode, Period, RoomKind, Usage
from coworking.models import Booking, Room
from coworking.rules.slots import Wish
from coworking.selectors import Search
from orne_accueil.accounts.rules import normal_phone
from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError
from orne_accueil.common.holidays import is_working_day
from orne_accueil.common.text import NBSP
from orne_accueil.territory.selectors import Place, find_place, suggestions

FARTHEST = timedelta(days=3 * 366)
"""No day beyond is understood: calendars end somewhere."""

TIME_FORMATS = ["%H:%M", "%H:%M:%S", "%Hh%M", "%Hh", "%H h %M", "%H h"]

PERIOD_SLUGS = {"matin": Period.MORNING, "apres-midi": Period.AFTERNOON, "journee": Period.DAY}
BY_TIMES = "heures"
KIND_SLUGS = {
    "bureau": RoomKind.DESK,
    "bureau-ferme": RoomKind.OFFICE,
    "reunion": RoomKind.MEETING,
    "formation": RoomKind.TRAINING,
    "appel": RoomKind.BOOTH,
}
KIND_QUESTIONS = [
    ("", "Tout"),
    ("bureau", "Un bureau partagé"),
    ("bureau-ferme", "Un bureau fermé"),
    ("reunion", "Une réunion"),
    ("formation", "Une formation"),
    ("appel", "Un appel"),
]
MOMENT_QUESTIONS = [
    ("journee", "Journée"),
    ("matin", "Matin"),
    ("apres-midi", "Après-midi"),
    (BY_TIMES, "Heures précises"),
]


def next_working_day(today: date) -> date:
    """The day one most likely means: tomorrow, or the next day that is neither a weekend's nor a holiday."""
    day = today + timedelta(days=1)
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


class DayField(forms.DateField):
    """A day to come, as the browser's calendar writes it or as one types it in French."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    input_formats = ["%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y", "%d.%m.%Y", "%d-%m-%Y"]
    default_error_messages = {
        "required": "Quel jour ?",
        "invalid": "Ce jour n’existe pas. Exemple : 01/12/2026.",
        "past": "Ce jour est déjà passé.",
        "far": "Ce jour est trop loin.",
    }

    def __init__(self, *, today: date, **kwargs: Any) -> None:
        super().__init__(input_formats=self.input_formats, **kwargs)
        self.today = today
        self.widget.attrs["min"] = today.isoformat()

    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value is None:
            return
        if value < self.today:
            raise ValidationError(self.error_messages["past"], code="past")
        if value > self.today + FARTHEST:
            raise ValidationError(self.error_messages["far"], code="far")


def time_field(label: str, **kwargs: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        required=False,
        input_formats=TIME_FORMATS,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": "900"}),
        error_messages={"invalid": "Cette heure ne se lit pas. Exemple : 14:00."},
        **kwargs,
    )


def instants(day: date, starts: time, ends: time) -> tuple[datetime, datetime]:
    """Two wall times of a day as instants. Raises DomainError, with its field, in the hours that a DST night skips."""
    found = []
    for field, wall in (("starts_at", starts), ("ends_at", ends)):
        try:
            found.append(clock.at_local(day, wall))
        except DomainError as error:
            raise DomainError(error.message, code="dst", field=field) from error
    return found[0], found[1]


class ShownAsTyped(forms.Form):
    """What a browser's date, time or number field cannot hold is shown as it was typed, to be corrected."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's hook, absent from the stubs
        for name in self.errors:
            widget = self.fields[name].widget if name in self.fields else None
            if isinstance(widget, forms.widgets.Input) and widget.input_type in ("date", "time", "number"):
                widget.input_type = "text"
                widget.attrs.pop("type", None)


def people_field(label: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=1,
        max_value=500,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "invalid": "Écrivez un nombre de personnes.",
            "min_value": "Une personne au moins.",
            "max_value": "500 personnes au plus.",
        },
    )


# --- The search ---


class SlugChoiceField(forms.ChoiceField):
    """French words in the address, our values inside; our values are understood too."""

    def __init__(self, *, slugs: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.values = dict(slugs)
        self.slugs = {str(value): slug for slug, value in slugs.items()}

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        return self.slugs.get(text, text)


class SearchForm(ShownAsTyped):
    """« Un bureau, quand, où ? » : every answer is optional and stays in the address of the page."""

    ou = forms.CharField(
        label="Près de",
        required=False,
        max_length=100,
        error_messages={"max_length": "Un nom de commune ou de gare suffit."},
    )
    moment = SlugChoiceField(
        label="Moment",
        slugs=PERIOD_SLUGS,
        choices=MOMENT_QUESTIONS,
        error_messages={"invalid_choice": "Choisissez un moment dans la liste."},
    )
    de = time_field("De")
    a = time_field("À")
    type = SlugChoiceField(
        label="Pour",
        slugs=KIND_SLUGS,
        choices=KIND_QUESTIONS,
        error_messages={"invalid_choice": "Choisissez un type de salle dans la liste."},
    )
    personnes = people_field("Personnes")
    equipement = forms.MultipleChoiceField(
        label="Il vous faut",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Cet équipement n’est dans aucune salle."},
    )
    rayon = forms.IntegerField(
        label="Rayon (km)",
        required=False,
        min_value=1,
        max_value=200,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "invalid": "Écrivez un nombre de kilomètres, par exemple 15.",
            "min_value": "1 kilomètre au moins.",
            "max_value": "200 kilomètres au plus.",
        },
    )

    FURTHER = ("de", "a", "personnes", "equipement", "rayon")
    """What stays folded until somebody needs it."""

    def __init__(self, data: Any, *, equipment: Sequence[Any], today: date) -> None:
        self.equipment_ids = {tag.slug: tag.pk for tag in equipment}
        self.place: Place | None = None
        self.proposals: list[Any] = []
        self.is_asked = any(name in data for name in (*self.base_fields, "date"))
        super().__init__(self._completed(data, today) if self.is_asked else None)
        self.fields["date"] = DayField(label="Le", today=today, initial=next_working_day(today))
        self.fields["equipement"].choices = [(tag.slug, tag.name) for tag in equipment]  # type: ignore[attr-defined]
        self.order_fields(["ou", "date", "moment", "de", "a", "type", "personnes", "equipement", "rayon"])

    @staticmethod
    def _completed(data: Any, today: date) -> Any:
        """What was not said: the next working day, all day long, unless two times are given."""
        data = data.copy()
        if not data.get("date", "").strip():
            data["date"] = next_working_day(today).isoformat()
        if data.get("de") or data.get("a"):
            data["moment"] = BY_TIMES
        elif not data.get("moment", "").strip():
            data["moment"] = "journee"
        return data

    def clean_ou(self) -> str:
        text: str = self.cleaned_data["ou"].strip()
        if not text:
            return ""
        self.place = find_place(text)
        if self.place is None:
            self.proposals = suggestions(text)
            if self.proposals:
                raise ValidationError(f"Plusieurs lieux répondent à «{NBSP}{text}{NBSP}» : choisissez le vôtre.")
            raise ValidationError(
                f"Nous ne connaissons pas «{NBSP}{text}{NBSP}» dans l’Orne. Essayez une commune voisine ou une gare."
            )
        return text

    def clean(self) -> dict[str, Any]:
        asked = super().clean() or self.cleaned_data
        if asked.get("rayon") and not asked.get("ou") and "ou" not in self.errors:
            self.add_error("ou", "Près de quelle commune ? La distance se compte à partir de là.")
        if asked.get("moment") == BY_TIMES:
            self._read_times(asked)
        return asked

    def _read_times(self, asked: dict[str, Any]) -> None:
        day, starts, ends = (asked.get(name) for name in ("date", "de", "a"))
        for name, question in (("de", "À partir de quelle heure ?"), ("a", "Jusqu’à quelle heure ?")):
            if asked.get(name) is None and name not in self.errors:
                self.add_error(name, question)
        if day is None or starts is None or ends is None:
            return
        if ends <= starts:
            self.add_error("a", "L’heure de départ doit venir après l’heure d’arrivée.")
            return
        try:
            asked["start"], asked["end"] = instants(day, starts, ends)
        except DomainError as error:
            self.add_error({"starts_at": "de", "ends_at": "a"}[error.field or "starts_at"], error.message)

    @property
    def wants_more(self) -> bool:
        """Whether one of the folded answers is given, or wrong."""
        return self.is_bound and any(self.data.get(name) or name in self.errors for name in self.FURTHER)

    def search(self) -> Search:
        """What was asked, for the selector; the form must be valid."""
        asked = self.cleaned_data
        return Search(
            day=asked["date"],
            period=str(PERIOD_SLUGS.get(asked["moment"], "")),
            start=asked.get("start"),
            end=asked.get("end"),
            kind=str(KIND_SLUGS.get(asked["type"], "")),
            attendees=asked["personnes"] or 1,
            equipment=tuple(self.equipment_ids[slug] for slug in asked["equipement"]),
            latitude=self.place.latitude if self.place else None,
            longitude=self.place.longitude if self.place else None,
            within_km=float(asked["rayon"]) if asked["rayon"] else None,
        )

    def parameters(self, **changes: Any) -> list[tuple[str, str]]:
        """The address's query for the same search with some answers changed; an empty one goes."""
        asked = self.cleaned_data
        now: dict[str, Any] = {
            "ou": asked["ou"],
            "date": asked["date"].isoformat(),
            "moment": "" if asked["moment"] == BY_TIMES else asked["moment"],
            "de": asked["de"].strftime("%H:%M") if asked["de"] else "",
            "a": asked["a"].strftime("%H:%M") if asked["a"] else "",
            "type": asked["type"],
            "personnes": asked["personnes"] or "",
            "equipement": asked["equipement"],
            "rayon": asked["rayon"] or "",
        } | changes
        return [(name, str(one)) for name, value in now.items() for one in _each(value) if one not in ("", None)]


def _each(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else [value]


# --- The booking ---


class BookingForm(ShownAsTyped):
    """The one form that books and changes: its names are what the outside relies on.

    `person` None is a visitor: she says who she is. `room` is a select of the space's rooms; a half-day or two times.
    """

    room = forms.TypedChoiceField(
        label="Salle",
        coerce=int,
        error_messages={
            "required": "Quelle salle ?",
            "invalid_choice": "Cette salle ne se réserve plus : choisissez-en une autre.",
        },
    )
    period = forms.ChoiceField(
        label="Moment",
        required=False,
        choices=[*Period.choices, ("", "Heures précises")],
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choisissez matin, après-midi, journée ou des heures précises."},
    )
    starts_at = time_field("Arrivée")
    ends_at = time_field("Départ")
    attendees = people_field("Combien serez-vous ?")
    usage = forms.ChoiceField(
        label="Vous venez pour",
        required=False,
        choices=Usage.choices,
        error_messages={"invalid_choice": "Choisissez dans la liste."},
    )
    note = forms.CharField(
        label="Un mot pour le lieu",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Du matériel à préparer, une heure d’arrivée, un fauteuil roulant…",
        error_messages={"max_length": "1 000 caractères au plus."},
    )
    name = forms.CharField(
        label="Votre nom",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text="Prénom et nom, pour vous accueillir.",
        error_messages={"required": "Comment vous appelez-vous ?"},
    )
    email = forms.EmailField(
        label="Votre adresse électronique",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"}),
        help_text="Un code y arrive tout de suite, puis votre confirmation.",
        error_messages={
            "required": "À quelle adresse vous écrire ?",
            "invalid": "Cette adresse n’est pas complète : vérifiez-la.",
        },
    )
    phone = forms.CharField(
        label="Votre téléphone",
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        help_text="Seulement pour vous prévenir d’un imprévu.",
    )
    website = forms.CharField(
        label="Laissez cette case vide",
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )
    """A trap for programs that fill everything."""

    ABOUT_HER = ("name", "email", "phone", "website")
    ABOUT_SLOT = ("room", "date", "period", "starts_at", "ends_at")

    def __init__(
        self, data: Any = None, *, rooms: Sequence[Room], is_visitor: bool, today: date, initial: Any = None
    ) -> None:
        usual = {"attendees": 1, "usage": Usage.OCCASIONAL, "period": Period.DAY}
        if initial and initial.get("starts_at"):
            usual["period"] = ""
        if not is_visitor:  # before the fields are copied, which is most of what a form costs
            known = {name: field for name, field in self.base_fields.items() if name not in self.ABOUT_HER}
            self.base_fields = known  # type: ignore[misc]  # of this form only
        super().__init__(data, initial=usual | (initial or {}))
        self.rooms = {room.pk: room for room in rooms}
        self.fields["date"] = DayField(label="Jour", today=today)
        self.fields["room"].choices = [(room.pk, room.name) for room in rooms]  # type: ignore[attr-defined]
        self.order_fields(["room", "date", "period", "starts_at", "ends_at", "attendees", "usage", "note"])

    def clean_attendees(self) -> int:
        return self.cleaned_data["attendees"] or 1

    def clean_usage(self) -> str:
        return self.cleaned_data["usage"] or Usage.OCCASIONAL

    def clean_phone(self) -> str:
        phone = normal_phone(self.cleaned_data["phone"])
        if phone is None:
            raise ValidationError("Ce numéro n’est pas complet : dix chiffres, ou l’indicatif du pays d’abord.")
        return phone

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise ValidationError("Cette case doit rester vide : effacez-la et réessayez.")
        return ""

    def clean(self) -> dict[str, Any]:
        asked = super().clean() or self.cleaned_data
        if {"date", "period", "starts_at", "ends_at"} & self.errors.keys():
            return asked
        starts, ends = asked["starts_at"], asked["ends_at"]
        if asked["period"] and (starts or ends):
            self.add_error("period", "Choisissez une demi-journée ou des heures précises, pas les deux.")
        elif asked["period"]:
            asked["wish"] = Wish(asked["date"], asked["period"])
        elif starts is None and ends is None and "room" in asked and self._room(asked).mode == BookingMode.HALF_DAY:
            self.add_error("period", "Matin, après-midi ou journée ?")
        elif starts is None or ends is None:
            self.add_error(
                "starts_at" if starts is None else "ends_at", "Donnez l’heure d’arrivée et l’heure de départ."
            )
        else:
            self._read_times(asked, starts, ends)
        return asked

    def _read_times(self, asked: dict[str, Any], starts: time, ends: time) -> None:
        try:
            start, end = instants(asked["date"], starts, ends)
        except DomainError as error:
            self.add_error(error.field, error.message)
        else:
            asked["wish"] = Wish(asked["date"], starts_at=start, ends_at=end)

    def _room(self, asked: dict[str, Any]) -> Room:
        return self.rooms[asked["room"]]

    @property
    def chosen_room(self) -> Room:
        """The room asked for; the form must be valid."""
        return self._room(self.cleaned_data)

    @property
    def wish(self) -> Wish:
        """The day and times asked for; the form must be valid."""
        wish: Wish = self.cleaned_data["wish"]
        return wish

    def terms(self) -> dict[str, Any]:
        """The keywords of the action that do not say where nor when."""
        return {name: self.cleaned_data[name] for name in ("usage", "attendees", "note")}


def initial_of(booking: Booking, *, day: date, period: str) -> dict[str, Any]:
    """What the form of a change starts from."""
    start, end = clock.local(booking.starts_at), clock.local(booking.ends_at)
    times = {} if period else {"starts_at": start.time(), "ends_at": end.time()}
    return {
        "room": booking.room_id,
        "date": day,
        "period": period,
        "attendees": booking.attendees,
        "usage": booking.usage,
        "note": booking.note,
        **times,
    }


class CancelForm(forms.Form):
    """Freeing a place: the reason helps, nobody owes it."""

    reason = forms.CharField(
        label="Pourquoi ?",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Si vous voulez : le lieu le lira.",
        error_messages={"max_length": "500 caractères au plus."},
    )


class DecideForm(forms.Form):
    """The animator's answer to a request, from the link in her mail."""

    decision = forms.ChoiceField(
        choices=[("accept", "J’accepte"), ("refuse", "Je refuse")],
        error_messages={"required": "Acceptez ou refusez.", "invalid_choice": "Acceptez ou refusez."},
    )
    reason = forms.CharField(
        label="Pourquoi refusez-vous ?",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="La personne lira ces mots. Proposez-lui un autre moment si vous pouvez.",
        error_messages={"max_length": "500 caractères au plus."},
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get("decision") == "refuse" and not said.get("reason", "").strip() and "reason" not in self.errors:
            self.add_error("reason", "Dites pourquoi : la personne doit pouvoir comprendre.")
        return said
