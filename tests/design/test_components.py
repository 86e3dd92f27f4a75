"""Each component says its parameters on top, and is shown in the gallery."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client

ROOT = Path(settings.BASE_DIR)
COMPONENTS = sorted((ROOT / "templates" / "components").glob("*.html"))
GIVEN_BY_DJANGO = {"forloop", "user", "request", "messages", "csrf_token", "demo", "contact_email", "site_name"}


def names(paths: list[Path]) -> list[str]:
    return [path.stem for path in paths]


def parameters_used(source: str) -> set[str]:
    """The outer variables that a template reads."""
    body = source.split("{% endcomment %}", 1)[1]
    local = set(re.findall(r"\{% for ([\w, ]+?) in ", body)) | set(re.findall(r"\{% with (\w+)=", body))
    local = {word.strip() for words in local for word in words.split(",")}
    body = re.sub(r'"[^"]*"|\'[^\']*\'', '""', body)
    reads: set[str] = set()
    for expression in re.findall(r"\{\{(.*?)\}\}", body):
        reads.add(re.split(r"[.|]", expression.strip())[0])
    for tag in re.findall(r"\{%(.*?)%\}", body):
        words = tag.split()
        if words[0] in {"if", "elif"}:
            reads |= {re.split(r"[.|]", word)[0] for word in words[1:]}
        elif words[0] == "for":
            reads.add(re.split(r"[.|]", words[words.index("in") + 1])[0])
        elif words[0] in {"include", "with"}:
            reads |= {re.split(r"[.|]", word.split("=", 1)[1])[0] for word in words if "=" in word}
    keywords = {"and", "or", "not", "in", "is", "", "True", "False", "None"}
    return {name for name in reads - local - keywords - GIVEN_BY_DJANGO if re.fullmatch(r"[a-z_]\w*", name)} - {"_"}


@pytest.mark.parametrize("path", COMPONENTS, ids=names(COMPONENTS))
def test_component_says_its_parameters_on_top(path: Path) -> None:
    source = path.read_text()
    assert source.startswith("{% comment %}")
    said = source.split("{% endcomment %}", 1)[0]
    assert {name for name in parameters_used(source) if not re.search(rf"\b{name}\b", said)} == set()


def test_an_undocumented_parameter_would_be_seen() -> None:
    source = (
        "{% comment %}\ntitle  said\n{% endcomment %}{{ title }}"
        "{% if hidden == 'x' %}{% for a in rows %}{{ a.b }}{% endfor %}{% endif %}"
    )
    assert parameters_used(source) == {"title", "hidden", "rows"}


def test_every_component_is_shown_in_the_gallery(client: Client, settings: object) -> None:
    settings.DEMO = True  # type: ignore[attr-defined]
    shown: set[str] = set()
    for address in ("/composants/", "/composants/feuille-du-jour/"):
        response = client.get(address)
        assert response.status_code == 200
        shown |= {template.name for template in response.templates if template.name}
    assert {f"components/{path.name}" for path in COMPONENTS} - shown == set()


def test_every_icon_is_shown_in_the_gallery(client: Client) -> None:
    page = client.get("/composants/").content.decode()
    icons = [path.stem for path in (ROOT / "templates" / "icons").glob("*.svg")]
    assert len(icons) >= 30
    assert [name for name in icons if f"<span>{name}</span>" not in page] == []


@pytest.mark.parametrize(
    ("kind", "word"),
    [("success", "C’est fait."), ("info", "À savoir."), ("warning", "Attention."), ("danger", "Erreur.")],
)
def test_alert_says_its_tone_in_words(kind: str, word: str) -> None:
    assert word in render_to_string("components/alert.html", {"kind": kind, "text": "La suite."})


def test_badge_has_an_icon_and_a_word() -> None:
    badge = render_to_string("components/badge.html", {"word": "Confirmée", "icon": "check", "tone": "green"})
    assert "<svg" in badge
    assert "Confirmée" in badge
