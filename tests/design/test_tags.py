"""The filters and tags that every template has."""

from datetime import UTC, date, datetime, time

import pytest
from django.template import TemplateDoesNotExist, engines
from django.test import RequestFactory


def show(source: str, **context: object) -> str:
    return engines["django"].from_string(source).render(context, request=RequestFactory().get("/espaces/argentan/"))


START = datetime(2026, 12, 1, 13, tzinfo=UTC)
END = datetime(2026, 12, 1, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("source", "context", "shown"),
    [
        ("{{ x|long_date }}", {"x": date(2026, 12, 1)}, "mardi 1er\u00a0décembre"),
        ('{{ x|long_date:"year" }}', {"x": date(2026, 12, 2)}, "mercredi 2\u00a0décembre 2026"),
        ("{{ x|long_date }}", {"x": datetime(2026, 11, 30, 23, 30, tzinfo=UTC)}, "mardi 1er\u00a0décembre"),
        ("{{ x|clock_time }}", {"x": time(9, 30)}, "9\u00a0h\u00a030"),
        ("{{ x|clock_time }}", {"x": START}, "14\u00a0h"),
        ("{{ x|date_range:y }}", {"x": START, "y": END}, "mardi 1er\u00a0décembre, de\u00a014\u00a0h à\u00a018\u00a0h"),
        ("{{ x|distance }}", {"x": 9.0}, "à 9\u00a0km"),
        ("{{ x|de }}", {"x": "Argentan"}, "d’Argentan"),
        ("{{ x|uncapfirst }}", {"x": "Ce champ"}, "ce champ"),
        ("{{ x|uncapfirst }}", {"x": "SIRET inconnu"}, "SIRET inconnu"),
        ("{{ x|lookup:2 }}", {"x": {2: "deux"}}, "deux"),
        ("{{ x|lookup:2 }}", {"x": {"2": "deux"}}, "deux"),
        ("{{ x|lookup:3 }}", {"x": {2: "deux"}}, ""),
    ],
)
def test_filter_shows(source: str, context: dict[str, object], shown: str) -> None:
    assert show(source, **context) == shown


@pytest.mark.parametrize("name", ["long_date", "clock_time", "distance"])
def test_nothing_is_shown_as_nothing(name: str) -> None:
    assert show("{{ x|" + name + " }}", x=None) == ""


def test_icon_is_silent_and_keeps_its_classes() -> None:
    drawn = show('{% icon "check" "icon-lg" %}')
    assert drawn.startswith('<svg class="icon icon-lg" aria-hidden="true" focusable="false"')


@pytest.mark.parametrize("name", ["absent", "../base", "x/y"])
def test_unknown_icon_is_an_error(name: str) -> None:
    with pytest.raises(TemplateDoesNotExist):
        show("{% icon name %}", name=name)


@pytest.mark.parametrize(
    ("address", "mark"),
    [("/espaces/argentan/", ' aria-current="page"'), ("/espaces/", ' aria-current="true"'), ("/communes/", "")],
)
def test_menu_says_where_one_is(address: str, mark: str) -> None:
    assert show("{% nav_link a 'Ici' %}", a=address) == f'<a class="nav-link" href="{address}"{mark}>Ici</a>'


def test_component_receives_its_parameters_and_nothing_else_of_the_page() -> None:
    shown = show(
        '{% component "card" title="Ici" %}<p>{{ inside }}</p>{% endcomponent %}', inside="<b>", href="/fuite/"
    )
    assert "&lt;b&gt;" in shown
    assert "/fuite/" not in shown
