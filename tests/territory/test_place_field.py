"""The field where one names a place: what it ties together, and what it proposes without JavaScript."""

import re

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string

from orne_accueil.territory.selectors import find_place, suggestions
from tests.factories import make_commune


def field(**parameters) -> str:
    return render_to_string("territory/place_field.html", {"label": "Près de", "name": "ou"} | parameters)


def test_a_bare_field_has_a_label_and_no_dangling_reference():
    html = field()

    assert '<label for="ou">Près de <span class="optional">(facultatif)</span></label>' in html
    assert 'id="ou" name="ou" value=""' in html
    assert "aria-" not in html
    assert "required" not in html


def test_hint_and_error_are_tied_to_the_field():
    html = field(id="id_ou", hint="Une commune ou une gare.", error="Nous ne connaissons pas « Rouen ».", value="Rouen")

    (described_by,) = re.findall(r'aria-describedby="([^"]+)"', html)
    assert described_by == "id_ou_helptext id_ou_error"
    assert all(f'id="{name}"' in html for name in described_by.split())
    assert 'aria-invalid="true"' in html
    assert 'value="Rouen"' in html


@pytest.mark.parametrize(("only", "address"), [("", "/communes/suggestions/"), ("communes", "?seulement=communes")])
def test_the_field_may_leave_the_stations_out(only, address):
    assert f'{address}"' in field(only=only)


def test_what_was_typed_is_escaped():
    assert "<script>" not in field(value='"><script>', error="<script>")


def test_a_required_field_says_nothing_of_optional():
    html = field(required=True)

    assert "facultatif" not in html
    assert " required>" in html


@pytest.mark.django_db
def test_a_chosen_proposal_wins_over_what_was_typed():
    make_commune("Saint-Brice", postal_codes=["61700"])
    make_commune("Saint-Brice", postal_codes=["61150"])
    html = field(value="st brice", proposals=suggestions("st brice"))
    names_and_values = re.findall(r'<input[^>]* name="(ou)"[^>]* value="([^"]*)"', html)
    names_and_values += re.findall(r'type="radio" name="(ou)" id="[^"]+" value="([^"]*)"', html)
    typed, first = names_and_values[0], ("ou", "Saint-Brice (61150)")
    assert first in names_and_values

    sent = QueryDict(mutable=True)
    for name, value in (typed, first):  # as the page's order sends them
        sent.appendlist(name, value)

    assert find_place(sent["ou"]).commune.postal_codes == ["61150"]
