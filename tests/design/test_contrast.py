"""Every text can be read on every ground it stands on, by day and by night (AA)."""

import pytest

from tests.design.css import contrast, tokens

TEXT = 4.5
CONTROL = 3.0
GROUNDS = ("page", "surface", "sunken")
TINTS = ("green-tint", "red-tint", "wheat-tint", "slate-tint")

PAIRS: list[tuple[str, str, float]] = [
    *(("ink", ground, TEXT) for ground in (*GROUNDS, *TINTS)),
    *(("ink-soft", ground, TEXT) for ground in (*GROUNDS, "green-tint", "slate-tint")),
    *(("green", ground, TEXT) for ground in (*GROUNDS, *TINTS)),
    *(("green-strong", ground, TEXT) for ground in (*GROUNDS, "green-tint")),
    *(("red", ground, TEXT) for ground in (*GROUNDS, "red-tint")),
    ("red-ink", "red-tint", TEXT),
    ("wheat-ink", "wheat-tint", TEXT),
    ("on-fill", "green", TEXT),
    ("on-fill", "green-strong", TEXT),
    ("on-wheat", "wheat", TEXT),
    *(("control", ground, CONTROL) for ground in GROUNDS),
    *(("green", ground, CONTROL) for ground in GROUNDS),
    # Focus is wheat edged with ink: the edge is what must stand out of the ground, and the wheat out of the edge.
    *(("ink", ground, CONTROL) for ground in GROUNDS),
    ("on-wheat", "wheat", CONTROL),
]


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
@pytest.mark.parametrize(("ink", "ground", "floor"), PAIRS)
def test_ink_stands_out_of_its_ground(ink: str, ground: str, floor: float, dark: bool) -> None:
    found = tokens(dark=dark)
    assert contrast(found[f"orne-{ink}"], found[f"orne-{ground}"]) >= floor


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
def test_danger_button_is_readable_when_hovered(dark: bool) -> None:
    found = tokens(dark=dark)
    words = found["orne-sunken"] if dark else found["orne-on-fill"]
    assert contrast(words, found["orne-red"]) >= TEXT


def test_the_measure_itself_is_right() -> None:
    assert round(contrast("#000000", "#FFFFFF"), 2) == 21
    assert contrast("#777777", "#FFFFFF") < TEXT < contrast("#767676", "#FFFFFF")


def test_night_changes_every_ground_and_every_ink() -> None:
    day, night = tokens(dark=False), tokens(dark=True)
    assert {name for name in day if day[name] == night[name]} == {"orne-wheat"}
