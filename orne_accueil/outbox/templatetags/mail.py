"""The words of a mail, written once and read twice: as plain text, and in HTML. Load with {% load mail %}.

{% para %}…{% endpara %}                       a paragraph {% heading "Comment venir" %}                  a
title inside the mail {% facts %}{% fact "Quand" when %}{% endfacts %}   a table of facts; a fact without
value disappears {% list %}{% item %}…{% enditem %}{% endlist %}    a list {% quote text %}
somebody's own words, her line breaks kept {% code "123456" %}                            a code to copy {%
button url "Libérer ma place" %}            what to do next; {% button url label quiet=True %} for the second
choice {% link url "le plan d’accès" %}               an address inside a paragraph

Blocks do not nest, except `item` in `list` and `fact` in `facts`. Addresses may be paths of this site.
"""

from typing import Any

from django import template
from django.template.base import Node, NodeList, Parser, Token
from django.template.context import Context
from django.utils.html import format_html, linebreaks
from django.utils.safestring import SafeString, mark_safe

from .. import rendering
from ..rendering import PART, Part

register = template.Library()

_FACTS = "mail_facts"


def _is_html(context: Context) -> bool:
    return context.get(PART) == Part.HTML


def _in_clothes(name: str, **values: Any) -> SafeString:
    return mark_safe(template.engines["django"].get_template(f"mail/{name}.html").render(values))  # noqa: S308


class Block(Node):
    """A block made of what stands between its two tags."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    @classmethod
    def parse(cls, parser: Parser, token: Token) -> "Block":
        name = token.split_contents()[0]
        nodelist = parser.parse((f"end{name}",))
        parser.delete_first_token()
        return cls(nodelist)


@register.tag("para")
def do_para(parser: Parser, token: Token) -> Node:
    return Paragraph.parse(parser, token)


class Paragraph(Block):
    def render(self, context: Context) -> str:
        inside = self.nodelist.render(context)
        if not inside.strip():
            return ""
        if _is_html(context):
            return f"<p>{inside.strip()}</p>\n"
        return rendering.block(rendering.wrapped(inside))


@register.tag("list")
def do_list(parser: Parser, token: Token) -> Node:
    return List.parse(parser, token)


class List(Block):
    def render(self, context: Context) -> str:
        inside = self.nodelist.render(context).strip()
        if not inside:
            return ""
        if _is_html(context):
            return f"<ul>\n{inside}\n</ul>\n"
        lines = [line.rstrip() for line in inside.split("\n") if line.strip()]
        return rendering.block("\n".join(lines))


@register.tag("item")
def do_item(parser: Parser, token: Token) -> Node:
    return Item.parse(parser, token)


class Item(Block):
    def render(self, context: Context) -> str:
        inside = self.nodelist.render(context).strip()
        if _is_html(context):
            return f"<li>{inside}</li>"
        return f"{rendering.wrapped(inside, first='- ')}\n"


@register.tag("facts")
def do_facts(parser: Parser, token: Token) -> Node:
    return Facts.parse(parser, token)


class Facts(Block):
    def render(self, context: Context) -> str:
        pairs: list[tuple[str, str]] = []
        with context.push(**{_FACTS: pairs}):
            self.nodelist.render(context)
        if not pairs:
            return ""
        if _is_html(context):
            return _in_clothes("facts", facts=pairs)
        lines = [rendering.wrapped(str(value), first=f"{name}\u00a0: ", then="    ") for name, value in pairs]
        return rendering.block("\n".join(lines))


@register.simple_tag(takes_context=True)
def fact(context: Context, name: str, value: Any) -> str:
    if value not in (None, ""):
        context[_FACTS].append((name, value))
    return ""


@register.simple_tag(takes_context=True)
def heading(context: Context, text: str) -> str:
    if _is_html(context):
        return format_html("<h2>{}</h2>\n", text)
    return rendering.block(rendering.wrapped(text).upper())


@register.simple_tag(takes_context=True)
def quote(context: Context, text: str) -> str:
    if not text or not text.strip():
        return ""
    if _is_html(context):
        words = linebreaks(text.strip(), autoescape=True)
        return format_html(
            '<blockquote style="{}">{}</blockquote>\n',
            "margin:0 0 16px;padding:0 0 0 16px;border-left:3px solid #E3B23C;",
            mark_safe(words),  # noqa: S308  # escaped on the line above
        )
    lines = [rendering.wrapped(line, first="> ", then="> ") or ">" for line in text.strip().splitlines()]
    return rendering.block("\n".join(lines))


@register.simple_tag(takes_context=True)
def code(context: Context, value: str) -> str:
    if _is_html(context):
        return format_html(
            '<p style="{}">{}</p>\n',
            "margin:8px 0 20px;font:600 28px/1.3 Consolas,Menlo,monospace;letter-spacing:4px;",
            value,
        )
    return rendering.block(f"    {value}")


@register.simple_tag(takes_context=True)
def button(context: Context, url: str, label: str, quiet: bool = False) -> str:
    whole = rendering.absolute(str(url))
    if _is_html(context):
        return _in_clothes("button", url=whole, label=label, quiet=quiet)
    return rendering.block(f"{rendering.wrapped(label)}\u00a0:\n{whole}")


@register.simple_tag(takes_context=True)
def link(context: Context, url: str, label: str) -> str:
    whole = rendering.absolute(str(url))
    if _is_html(context):
        return format_html('<a href="{}">{}</a>', whole, label)
    return f"{label}\u00a0: {rendering.own_line(whole)}"
