"""SMTP really spoken: what each answer of the server does to a message."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from orne_accueil.outbox import actions, rules
from orne_accueil.outbox.enums import State
from orne_accueil.outbox.hooks import Address
from orne_accueil.outbox.models import Message
from tests.plugins_smtp import CUT, CUT_AFTER_TAKING, SmtpServer

from .conftest import AT
from .letters import Code, Enclosing, People, Reminder, write

pytestmark = pytest.mark.django_db

SOON = timedelta(seconds=5)
"""What a run may take before it says when it ended."""


def again(message: Message) -> Message:
    message.refresh_from_db()
    return message


def test_a_message_arrives_whole(smtp_server: SmtpServer, people: People) -> None:
    people.addresses["person:7"] = Address("zoe@exemple.test", "Zoé, dite « L’Ânesse »")
    message = write(AT, Enclosing, to="person:7", name="Salle d’Écouché", data={"note": "À bientôt !\n.\nLéa"})
    assert actions.deliver_due(AT) == 1
    [mail] = smtp_server.inbox
    assert mail["Subject"] == "C’est réservé : Salle d’Écouché"
    assert mail["To"] == '"Zoé, dite « L’Ânesse »" <zoe@exemple.test>'
    assert mail["From"].addresses[0].display_name == "Télétravail dans l’Orne"
    assert mail["Reply-To"].addresses[0].addr_spec == "epn.argentan@exemple.test"
    assert mail["Message-ID"] == message.message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].startswith("Tue, 01 Dec 2026 10:00:0")
    assert mail["Date"].endswith("+0100"), "as a clock in the Orne shows it"
    assert mail["List-Unsubscribe"] is None
    text = mail.get_body(("plain",)).get_content()
    assert "> À bientôt !\n> .\n> Léa" in text.replace("\r\n", "\n")
    assert "d’Argentan vous lira" in text
    assert "Libérer ma place" in mail.get_body(("html",)).get_content()
    [calendar] = mail.iter_attachments()
    assert calendar.get_content_type() == "text/calendar"
    assert calendar.get_param("method") == "PUBLISH"
    assert calendar.get_filename() == "réservation.ics"
    assert calendar.get_payload(decode=True) == Enclosing.calendar
    assert "250 2.0.0 Ok" in again(message).smtp_reply


def test_what_may_be_refused_says_how_in_one_click(smtp_server: SmtpServer) -> None:
    write(AT, Reminder)
    actions.deliver_due(AT)
    [mail] = smtp_server.inbox
    assert mail["List-Unsubscribe"] == "<http://testserver/courriers/desinscription/jeton-bookings/>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_run_speaks_on_one_connection(smtp_server: SmtpServer) -> None:
    for number in range(5):
        write(AT, occurrence=str(number))
    assert actions.deliver_due(AT) == 5
    assert smtp_server.connections == 1


# --- Refusals ---


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("550 5.1.1 Boîte inconnue", State.FAILED),
        ("554 5.7.1 Refus", State.FAILED),
        ("451 4.7.1 Liste grise", State.PENDING),
        ("421 4.3.2 Fermeture", State.PENDING),
        (CUT, State.PENDING),
    ],
)
@pytest.mark.parametrize("step", ["on_rcpt", "on_data"])
def test_an_answer_decides_for_its_own_message_only(
    smtp_server: SmtpServer, step: str, answer: str, state: State
) -> None:
    setattr(smtp_server, step, lambda address: answer if address == "lea@exemple.test" else None)
    unlucky = write(AT, to="lea@exemple.test")
    lucky = write(AT, to="luc@exemple.test")
    assert actions.deliver_due(AT) == 1
    assert again(lucky).state == State.SENT
    assert again(unlucky).state == state
    assert unlucky.last_error.startswith(("Le serveur de courrier refuse", "La conversation avec le serveur"))
    if answer != CUT:
        assert answer[:3] in unlucky.last_error
    if state == State.PENDING:
        assert AT + rules.BACKOFF[0] <= unlucky.next_attempt_at < AT + rules.BACKOFF[0] + SOON


@pytest.mark.parametrize("answer", ["451 plus tard", "550 5.7.1 Expéditeur refusé"])
def test_a_refused_sender_is_our_trouble_and_is_tried_again(smtp_server: SmtpServer, answer: str) -> None:
    smtp_server.on_mail = lambda address: answer
    message = write(AT)
    actions.deliver_due(AT)
    assert (again(message).state, "refuse l’expéditeur" in message.last_error) == (State.PENDING, True)


def test_a_connection_closed_between_two_messages_is_opened_again(smtp_server: SmtpServer) -> None:
    """Servers limit how many messages a connection carries: nobody waits for that."""
    seen: list[str] = []

    def one_per_connection(address: str) -> str | None:
        seen.append(address)
        return "421 4.7.0 Assez pour cette fois" if len(seen) == 2 else None

    smtp_server.on_mail = one_per_connection
    write(AT, occurrence="1")
    write(AT, occurrence="2")
    assert actions.deliver_due(AT) == 2
    assert smtp_server.connections == 2


def test_a_lost_250_is_a_double_with_the_same_message_id(smtp_server: SmtpServer) -> None:
    """Exactly once is not reachable with SMTP: the double carries the Message-ID by which mailboxes drop it."""
    smtp_server.on_data = lambda address: CUT_AFTER_TAKING if not smtp_server.inbox else None
    message = write(AT)
    actions.deliver_due(AT)
    assert actions.deliver_due(AT + timedelta(minutes=1)) == 1
    assert [mail["Message-ID"] for mail in smtp_server.inbox] == [message.message_id] * 2


def test_backoff_grows_then_gives_up_visibly_after_a_day(smtp_server: SmtpServer) -> None:
    smtp_server.on_rcpt = lambda address: "451 4.7.1 Liste grise"
    message = write(AT)
    at, delays = AT, []
    while again(message).state == State.PENDING:
        actions.deliver_due(at)
        again(message)
        delays.append(round((message.next_attempt_at - at).total_seconds()))
        at = max(at, message.next_attempt_at)
    assert delays[:6] == [10, 60, 300, 1800, 7200, 14400]
    assert message.state == State.FAILED
    assert "Abandon après" in message.last_error
    assert timedelta(hours=24) <= at - AT < timedelta(hours=29)


def test_a_refused_code_is_forgotten(smtp_server: SmtpServer) -> None:
    smtp_server.on_rcpt = lambda address: "550 inconnue"
    message = write(AT, Code, data={"code": "493817"})
    assert not actions.send_now(message, at=AT)
    assert (again(message).state, message.data, message.text_body) == (State.FAILED, {}, "")


# --- No server ---


def test_without_a_server_everything_waits_and_one_row_a_run_knocks(smtp_server: SmtpServer) -> None:
    smtp_server.stop()
    messages = [write(AT, occurrence=str(number)) for number in range(4)]
    assert actions.deliver_due(AT) == 0
    assert sorted(again(message).attempts for message in messages) == [0, 0, 0, 1]
    assert "Le serveur de courrier ne répond pas" in messages[0].last_error
    smtp_server.start()
    assert actions.deliver_due(AT + timedelta(minutes=1)) == 4


def test_a_week_end_without_a_server_loses_nothing(smtp_server: SmtpServer) -> None:
    smtp_server.stop()
    message = write(AT)
    for hours in range(0, 60, 4):
        actions.deliver_due(AT + timedelta(hours=hours))
    assert again(message).state == State.PENDING
    smtp_server.start()
    assert actions.deliver_due(AT + timedelta(hours=60)) == 1


@contextmanager
def silent_server(port: int) -> Iterator[None]:
    """Something that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        held: list[socket.socket] = []
        listener.settimeout(10)

        def hold() -> None:
            try:
                while True:
                    held.append(listener.accept()[0])
            except OSError:
                pass

        thread = threading.Thread(target=hold, daemon=True)
        thread.start()
        yield
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=10)
        for one in held:
            one.close()


def test_a_silent_server_holds_a_sign_in_no_longer_than_its_limit(smtp_server: SmtpServer) -> None:
    smtp_server.stop()
    message = write(AT, Code, data={"code": "493817"})
    with silent_server(smtp_server.port):
        started = time.monotonic()
        assert not actions.send_now(message, at=AT, timeout=1.0)
        assert time.monotonic() - started < 2
    assert again(message).state == State.PENDING
    assert message.data == {"code": "493817"}
    smtp_server.start()
    assert actions.deliver_due(AT + timedelta(minutes=1)) == 1
    assert "493817" in smtp_server.inbox[0].get_body(("plain",)).get_content()


# --- What people type never becomes a header ---


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r", "\u2028", "\x0b", "\x00"])
def test_no_value_starts_a_header(smtp_server: SmtpServer, people: People, break_: str, monkeypatch: Any) -> None:
    injected = f"Léa{break_}Bcc: pirate@exemple.test{break_}{break_}corps"
    people.addresses["person:7"] = Address("lea@exemple.test", injected)
    name = injected.replace("\x00", "")  # PostgreSQL stores none
    write(AT, Enclosing, to="person:7", name=name)
    assert actions.deliver_due(AT) == 1
    [mail], [envelope] = smtp_server.inbox, smtp_server.envelopes
    assert envelope.rcpt_tos == ["lea@exemple.test"]
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("C’est réservé : Léa")
    assert len(mail["To"].addresses) == 1


def test_an_address_that_is_two_fails_its_message(smtp_server: SmtpServer, people: People) -> None:
    people.addresses["person:7"] = Address("lea@exemple.test, pirate@exemple.test")
    message = write(AT, to="person:7")
    assert actions.deliver_due(AT) == 0
    assert again(message).state == State.FAILED
