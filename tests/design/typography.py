"""What a reader sees of a template, and what French typography asks of it."""

import re
from dataclasses import dataclass
from pathlib import Path

NBSP = "\u00a0"
THIN = "\u202f"

_TEMPLATE_STRING = re.compile(r'"([^"]*)"')
_VISIBLE_ATTRIBUTE = re.compile(r'\b(?:aria-label|title|placeholder|alt|content|label|value)="([^"]*)"')
_RULES = (
    ("apostrophe droite", re.compile(r"\w'\w")),
    ("guillemets droits", re.compile(r'(?<![=\w])"\w')),
    ("pas d’espace insécable devant la ponctuation", re.compile(rf"[^\s{NBSP}{THIN}{{}}&;!?:][;!?»](?=\s|$)")),
    ("espace sécable devant la ponctuation", re.compile(r"[ \n\t]+[:;!?»]")),
    ("pas d’espace insécable devant deux-points", re.compile(rf"[^\W\d][:](?=[ {NBSP}]|$)")),
    ("pas d’espace insécable après «", re.compile(rf"«[^{NBSP}{THIN}]")),
    ("espace sécable dans une heure ou une mesure", re.compile(r"\d (?:h|km|m|Mbit/s|€|%)\b")),
)


@dataclass(frozen=True)
class Fault:
    """One passage to mend."""

    rule: str
    passage: str

    def __str__(self) -> str:
        return f"{self.rule} : {self.passage!r}"


def visible_passages(source: str) -> list[str]:
    """The texts that a template shows: between tags, in spoken attributes, in the words given to components.

    Variables become a neutral letter, so that « {{ name }} : » is still read as a word and its colon.
    """
    source = re.sub(r"\{% comment.*?%\}.*?\{% endcomment %\}", "", source, flags=re.S)
    source = re.sub(r"\{#.*?#\}", "", source)
    source = re.sub(r"<(script|style)\b.*?</\1>", "", source, flags=re.S)
    source = re.sub(r"<!--.*?-->|<!doctype[^>]*>", "", source, flags=re.S)
    given: list[str] = []
    for tag in re.findall(r"\{%(.*?)%\}", source, flags=re.S):
        if tag.split(None, 1)[0] in {"include", "component", "nav_link", "mail_button", "with"}:
            given += _TEMPLATE_STRING.findall(tag)
    source = re.sub(r"\{%.*?%\}", "", source, flags=re.S)
    source = re.sub(r"\{\{.*?\}\}", "x", source, flags=re.S)
    attributes = [text for tag in re.findall(r"<[^>]+>", source) for text in _VISIBLE_ATTRIBUTE.findall(tag)]
    between = re.split(r"<[^>]+>", source)
    inline = re.sub(r"</?(?:a|strong|em|span|b|i|code|time|abbr)\b[^>]*>", "", source)
    between += re.split(r"<[^>]+>", inline)
    texts = [text.replace("&nbsp;", NBSP) for text in [*between, *attributes, *given]]
    texts = [re.sub(r"&(?:#\d+|\w+);", "x", text) for text in texts]
    return [text for text in texts if re.search(r"[^\W\d_]", text)]


def _is_code(text: str) -> bool:
    """Addresses, sizes and settings that an attribute or a parameter may hold."""
    return bool(re.fullmatch(r"[\w\-./#?=&%{}:;,+@\[\]\"' ]*", text)) and (
        "=" in text or text.startswith(("/", "#", "{")) or not re.search(r"[ ’é]", text)
    )


def faults(source: str) -> list[Fault]:
    """Every passage of a template that breaks a rule of French typography."""
    found = []
    for text in visible_passages(source):
        if _is_code(text.strip()):
            continue
        for rule, pattern in _RULES:
            for match in pattern.finditer(text):
                start = max(0, match.start() - 20)
                fault = Fault(rule, text[start : match.end() + 15].strip("\n"))
                if fault not in found:
                    found.append(fault)
    return found


def templates_of(root: Path) -> list[Path]:
    """Every template of the repository: ours at the root and those inside the applications."""
    folders = [root / "templates", *root.glob("*/templates"), *root.glob("*/*/templates")]
    return sorted({path for folder in folders for path in folder.rglob("*.html")})


_UNTOUCHED = re.compile(r"(\{% comment.*?\{% endcomment %\}|\{#.*?#\}|<script\b.*?</script>|<style\b.*?</style>)", re.S)


def mended(source: str) -> str:
    """The same template with its ordinary spaces made unbreakable where French asks for it; words stay as they are."""
    pieces = _UNTOUCHED.split(source)
    for index in range(0, len(pieces), 2):
        piece = re.sub(r"(?<=\S) ([;!?»:])(?=[\s<\"{).,]|$)", NBSP + r"\1", pieces[index])
        piece = re.sub(r"(?<=>) ([;!?»:])(?=[\s<\"{).,]|$)", NBSP + r"\1", piece)
        piece = re.sub(r"« ", "«" + NBSP, piece)
        pieces[index] = re.sub(r"(\d) (h|km|m|Mbit/s|€|%)(?=\W)(?!\})", r"\1" + NBSP + r"\2", piece)
    return "".join(pieces)


if __name__ == "__main__":  # python -m tests.design.typography FILE…: mends spaces in place
    import sys

    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(mended(path.read_text()))
