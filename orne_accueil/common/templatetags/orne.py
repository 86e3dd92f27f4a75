"""Filters and tags of every template: built in, no {% load %} needed."""

import re
from datetime import date, datetime, time
from functools import cache
from typing import Any

from django import template
from django.forms import BoundField, Form, widgets
from django.template.loader import get_template, render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from orne_accueil.common import text
from orne_accueil.common.clock import local

register = template.Library()


@register.filter
def long_date(value: date | datetime | None, form: str = "") -> str:
    """« mardi 1er décembre », and its year for {{ day|long_date:"year" }}. An instant shows its local day."""
    if value is None:
        return ""
    day = local(value).date() if isinstance(value, datetime) else value
    return text.long_date(day, year=form == "year")


@register.filter
def clock_time(value: time | datetime | None) -> str:
    """« 14 h 30 »."""
    return "" if value is None else text.clock_time(value)


@register.filter
def date_range(start: datetime | None, end: datetime) -> str:
    """{{ start|date_range:end }}: « mardi 1er décembre, de 14 h à 18 h »."""
    return "" if start is None else text.date_range(start, end)


@register.filter
def distance(km: float | None) -> str:
    """« à 9 km », from kilometres."""
    return "" if km is None else text.distance(km)


@register.filter
def de(name: object) -> str:
    """« d’Argentan », « du Theil »: a commune's name after « de »."""
    return text.de(str(name))


@cache
def _drawing(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise template.TemplateDoesNotExist(f"icons/{name}.svg")
    return get_template(f"icons/{name}.svg").render().strip()


@register.filter
def lookup(table: dict[Any, Any], key: Any) -> Any:
    """The value of a dict under a key known only to the template, or an empty string."""
    return table.get(key, table.get(str(key), ""))


@register.filter
def uncapfirst(words: object) -> str:
    """A sentence that goes on after a colon: « Ce champ… » becomes « ce champ… »."""
    sentence = str(words)
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


@register.filter
def widget_kind(field: BoundField) -> str:
    """How a field is laid out: hidden, checkbox (label after), choices (legend) or control (label before)."""
    widget = field.field.widget
    if field.is_hidden:
        return "hidden"
    if isinstance(widget, widgets.CheckboxInput):
        return "checkbox"
    if isinstance(widget, widgets.RadioSelect):  # CheckboxSelectMultiple is one too
        return "choices"
    return "control"


@register.filter
def first_input(field: BoundField) -> str:
    """The id that a link to a field must name: its control, or the first choice of a group."""
    return f"{field.auto_id}_0" if widget_kind(field) == "choices" else field.id_for_label


@register.filter
def has_optional(form: Form) -> bool:
    """Whether a field to fill in may stay empty; a box to tick needs no such word."""
    fields = form.visible_fields()
    return any(not field.field.required and widget_kind(field) != "checkbox" for field in fields)


@register.filter
def has_several(form: Form) -> bool:
    """Whether there is more than one field to fill in."""
    return len(form.visible_fields()) > 1


@register.simple_tag
def widget(field: BoundField) -> SafeString:
    """A field's control in our clothes. Its own classes stay; Django ties it to its hint and its errors."""
    control = field.field.widget
    ours = "form-select" if isinstance(control, widgets.Select) else "form-control"
    classes = [control.attrs.get("class", ""), "" if widget_kind(field) == "checkbox" else ours]
    return field.as_widget(attrs={"class": " ".join(filter(None, classes))} if any(classes) else {})


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """One of our line icons, inline and silent for screen readers: the words beside it carry the meaning.

    `extra` adds CSS classes ("icon-lg"). An unknown name raises TemplateDoesNotExist.
    """
    opening = format_html('<svg class="{}" aria-hidden="true" focusable="false" ', f"icon {extra}".strip())
    return mark_safe(_drawing(name).replace("<svg ", opening, 1))  # noqa: S308 (the file is ours)


@register.simple_tag(takes_context=True)
def nav_link(context: template.Context, address: str, label: str) -> SafeString:
    """A link of the main menu, marked as the current page or the current section."""
    path = getattr(context.get("request"), "path", "")
    current = ""
    if path == address:
        current = mark_safe(' aria-current="page"')
    elif path.startswith(address):
        current = mark_safe(' aria-current="true"')
    return format_html('<a class="nav-link" href="{}"{}>{}</a>', address, current, label)


@register.simple_block_tag(takes_context=True)
def component(context: template.Context, content: str, name: str, **parameters: Any) -> str:
    """A component around what the page writes: {% component "dialog" id="x" title="…" %}…{% endcomponent %}.

    The component sees its parameters, `content` and `csp_nonce`: nothing else of the page leaks into it.
    """
    return render_to_string(
        f"components/{name}.html",
        {**parameters, "content": content, "csp_nonce": context.get("csp_nonce", "")},
    )
