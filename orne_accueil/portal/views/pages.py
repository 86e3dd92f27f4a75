"""Pages that the law asks for, and the gallery of components."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from orne_accueil.common.clock import at_local


@require_safe
def legal(request: HttpRequest) -> HttpResponse:
    """Who publishes, who hosts, under which licences."""
    return render(request, "portal/pages/legal.html")


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """The declaration of accessibility: « non conforme » until a person has audited the site."""
    return render(request, "portal/pages/accessibility.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept, why, how long, and how to have it back or erased."""
    return render(request, "portal/pages/privacy.html")


class SampleForm(forms.Form):
    """One field of each kind, for the gallery."""

    name = forms.CharField(label="Votre nom", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(
        label="Votre adresse électronique",
        help_text="Nous y envoyons la confirmation, et rien d’autre.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    day = forms.DateField(label="Jour", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    period = forms.ChoiceField(
        label="Moment",
        widget=forms.RadioSelect,
        choices=[("morning", "Le matin"), ("afternoon", "L’après-midi"), ("day", "La journée")],
    )
    equipment = forms.MultipleChoiceField(
        label="Il vous faut",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("screen", "Un écran"), ("webcam", "Une caméra"), ("printer", "Une imprimante")],
    )
    kind = forms.ChoiceField(label="Type de salle", choices=[("desk", "Bureau partagé"), ("office", "Bureau fermé")])
    note = forms.CharField(label="Un mot pour l’animatrice", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    reminder = forms.BooleanField(label="Me le rappeler la veille à 18 h", required=False)


def sample_arrivals(day: date) -> list[dict[str, Any]]:
    """Made-up arrivals for the day sheet of the gallery."""

    def turn(start: int, end: int) -> dict[str, datetime]:
        return {"start": at_local(day, time(start)), "end": at_local(day, time(end))}

    return [
        turn(9, 12)
        | {
            "who": "Alice Martin",
            "room": "Bureau fermé",
            "phone": "02 33 00 00 01",
            "access": "Clé n° 2",
            "prepare": "Écran",
            "is_first_visit": True,
        },
        turn(9, 17) | {"who": "Bob Leroy", "room": "Poste 3", "access": "Ouvert par l’animatrice"},
        turn(14, 17)
        | {
            "who": "Chloé Petit",
            "room": "Salle de réunion",
            "attendees": 6,
            "prepare": "Vidéoprojecteur",
            "note": "Deux personnes arrivent par le train de 13 h 42.",
        },
    ]


def icon_names() -> list[str]:
    """Every icon that {% icon %} knows."""
    return sorted(path.stem for path in (settings.BASE_DIR / "templates" / "icons").glob("*.svg"))


@require_safe
def sample_day_sheet(request: HttpRequest) -> HttpResponse:
    """The animator's sheet of one made-up day, as it prints."""
    day = date(2026, 12, 1)
    context = {
        "day": day,
        "place": "EPN d’Argentan",
        "arrivals": sample_arrivals(day),
        "printed_at": at_local(day - timedelta(days=1), time(17, 30)),
    }
    return render(request, "portal/pages/day_sheet.html", context)


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """Every component, in every state, as pages use them."""
    day = date(2026, 12, 1)
    wrong = SampleForm({"email": "alice", "day": "", "note": "Bonjour"}, auto_id="wrong_%s")
    context = {
        "sample": SampleForm(auto_id="sample_%s", initial={"day": day}),
        "cards": SampleForm(auto_id="cards_%s", initial={"period": "afternoon"}),
        "wrong": wrong,
        "period_hints": {"morning": "9 h à 12 h", "afternoon": "14 h à 17 h 30", "day": "les deux demi-journées"},
        "rows": [
            ("Quand", "mardi 1er décembre, de 14 h à 17 h", "Modifier", "#"),
            ("Où", "EPN d’Argentan, bureau fermé"),
            ("Accès", "La clé est à l’accueil"),
        ],
        "trail": [("Un bureau", "/espaces/"), ("EPN d’Argentan", "#")],
        "page": Paginator(range(95), 20).page(2),
        "day": day,
        "start": at_local(day, time(14)),
        "end": at_local(day, time(18)),
        "icons": icon_names(),
    }
    return render(request, "portal/pages/gallery.html", context)
