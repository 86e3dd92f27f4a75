"""What leaves, what waits, what gives up, and what is remembered of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.db import OperationalError, transaction

from orne_accueil.outbox import actions, rules, selectors
from orne_accueil.outbox.enums import Category, State
from orne_accueil.outbox.hooks import Address
from orne_accueil.outbox.models import Message

from .conftest import AT
from .letters import Broken, Code, Letter, People, Reminder, write

pytestmark = pytest.mark.django_db


def again(message: Message) -> Message:
    message.refresh_from_db()
    return message


# --- Leaving ---


def test_a_due_message_leaves_and_the_row_remembers_what_it_said() -> None:
    message = write(AT, data={"note": "À demain"})
    assert actions.deliver_due(AT) == 1
    [sent] = mail.outbox
    assert sent.to == ["lea@exemple.test"]
    assert sent.extra_headers["Message-ID"] == message.message_id
    again(message)
    assert (message.state, message.attempts, message.interruptions) == (State.SENT, 1, 0)
    assert abs(message.sent_at - AT) < timedelta(seconds=5)
    assert message.to_address == "lea@exemple.test"
    assert message.subject_line == "C’est réservé : Salle des marronniers"
    assert "À demain" in message.text_body
    assert "À demain" in message.html_body
    assert message.leased_until is None


def test_a_message_leaves_once() -> None:
    write(AT)
    assert actions.deliver_due(AT) == 1
    assert actions.deliver_due(AT + timedelta(hours=1)) == 0
    assert len(mail.outbox) == 1


def test_one_run_sends_everything_that_is_due() -> None:
    for number in range(7):
        write(AT, occurrence=str(number))
    assert actions.deliver_due(AT) == 7


def test_a_message_waits_for_its_hour() -> None:
    evening = AT + timedelta(hours=8)
    write(AT, send_after=evening)
    assert actions.deliver_due(evening - timedelta(seconds=1)) == 0
    assert actions.deliver_due(evening) == 1


def test_the_address_is_the_one_of_the_moment_of_sending(people: People) -> None:
    write(AT, to="person:7")
    people.addresses["person:7"] = Address("nouvelle@exemple.test", "Léa Martin")
    actions.deliver_due(AT)
    assert mail.outbox[0].to == ["Léa Martin <nouvelle@exemple.test>"]


# --- Not leaving ---


def test_a_message_to_nobody_is_dropped_and_says_so() -> None:
    message = again_after_delivery(write(AT, to="person:404"))
    assert (message.state, message.last_error) == (State.DROPPED, "Ce destinataire n’a pas d’adresse électronique.")


def again_after_delivery(message: Message, at: datetime = AT) -> Message:
    actions.deliver_due(at)
    assert not mail.outbox
    return again(message)


def test_a_category_that_she_refused_is_dropped_where_it_may_be_refused(people: People) -> None:
    people.refused.add(("lea@exemple.test", Category.BOOKINGS))
    muted, obliged = write(AT, Reminder), write(AT, Letter)
    assert actions.deliver_due(AT) == 1
    assert again(muted).state == State.DROPPED
    assert "Réservations" in muted.last_error
    assert again(obliged).state == State.SENT


def test_what_is_no_longer_true_is_dropped() -> None:
    group = Group.objects.create(name="Salle")
    message = write(AT, Reminder, about=group)
    Group.objects.update(name="annulée")
    assert again_after_delivery(message).state == State.DROPPED


def test_a_message_about_something_gone_is_dropped() -> None:
    message = write(AT)
    Group.objects.all().delete()
    message = again_after_delivery(message)
    assert (message.state, message.last_error) == (State.DROPPED, "Ce dont il parlait n’existe plus.")


@pytest.mark.parametrize(("late", "state"), [(timedelta(seconds=-1), State.SENT), (timedelta(), State.EXPIRED)])
def test_a_reminder_is_worth_nothing_after_its_time(late: timedelta, state: State) -> None:
    message = write(AT, Reminder)
    actions.deliver_due(AT + timedelta(hours=2) + late)
    assert again(message).state == state


def test_a_program_error_fails_its_own_message_and_lets_the_others_pass(caplog: pytest.LogCaptureFixture) -> None:
    broken, fine = write(AT, Broken), write(AT, send_after=AT)
    assert actions.deliver_due(AT) == 1
    assert again(broken).state == State.FAILED
    assert broken.last_error == "Ce message n’a pas pu être écrit : KeyError ('booking')."
    assert again(fine).state == State.SENT
    assert "tests.broken cannot be written" in caplog.text


def test_a_kind_that_the_program_forgot_fails_its_message() -> None:
    message = write(AT)
    Message.objects.update(kind="tests.forgotten")
    assert again_after_delivery(message).state == State.FAILED


def test_a_database_that_does_not_answer_while_writing_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_time(*args: Any) -> None:
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr(Letter, "context", out_of_time)
    message = again_after_delivery(write(AT))
    assert (message.state, message.attempts) == (State.PENDING, 1)
    assert message.next_attempt_at > AT


# --- Who holds a row ---


def take(message: Message, at: datetime = AT) -> Message:
    """What a worker does before it dies."""
    claimed = actions._claim(Message.objects.due(at).filter(pk=message.pk), at)
    assert claimed is not None
    return claimed


def test_a_row_in_the_hands_of_a_worker_is_left_to_it() -> None:
    take(write(AT))
    assert actions.deliver_due(AT + rules.LEASE - timedelta(seconds=5)) == 0


def test_a_row_left_by_a_dead_worker_leaves_later_and_is_counted_as_a_possible_double() -> None:
    message = take(write(AT))
    assert actions.deliver_due(AT + rules.LEASE) == 1
    assert mail.outbox[0].extra_headers["Message-ID"] == message.message_id
    assert (again(message).attempts, message.interruptions) == (2, 1)
    assert selectors.possible_duplicates() == 1


def test_a_worker_that_lost_its_lease_records_nothing(caplog: pytest.LogCaptureFixture) -> None:
    slow = take(write(AT))
    quick = take(slow, AT + rules.LEASE)
    assert not actions._settle(slow, State.FAILED, AT, last_error="trop tard")
    assert "taken over" in caplog.text
    assert actions._settle(quick, State.SENT, AT, sent_at=AT)
    assert again(slow).state == State.SENT


def test_a_worker_that_lost_its_lease_while_writing_does_not_send(monkeypatch: pytest.MonkeyPatch) -> None:
    message = write(AT)

    def slow(self: Letter, row: Message, subject: Group) -> dict[str, Any]:
        Message.objects.filter(pk=row.pk).update(attempts=9)  # somebody took it over meanwhile
        return {"name": subject.name, "note": ""}

    monkeypatch.setattr(Letter, "context", slow)
    assert actions.deliver_due(AT) == 0
    assert not mail.outbox
    assert again(message).state == State.SENDING


# --- Secrets ---


def test_a_code_is_sent_at_once_and_gone_from_the_row() -> None:
    message = write(AT, Code, data={"code": "493817"})
    assert actions.send_now(message, at=AT)
    assert "493817" in mail.outbox[0].body
    again(message)
    assert (message.state, message.data, message.subject_line, message.text_body) == (State.SENT, {}, "", "")
    assert "493817" not in str(Message.objects.values().get())


def test_a_code_too_late_is_forgotten_unsent() -> None:
    message = write(AT, Code, data={"code": "493817"})
    assert again_after_delivery(message, AT + timedelta(minutes=15)).state == State.EXPIRED
    assert message.data == {}


def test_a_code_that_the_server_refuses_is_forgotten(monkeypatch: pytest.MonkeyPatch, people: People) -> None:
    message = write(AT, Code, to="person:404", data={"code": "493817"})
    assert again_after_delivery(message).state == State.DROPPED
    assert message.data == {}


def test_the_database_refuses_a_settled_secret() -> None:
    from django.db import IntegrityError

    message = write(AT, Code, data={"code": "493817"})
    with pytest.raises(IntegrityError, match="outbox_message_secret_is_forgotten"), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(state=State.SENT, sent_at=AT, settled_at=AT)


def test_send_now_leaves_a_row_that_the_worker_holds() -> None:
    message = take(write(AT, Code, data={"code": "493817"}))
    assert not actions.send_now(message, at=AT)
    assert not mail.outbox


def test_send_now_inside_a_transaction_is_refused() -> None:
    message = write(AT, Code, data={"code": "493817"})
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        actions.send_now(message, at=AT)


# --- Health ---


def test_the_oldest_due_message_is_the_one_that_should_have_left_first() -> None:
    assert selectors.oldest_due(AT) is None
    write(AT, occurrence="1")
    write(AT, occurrence="2", send_after=AT + timedelta(hours=1))
    late = AT + timedelta(minutes=30)
    assert selectors.oldest_due(late) == AT
    actions.deliver_due(late)
    assert selectors.oldest_due(late) is None
