"""What a first view costs: style sheets, the titles' face, the page itself, over the wire."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

STATIC = Path(settings.BASE_DIR) / "static"
FIRST_VIEW = 100_000
REQUESTS = 12


def wire(content: bytes) -> int:
    """Bytes once compressed, as WhiteNoise and the gzip middleware send them."""
    return len(gzip.compress(content, 9))


def test_style_sheets_of_a_page_stay_under_thirty_kilobytes() -> None:
    sheets = [STATIC / "css" / f"{name}.css" for name in ("bootstrap", "theme", "site", "components")]
    assert sum(wire(sheet.read_bytes()) for sheet in sheets) <= 30_000


def test_faces_stay_under_forty_kilobytes() -> None:
    fonts = list((STATIC / "fonts").glob("*.woff2"))
    assert fonts
    assert sum(font.stat().st_size for font in fonts) <= 40_000


@pytest.mark.parametrize("address", ["/", "/composants/", "/accessibilite/", "/donnees-personnelles/"])
def test_first_view_stays_light(client: Client, address: str) -> None:
    page = client.get(address).content
    files = {STATIC / found for found in re.findall(r'(?:href|src)="/static/([^"]+)"', page.decode())}
    total = wire(page)
    for file in files:
        content = file.read_bytes()
        total += len(content) if file.suffix == ".woff2" else wire(content)
    assert 1 + len(files) <= REQUESTS
    assert total <= FIRST_VIEW


def test_no_drawing_weighs_more_than_a_few_kilobytes() -> None:
    drawings = (Path(settings.BASE_DIR) / "templates" / "illustrations").glob("*.svg")
    assert max(wire(drawing.read_bytes()) for drawing in drawings) <= 4_000
