"""How names are compared and hours said: tables at their bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orne_accueil.territory import rules

NBSP = "\u00a0"
letters = st.text(alphabet="abcde", max_size=7)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Saint-Germain-du-Corbéis", "saint germain du corbeis"),
        ("St Germain du Corbéis", "saint germain du corbeis"),
        ("ST.  GERMAIN", "saint germain"),
        ("Ste-Gauburge", "sainte gauburge"),
        ("Condé s/ Huisne", "conde sur huisne"),
        ("Condé s/Huisne", "conde sur huisne"),
        ("St-Brice ss Rânes", "saint brice sous ranes"),
        ("L'Aigle", "l aigle"),
        ("L’Aigle", "l aigle"),
        ("Sées", "sees"),
        ("Cœur du Perche", "coeur du perche"),
        ("Stang", "stang"),
        ("  ", ""),
        ("!?", ""),
    ],
)
def test_a_name_is_compared_by_its_plain_words(text, key):
    assert rules.search_key(text) == key


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("argentan", "argentan", True),
        ("argentan", "argantan", True),  # replaced
        ("argentan", "argenan", True),  # dropped
        ("argentan", "argenttan", True),  # added
        ("argentan", "agrentan", True),  # swapped
        ("argentan", "argentna", True),  # swapped at the end
        ("argentan", "xargentan", True),
        ("argentan", "argentanx", True),
        ("argentan", "agrentna", False),  # two swaps
        ("argentan", "arentn", False),  # two dropped
        ("abc", "cba", False),
        ("", "", True),
        ("", "a", True),
        ("", "ab", False),
    ],
)
def test_one_edit_is_a_typo_and_two_are_not(one, other, near):
    assert rules.within_one_edit(one, other) is near
    assert rules.within_one_edit(other, one) is near


def _distance(one: str, other: str) -> int:
    """Optimal string alignment, by the book: what the fast check must agree with."""
    rows = {(i, 0): i for i in range(len(one) + 1)} | {(0, j): j for j in range(len(other) + 1)}
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            cost = one[i - 1] != other[j - 1]
            best = min(rows[i - 1, j] + 1, rows[i, j - 1] + 1, rows[i - 1, j - 1] + cost)
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                best = min(best, rows[i - 2, j - 2] + 1)
            rows[i, j] = best
    return rows[len(one), len(other)]


@given(letters, letters)
def test_the_fast_check_agrees_with_the_book(one, other):
    assert rules.within_one_edit(one, other) is (_distance(one, other) <= 1)


@pytest.mark.parametrize(
    ("key", "bare"),
    [("la ferte mace", "ferte mace"), ("l aigle", "aigle"), ("les aspres", "aspres"), ("le", "le"), ("laleu", "laleu")],
)
def test_a_leading_article_may_be_left_out(key, bare):
    assert rules.without_article(key) == bare


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("des Sources de l’Orne", "Sources de l’Orne"),
        ("de la Vallée de la Haute Sarthe", "Vallée de la Haute Sarthe"),
        ("du Val d’Orne", "Val d’Orne"),
        ("d’Alençon", "Alençon"),
        ("Terres d’Argentan Interco", "Terres d’Argentan Interco"),
        ("Domfront Tinchebray Interco", "Domfront Tinchebray Interco"),
    ],
)
def test_an_epci_is_listed_by_its_bare_name(name, bare):
    assert rules.without_preposition(name) == bare


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("lundi", "lundi", "lundi"),
        ("lundi", "mardi", "lundi et mardi"),
        ("lundi", "mercredi", "du lundi au mercredi"),
        ("samedi", "dimanche", "samedi et dimanche"),
    ],
)
def test_days_are_a_range_said_in_french(first, last, days):
    (line,) = rules.hours_in_french([[first, last, [["08:30:00", "12:00:00"]]]])

    assert line.days == days


def test_hours_are_said_as_one_reads_a_clock():
    (line,) = rules.hours_in_french([["lundi", "lundi", [["08:30:00", "12:00:00"], ["13:30:00", "17:30:00"]]]])

    assert line.hours.replace(NBSP, " ") == "8 h 30 – 12 h, 13 h 30 – 17 h 30"
