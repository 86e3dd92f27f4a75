"""Forms of the animator's admin. « Saisi pour » : name and phone suffice."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.files.base import ContentFile
from django.db.models import QuerySet
from django.forms.models import ModelChoiceIterator

from coworking.enums import BookingMode, Label, Period, Presence, RoomKind, Usage
from coworking.models import Booking, Room, Space
from coworking.rules.hours import WeeklyHours, parse_weekly
from coworking.rules.reception import USUAL_TERMS
from coworking.rules.slots import Wish
from coworking.rules.words import hours_in_french
from coworking.selectors.staff import period_of
from orne_accueil.accounts.models import Person
from orne_accueil.accounts.rules import normal_phone
from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError
from orne_accueil.common.images import clean_photo
from orne_accueil.common.text import NBSP, WEEKDAYS

FREE_TIMES = "times"
"""The choice of the period field that reads the two times instead."""


class DayField(forms.DateField):
    """A day: the browser's own calendar, or typed as people write it."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
        kwargs.setdefault("input_formats", ["%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y"])
        messages = {"invalid": "Écrivez la date ainsi : 01/12/2026.", "required": "Quel jour ?"}
        super().__init__(error_messages={**messages, **kwargs.pop("error_messages", {})}, **kwargs)


class ClockField(forms.TimeField):
    """A wall time, as a clock shows it."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TimeInput(format="%H:%M", attrs={"type": "time"}))
        kwargs.setdefault("input_formats", ["%H:%M", "%H:%M:%S", "%Hh%M", "%H h %M", "%Hh", "%H h", "%H"])
        messages = {"invalid": "Écrivez l’heure ainsi : 14:30."}
        super().__init__(error_messages={**messages, **kwargs.pop("error_messages", {})}, **kwargs)


class RefusableForm(forms.Form):
    """A form that can say what an action refused, on the field that it names."""

    def refuse(self, error: DomainError) -> None:
        self.add_error(error.field if error.field in self.fields else None, error.message)


# --- Booking, for somebody ---


class RoomChoices(ModelChoiceIterator):
    """Rooms grouped under their space, where there are several spaces."""

    def __iter__(self) -> Iterable[Any]:  # type: ignore[override]
        rooms = list(self.queryset)
        groups: dict[str, list[Any]] = {}
        for room in rooms:
            groups.setdefault(room.space.name, []).append(self.choice(room))
        if len(groups) == 1:
            return iter(next(iter(groups.values())))
        return iter(groups.items())


class RoomField(forms.ModelChoiceField):
    iterator = RoomChoices

    def label_from_instance(self, obj: Room) -> str:
        people = f"{obj.capacity}{NBSP}personne{'s' if obj.capacity > 1 else ''}"
        return f"{obj.name} ({obj.get_kind_display().lower()}, {people})"


class WishForm(RefusableForm):
    """Which room, which day, which half-day or times."""

    room = RoomField(queryset=Room.objects.none(), label="Salle", empty_label=None)
    date = DayField(label="Jour")
    period = forms.ChoiceField(
        label="Moment",
        choices=[*Period.choices, (FREE_TIMES, "À des heures précises")],
        widget=forms.RadioSelect,
        error_messages={"required": "Matin, après-midi, journée, ou des heures précises ?"},
    )
    starts_at = ClockField(label="Arrivée", required=False)
    ends_at = ClockField(label="Départ", required=False)
    attendees = forms.IntegerField(label="Personnes", min_value=1, initial=1)
    usage = forms.ChoiceField(label="Usage", choices=Usage.choices, initial=Usage.OCCASIONAL)
    note = forms.CharField(label="Remarque", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, rooms: QuerySet[Room], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["room"]
        assert isinstance(field, RoomField)
        field.queryset = rooms.select_related("space")

    def wish(self) -> Wish:
        """What was asked, as instants. Raises DomainError for an hour that does not exist that night."""
        cleaned = self.cleaned_data
        day: date = cleaned["date"]
        if cleaned["period"] != FREE_TIMES:
            return Wish(day, cleaned["period"])
        return Wish(day, "", _instant(day, cleaned["starts_at"]), _instant(day, cleaned["ends_at"]))


def _instant(day: date, wall: time | None) -> datetime | None:
    return None if wall is None else clock.at_local(day, wall)


class CallerForm(WishForm):
    """« Réserver pour quelqu’un » : who is on the phone, and what she wants."""

    name = forms.CharField(
        label="Prénom et nom",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Pour qui réservez-vous ?"},
    )
    phone = forms.CharField(
        label="Téléphone",
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    email = forms.EmailField(
        label="Adresse électronique",
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text="Si elle en a une, elle reçoit la confirmation et le rappel de la veille.",
    )

    who_fields = ("name", "phone", "email")
    what_fields = ("room", "date")
    more_fields = ("attendees", "usage", "note")

    def clean_phone(self) -> str:
        phone = normal_phone(self.cleaned_data["phone"])
        if phone is None:
            raise forms.ValidationError("Ce numéro n’est pas complet : dix chiffres, ou l’indicatif du pays d’abord.")
        return phone

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors.keys() & {"phone", "email"} and not cleaned.get("phone") and not cleaned.get("email"):
            self.add_error("phone", "Un téléphone, ou une adresse : il faut pouvoir la prévenir.")
        return cleaned


class ChangeForm(WishForm):
    """Another time, another room of the same space."""

    @staticmethod
    def initial_of(booking: Booking) -> dict[str, Any]:
        start, end = clock.local(booking.starts_at), clock.local(booking.ends_at)
        period = period_of(booking)
        return {
            "room": booking.room_id,
            "date": start.date(),
            "period": period or FREE_TIMES,
            "starts_at": None if period else start.time(),
            "ends_at": None if period else end.time(),
            "attendees": booking.attendees,
            "usage": booking.usage,
            "note": booking.note,
        }


class PresenceForm(forms.Form):
    presence = forms.ChoiceField(choices=Presence.choices)


class RefusalForm(RefusableForm):
    reason = forms.CharField(
        label="Pourquoi ?",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="La personne lira ce motif. Proposez-lui autre chose si vous le pouvez.",
        error_messages={"required": "Un refus se motive : la personne doit pouvoir comprendre."},
    )


class CancellationForm(RefusableForm):
    reason = forms.CharField(
        label="Un mot pour la personne",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Elle le lira dans le message qui lui annonce l’annulation.",
        error_messages={"required": "Dites-lui pourquoi : elle comptait venir."},
    )


# --- The space ---


class ClosureForm(RefusableForm):
    """From one day to another, whole days unless times are given."""

    room = forms.ModelChoiceField(
        queryset=Room.objects.none(), label="Ce qui ferme", required=False, empty_label="Tout le lieu"
    )
    first_day = DayField(label="Du")
    last_day = DayField(label="Au", required=False, help_text="Laissez vide pour un seul jour.")
    starts_at = ClockField(label="À partir de", required=False)
    ends_at = ClockField(label="Jusqu’à", required=False)
    reason = forms.CharField(
        label="Motif",
        max_length=160,
        help_text="Le public le lira : « Congés », « Travaux », « Formation de l’équipe ».",
        error_messages={"required": "Dites pourquoi : le public lira ce motif."},
    )

    def __init__(self, *args: Any, space: Space, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["room"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = space.rooms.all()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", "La fin de la fermeture doit venir après son début.")
        return cleaned

    def range(self) -> tuple[datetime, datetime]:
        """[start, end): from midnight to midnight where no time is given. Raises DomainError when it is empty."""
        cleaned = self.cleaned_data
        first: date = cleaned["first_day"]
        last: date = cleaned["last_day"] or first
        start = _instant(first, cleaned["starts_at"]) or clock.day_bounds(first)[0]
        end = _instant(last, cleaned["ends_at"]) or clock.day_bounds(last)[1]
        if end <= start:
            raise DomainError(
                "La fin de la fermeture doit venir après son début.", code="closure_order", field="ends_at"
            )
        return start, end


class WeeklyHoursForm(RefusableForm):
    """Seven rows of two spans. What it cannot show is kept as it is, and may be taken out rule by rule."""

    copy_monday = forms.BooleanField(
        label="Mardi à vendredi : comme lundi",
        required=False,
        help_text="Les quatre lignes suivantes prennent alors les heures du lundi, quoi qu’il y soit écrit.",
    )

    def __init__(self, *args: Any, expression: str, **kwargs: Any) -> None:
        self.weekly = parse_weekly(expression)
        initial: dict[str, Any] = {}
        for index, spans in enumerate(self.weekly.days):
            for number, (opens, closes) in enumerate(spans[:2], start=1):
                initial[f"opens_{index}_{number}"], initial[f"closes_{index}_{number}"] = opens, closes
        kwargs["initial"] = {**initial, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        for index, weekday in enumerate(WEEKDAYS):
            for number, part in ((1, ""), (2, ", deuxième plage")):
                self.fields[f"opens_{index}_{number}"] = ClockField(
                    label=f"{weekday.capitalize()}{part}, ouvre à", required=False
                )
                self.fields[f"closes_{index}_{number}"] = ClockField(
                    label=f"{weekday.capitalize()}{part}, ferme à", required=False
                )
        self.fields["remove"] = forms.MultipleChoiceField(
            label="Retirer",
            required=False,
            widget=forms.CheckboxSelectMultiple,
            choices=[(str(number), self.in_words(rule)) for number, rule in enumerate(self.weekly.extra)],
        )

    @staticmethod
    def in_words(rule: str) -> str:
        """« Fermé en août. » for « Aug off », the rule itself where nothing better is known."""
        notes = hours_in_french(rule).notes
        return notes[0] if notes else f"Règle particulière : {rule}."

    def rows(self) -> list[dict[str, Any]]:
        """One per day, for the page: its name, its four fields, and the spans kept beyond the second."""
        return [
            {
                "day": weekday,
                "spans": [(self[f"opens_{index}_{number}"], self[f"closes_{index}_{number}"]) for number in (1, 2)],
                "kept": self.weekly.days[index][2:],
            }
            for index, weekday in enumerate(WEEKDAYS)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for index in range(7):
            self._clean_day(index)
        return cleaned

    def _clean_day(self, index: int) -> None:
        cleaned = self.cleaned_data
        before: time | None = None
        for number in (1, 2):
            names = f"opens_{index}_{number}", f"closes_{index}_{number}"
            if self.errors.keys() & set(names):
                return
            opens, closes = (cleaned.get(name) for name in names)
            if (opens is None) != (closes is None):
                self.add_error(names[0] if opens is None else names[1], "Il manque une des deux heures.")
            elif opens is not None and closes is not None:
                if closes <= opens:
                    self.add_error(names[1], "La fermeture doit venir après l’ouverture.")
                elif before is not None and opens < before:
                    self.add_error(names[0], "La deuxième plage commence après la fin de la première.")
                before = closes

    def new_hours(self) -> WeeklyHours:
        """What was typed, with everything that the table cannot show, unless it was taken out."""
        removed = {int(number) for number in self.cleaned_data["remove"]}
        days = [self._spans_of(index) for index in range(7)]
        if self.cleaned_data["copy_monday"]:
            days[1:5] = [days[0]] * 4
        return WeeklyHours(
            tuple(days), tuple(rule for number, rule in enumerate(self.weekly.extra) if number not in removed)
        )

    def _spans_of(self, index: int) -> tuple[tuple[time, time], ...]:
        cleaned = self.cleaned_data
        typed = [(cleaned.get(f"opens_{index}_{n}"), cleaned.get(f"closes_{index}_{n}")) for n in (1, 2)]
        spans = [(opens, closes) for opens, closes in typed if opens is not None and closes is not None]
        return (*spans, *self.weekly.days[index][2:])


class PhotoField(forms.FileField):
    """A photo, made anew from its pixels as soon as it is read."""

    widget = forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png,image/webp"})

    def clean(self, data: Any, initial: Any = None) -> ContentFile | bool | None:
        file = super().clean(data, initial)
        if file is False:
            return False
        if file is None or file is initial:
            return None
        try:
            return clean_photo(file, field="photo")
        except DomainError as error:
            raise forms.ValidationError(error.message, code=error.code) from error


class SpaceForm(forms.ModelForm):
    """A space's own facts. Hours have their own page; `new_photo` is a clean photo, False to remove it, or None."""

    photo = PhotoField(
        label="Photo",
        required=False,
        help_text="JPEG, PNG ou WebP, 10 Mo au plus. Le lieu et l’appareil inscrits dans le fichier sont effacés.",
    )
    labels = forms.MultipleChoiceField(
        label="Labels", required=False, choices=Label.choices, widget=forms.CheckboxSelectMultiple
    )
    measured_on = DayField(label="Mesuré le", required=False)
    website = forms.URLField(label="Site", required=False, assume_scheme="https")
    external_url = forms.URLField(
        label="Lien de réservation ailleurs",
        required=False,
        assume_scheme="https",
        help_text="Pour un lieu qui ne se réserve pas ici.",
    )

    class Meta:
        model = Space
        fields = [
            "name", "kind", "is_published", "is_bookable", "external_url", "commune", "address", "address_extra",
            "postal_code", "latitude", "longitude", "access_text", "phone", "email", "website", "summary",
            "description", "photo", "photo_credit", "labels", "technology", "down_mbps", "up_mbps", "measured_on",
            "measure_source",
        ]  # fmt: skip

    def _post_clean(self) -> None:
        # The model's photo field stays what it was: the action writes the new one, outside the transaction.
        self.new_photo = self.cleaned_data.pop("photo", None)
        super()._post_clean()  # type: ignore[misc]


class RoomForm(forms.ModelForm):
    """A room's terms, all of them."""

    units = forms.IntegerField(
        label="Places identiques",
        min_value=1,
        max_value=200,
        initial=1,
        help_text="Six bureaux semblables font une salle de six places. Une salle de réunion en fait une.",
    )

    class Meta:
        model = Room
        fields = [
            "name", "kind", "capacity", "description", "equipment", "includes", "price_text", "access_type",
            "access_code", "access_note", "position", "is_active", "mode", "min_minutes", "max_minutes",
            "notice_minutes", "horizon_days", "buffer_before_minutes", "buffer_after_minutes", "quota_half_days",
            "needs_approval", "change_limit_minutes",
        ]  # fmt: skip
        widgets = {
            "access_code": forms.TextInput(attrs={"autocomplete": "off"}),
            "equipment": forms.CheckboxSelectMultiple,
            "includes": forms.CheckboxSelectMultiple,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["units"] = self.instance.units.active().count()
        if "includes" in self.fields:
            others = Room.objects.filter(space=self.instance.space_id).exclude(pk=self.instance.pk)
            self.fields["includes"].queryset = others  # type: ignore[attr-defined]


class NewRoomForm(RefusableForm):
    """The short form: five answers, the rest as rooms of that kind usually are."""

    name = forms.CharField(
        label="Nom", max_length=80, help_text="Comme on l’appelle chez vous : « Salle verte », « Bureaux du haut »."
    )
    kind = forms.ChoiceField(label="C’est", choices=RoomKind.choices, widget=forms.RadioSelect)
    units = forms.IntegerField(
        label="Combien de places identiques ?",
        min_value=1,
        max_value=200,
        initial=1,
        help_text="Six bureaux semblables : 6. Une salle que l’on prend en entier : 1.",
    )
    capacity = forms.IntegerField(
        label="Personnes par place",
        min_value=1,
        max_value=500,
        required=False,
        help_text="Laissez vide pour l’habitude : 1 pour un bureau, 8 pour une réunion, 12 pour une formation.",
    )
    mode = forms.ChoiceField(
        label="On réserve",
        required=False,
        choices=[("", "Comme d’habitude pour ce genre de salle"), *BookingMode.choices],
        widget=forms.RadioSelect,
        initial="",
    )

    def room(self, space: Space) -> Room:
        """The room, not saved: what was left blank is what its kind usually is."""
        cleaned = self.cleaned_data
        usual = USUAL_TERMS[cleaned["kind"]]
        return Room(
            space=space,
            name=cleaned["name"].strip(),
            kind=cleaned["kind"],
            capacity=cleaned["capacity"] or usual.capacity,
            mode=cleaned["mode"] or usual.mode,
            min_minutes=usual.min_minutes,
            max_minutes=usual.max_minutes,
            buffer_after_minutes=usual.buffer_after_minutes,
            change_limit_minutes=usual.change_limit_minutes,
        )


# --- The team, the export, the import ---


class InviteForm(RefusableForm):
    """An animator to be, by mail."""

    name = forms.CharField(label="Prénom et nom", max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(
        label="Adresse électronique",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text="Elle y reçoit l’invitation, puis se connecte par un code envoyé à cette adresse.",
    )


class InviteSomewhereForm(InviteForm):
    """The same, with the place: for the coordination."""

    space = forms.ModelChoiceField(queryset=Space.objects.none(), label="Lieu qu’elle animera")

    field_order = ["space", "name", "email"]

    def __init__(self, *args: Any, spaces: QuerySet[Space], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["space"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = spaces


class ImportForm(RefusableForm):
    file = forms.FileField(
        label="Fichier des lieux, au format national",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        help_text="Un CSV « lieux de médiation numérique ». Rien de ce que vos équipes ont modifié n’est écrasé.",
        error_messages={"required": "Choisissez un fichier."},
    )


LONGEST_EXPORT = timedelta(days=731)


class ExportForm(RefusableForm):
    """From one day to another, two years at most."""

    first = DayField(label="Du")
    last = DayField(label="Au")
    space = forms.ModelChoiceField(
        queryset=Space.objects.none(), label="Lieu", required=False, empty_label="Tous mes lieux"
    )

    def __init__(self, *args: Any, spaces: QuerySet[Space], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["space"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = spaces

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", "Le dernier jour vient après le premier.")
        elif first and last and last - first > LONGEST_EXPORT:
            self.add_error("last", "Deux ans au plus par fichier : faites-en plusieurs.")
        return cleaned


class PersonChoiceForm(forms.Form):
    """Which of these people is on the phone; `new` for none of them."""

    NEW = "new"

    person = forms.ChoiceField(
        label="Est-ce quelqu’un que nous connaissons ?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez l’une de ces personnes, ou « quelqu’un d’autre »."},
    )

    def __init__(self, *args: Any, people: Sequence[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(person.pk): person for person in people}
        choices = [(key, self._label(person)) for key, person in self.people.items()]
        field = self.fields["person"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [*choices, (self.NEW, "Quelqu’un d’autre")]

    @staticmethod
    def _label(person: Person) -> str:
        known = [person.phone, person.email or ""]
        return " · ".join([person.display_name, *filter(None, known)])

    def chosen(self) -> Person | None:
        """The person, None for somebody new."""
        return self.people.get(self.cleaned_data["person"])
