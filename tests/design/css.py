"""The tokens of theme.css, and the contrast between two of them."""

import re
from pathlib import Path

CSS = Path(__file__).resolve().parents[2] / "static" / "css"


def tokens(*, dark: bool) -> dict[str, str]:
    """Every --orne-… colour of theme.css by day, or by night with the night's values on top."""
    source = re.sub(r"/\*.*?\*/", "", (CSS / "theme.css").read_text(), flags=re.S)
    night = "@media (prefers-color-scheme: dark)"
    first_night = source.index(night)
    declared = re.compile(r"--(orne-[\w-]+):\s*(#[0-9A-Fa-f]{6});")
    found = dict(declared.findall(source[:first_night]))
    if dark:
        block = source[first_night : source.index("\n}\n", first_night)]
        found |= dict(declared.findall(block))
    return found


def luminance(colour: str) -> float:
    """Relative luminance of #RRGGBB, as WCAG 2.1 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, from 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
