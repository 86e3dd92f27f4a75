"""A form's labels, hints, errors and controls name one another."""

import re

import pytest
from django import forms
from django.template.loader import render_to_string
from django.test import RequestFactory


class BookingSample(forms.Form):
    """One field of each layout."""

    who = forms.CharField(label="Votre nom", help_text="Comme sur la porte.")
    day = forms.DateField(label="Jour")
    period = forms.ChoiceField(label="Moment", widget=forms.RadioSelect, choices=[("am", "Matin"), ("pm", "Soir")])
    note = forms.CharField(label="Un mot", required=False, widget=forms.Textarea)
    agree = forms.BooleanField(label="J’ai lu", required=False)
    token = forms.CharField(widget=forms.HiddenInput, required=False)


def rendered(form: forms.Form, **parameters: object) -> str:
    request = RequestFactory().get("/")
    return render_to_string("components/form.html", {"form": form, **parameters}, request=request)


@pytest.fixture
def refused() -> str:
    return rendered(BookingSample({"note": "Bonjour"}))


def test_every_id_that_a_control_names_exists(refused: str) -> None:
    named = {name for ids in re.findall(r'aria-describedby="([^"]+)"', refused) for name in ids.split()}
    assert named == {"id_who_helptext", "id_who_error", "id_day_error", "id_period_error"}
    assert [name for name in named if f'id="{name}"' not in refused] == []


def test_every_label_leads_to_a_control(refused: str) -> None:
    for target in re.findall(r'<label for="([^"]*)"', refused):
        assert re.search(rf'<(input|textarea|select)[^>]* id="{target}"', refused), target


def test_error_summary_leads_to_each_field_in_error(refused: str) -> None:
    summary = refused.split("</ul>", 1)[0]
    assert re.findall(r'href="#([^"]+)"', summary) == ["id_who", "id_day", "id_period_0"]
    assert all(f'id="{name}"' in refused for name in ("id_who", "id_day", "id_period_0"))


def test_error_summary_takes_the_focus_without_javascript(refused: str) -> None:
    assert re.search(r'class="error-summary" role="alert" tabindex="-1" autofocus', refused)


def test_error_summary_shows_what_no_field_explains() -> None:
    form = BookingSample({"who": "Alice", "day": "2026-12-01", "period": "am"})
    form.add_error(None, "Cette place vient d’être prise.")
    assert "Cette place vient d’être prise." in rendered(form)


def test_a_form_without_error_has_no_summary() -> None:
    assert "error-summary" not in rendered(BookingSample())


def test_optional_fields_say_so_in_words() -> None:
    page = rendered(BookingSample())
    assert page.count("(facultatif)") == 1
    assert "Les champs sont obligatoires, sauf ceux marqués" in page


def test_choices_stand_under_a_legend() -> None:
    page = rendered(BookingSample())
    assert re.search(r"<fieldset[^>]*>\s*<legend>Moment</legend>", page)


def test_a_posted_form_carries_the_csrf_token_and_a_search_does_not() -> None:
    assert "csrfmiddlewaretoken" in rendered(BookingSample())
    assert "csrfmiddlewaretoken" not in rendered(BookingSample(), method="get")


def test_what_was_typed_is_escaped() -> None:
    page = rendered(BookingSample({"who": '"><script>alert(1)</script>', "day": "x"}))
    assert "<script>" not in page
