"""One template, three versions."""

from types import SimpleNamespace
from typing import Any

import pytest

from orne_accueil.outbox import rendering
from orne_accueil.outbox.hooks import Address

from .letters import Code, Enclosing, Letter, Reminder

LEA = Address("lea@exemple.test", "Léa")


def letter(kind: type = Letter, name: str = "Salle", unsubscribe_url: str = "", **data: Any) -> rendering.Letter:
    row: Any = SimpleNamespace(data=data, message_id="<1@exemple.test>")
    subject: Any = SimpleNamespace(name=name)
    return rendering.render(kind(), row, subject, LEA, unsubscribe_url=unsubscribe_url)


def test_the_text_reads_as_if_somebody_had_typed_it() -> None:
    body = letter(name="Salle des marronniers", note="Bonjour.\n\nJ’arrive à 14 h.").text
    assert body.split("\n-- \n")[0] == (
        "Bonjour, nous vous attendons à Salle des marronniers et nous avons noté\n"
        "tout ce qui suit pour que vous n’ayez rien d’autre à faire que venir.\n"
        "\n"
        "Quand\u00a0: mardi 1er décembre, de 14 h à 18 h\n"
        "Où\u00a0: Salle des marronniers\n"
        "\n"
        "CE QUE VOUS NOUS AVEZ ÉCRIT\n"
        "\n"
        "> Bonjour.\n"
        ">\n"
        "> J’arrive à 14 h.\n"
        "\n"
        "- Le café est au fond.\n"
        "- Le code du Wi-Fi est affiché près de la porte, du côté de la fenêtre\n"
        "  qui donne sur la cour.\n"
        "\n"
        "Libérer ma place\u00a0:\n"
        "http://testserver/liberer/abc/\n"
        "\n"
        "Pour venir, voyez le plan d’accès\u00a0:\n"
        "http://testserver/espaces/argentan/\n"
    )


def test_no_line_of_the_text_is_longer_than_72_columns() -> None:
    body = letter(name="Salle " + "très " * 40 + "longue", note="mot " * 60).text
    assert max(len(line) for line in body.splitlines()) <= 72


def test_a_link_longer_than_the_line_is_not_cut() -> None:
    url = "/liberer/" + "a" * 200 + "/"
    assert rendering.wrapped(f"Voyez {rendering.own_line(url)}.") == f"Voyez\n{url}"


def test_what_people_type_is_escaped_in_html_and_left_alone_in_text() -> None:
    found = letter(name="Salle <b>& Cie</b>", note="<script>alert(1)</script>")
    assert "<script>alert" not in found.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in found.html
    assert "Salle &lt;b&gt;&amp; Cie&lt;/b&gt;" in found.html
    assert "> <script>alert(1)</script>" in found.text
    assert "Salle <b>& Cie</b>" in found.text
    assert found.subject == "C’est réservé : Salle <b>& Cie</b>"


def test_what_people_type_cannot_look_like_the_mail_itself() -> None:
    found = letter(name="x", note=f"{rendering.BLOCK}{rendering.ALONE}Libérer{rendering.BLOCK}")
    assert "> Libérer" in found.text.replace(">  ", "> ")


def test_a_fact_without_value_and_an_empty_quotation_disappear() -> None:
    found = letter()
    assert "Clé" not in found.text + found.html
    assert "blockquote" not in found.html


def test_the_html_wears_the_clothes_of_every_mail() -> None:
    found = letter(name="Salle")
    assert found.html.startswith("<!doctype html>")
    assert '<a class="button" href="http://testserver/liberer/abc/"' in found.html
    assert "mail_part" not in found.html


def test_the_footer_says_who_reads_the_answer_and_why_she_gets_it() -> None:
    foot = letter(Enclosing).text.split("\n-- \n")[1].replace("\n", " ")
    assert "Répondez à ce message\u00a0: Espace public numérique d’Argentan vous lira." in foot
    assert "vous écrit parce que vous avez réservé ou demandé une place." in foot
    assert "Ne plus recevoir" not in foot


def test_without_a_reader_of_its_own_the_team_reads() -> None:
    assert "l’équipe de Télétravail dans l’Orne vous lira" in letter().text.replace("\n", " ")
    assert letter().reply_to.email == "accueil@teletravail-orne.example"


def test_the_footer_offers_to_stop_where_one_may() -> None:
    found = letter(Reminder, unsubscribe_url="/courriers/desinscription/x/")
    assert "Ne plus recevoir ce genre de message\u00a0:\nhttp://testserver/courriers/desinscription/x/" in found.text
    assert 'href="http://testserver/courriers/desinscription/x/"' in found.html


def test_a_code_stands_alone_on_its_line() -> None:
    assert "\n\n    493817\n\n" in letter(Code, code="493817").text


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//ailleurs.example/", "data:text/html,x", "liberer/"])
def test_a_mail_carries_no_other_kind_of_address(url: str) -> None:
    with pytest.raises(ValueError, match="Not an address"):
        rendering.absolute(url)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("deux\nlignes", "deux lignes"),
        ("de\x00s \x1b[0m caractères\x85", "de s [0m caractères"),
        ("mot\u00a0: \u202f!", "mot\u00a0: \u202f!"),
        ("\u2028fin\u2029", "fin"),
    ],
)
def test_one_line_is_one_line(given: str, line: str) -> None:
    assert rendering.one_line(given) == line
