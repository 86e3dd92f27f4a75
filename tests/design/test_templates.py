"""What no template and no style sheet may hold."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from tests.design.typography import faults, mended, templates_of

ROOT = Path(settings.BASE_DIR)
TEMPLATES = [path for path in templates_of(ROOT) if "tests" not in path.relative_to(ROOT).parts]
STATIC = sorted(path for path in (ROOT / "static").rglob("*") if path.suffix in {".css", ".js", ".svg"})
SVG_NAMESPACE = "http://www.w3.org/2000/svg"

EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b50-\u2b55\ufe0f]")
HANDLER = re.compile(r"<[^>]*\son[a-z]+\s*=", re.I)
INLINE_STYLE = re.compile(r"<[^>]*\sstyle\s*=", re.I)
INLINE_BLOCK = re.compile(r"<style\b(?![^>]*nonce)|<script\b(?![^>]*(?:nonce|\ssrc=|application/(?:ld\+)?json))", re.I)
OUTSIDE_RESOURCE = re.compile(
    r"""(?:<(?:link|script|img|iframe|source|use|form)\b[^>]*\s(?:href|src|srcset|action)=["']|url\(["']?)(?:https?:)?//""",
    re.I,
)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def is_mail(path: Path) -> bool:
    """Mail programs read inline styles and nothing else."""
    return "mail" in path.relative_to(ROOT).parts


each_template = pytest.mark.parametrize("path", TEMPLATES, ids=relative)
each_static_file = pytest.mark.parametrize("path", STATIC, ids=relative)


@each_template
def test_template_has_no_inline_handler_nor_block(path: Path) -> None:
    source = path.read_text()
    assert HANDLER.findall(source) == []
    if not is_mail(path):
        assert INLINE_BLOCK.findall(source) == []
        assert INLINE_STYLE.findall(source) == []


@each_template
def test_template_loads_nothing_from_elsewhere(path: Path) -> None:
    assert OUTSIDE_RESOURCE.findall(path.read_text()) == []


@each_template
def test_template_has_no_emoji(path: Path) -> None:
    assert EMOJI.findall(path.read_text()) == []


@each_template
def test_template_follows_french_typography(path: Path) -> None:
    assert [str(fault) for fault in faults(path.read_text())] == []


@each_static_file
def test_static_file_names_no_other_host(path: Path) -> None:
    source = path.read_text().replace(SVG_NAMESPACE, "")
    assert re.findall(r"https?://[^\s\"')]+", source) == []


@each_static_file
def test_static_file_has_no_emoji_and_no_gradient(path: Path) -> None:
    source = path.read_text()
    assert EMOJI.findall(source) == []
    assert "linear-gradient(" not in source or path.name == "bootstrap.css"


# --- the detectors themselves, seen red ---


@pytest.mark.parametrize(
    ("pattern", "bad"),
    [
        (HANDLER, '<a href="/" onclick="go()">'),
        (INLINE_STYLE, '<p class="x" style="color:red">'),
        (INLINE_BLOCK, "<script>go()</script>"),
        (INLINE_BLOCK, "<style>p{}</style>"),
        (OUTSIDE_RESOURCE, '<link rel="stylesheet" href="https://cdn.example/x.css">'),
        (OUTSIDE_RESOURCE, "background: url(//cdn.example/x.png)"),
        (EMOJI, "Bravo 🎉"),
    ],
)
def test_detector_sees_the_fault(pattern: re.Pattern[str], bad: str) -> None:
    assert pattern.search(bad)


@pytest.mark.parametrize(
    "bad",
    [
        "<p>L'espace ouvre.</p>",
        "<p>Vous venez ?</p>",
        "<p>Vous venez?</p>",
        "<p>Quand : mardi</p>",
        "<p>Quand: mardi</p>",
        "<p>« demain\u00a0»</p>",
        "<p>à 14 h</p>",
        '<input placeholder="Où ?">',
        '{% include "x.html" with title="Où ?" only %}',
    ],
)
def test_typography_sees_the_fault(bad: str) -> None:
    assert faults(bad) != []


@pytest.mark.parametrize(
    "good",
    [
        "<p>L’espace ouvre\u00a0: à 14\u00a0h, « demain\u00a0».</p>".replace("« ", "«\u00a0"),
        '<a href="https://exemple.test/?a=1">Voir</a>',
        "{% comment %} L'auteur : libre ! {% endcomment %}<p>Oui.</p>",
        "<p>{{ first }} {{ second }}</p>",
        "<p>de 9\u00a0h à 12\u00a0h&nbsp;!</p>",
        "<p>08:30</p>",
    ],
)
def test_typography_lets_good_french_through(good: str) -> None:
    assert faults(good) == []


def test_mending_unbreaks_spaces_and_touches_nothing_else() -> None:
    source = '{% comment %}a : b{% endcomment %}<p title="Où ?">Quand : à 14 h, « oui » !</p>{{ day|date:"H : i" }}'
    once = mended(source)
    assert faults(once) == []
    assert once.replace("\u00a0", " ") == source
    assert mended(once) == once
