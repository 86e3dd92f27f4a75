"""A message is written with its fact, once."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError

from orne_accueil.outbox import actions, registry
from orne_accueil.outbox.enums import State
from orne_accueil.outbox.models import Message

from .conftest import AT
from .letters import Code, Letter, Reminder, write

pytestmark = pytest.mark.django_db


def test_enqueue_outside_a_transaction_is_refused() -> None:
    """Even here, where the test case holds a transaction open around everything."""
    group = Group.objects.create(name="Salle")
    with pytest.raises(TransactionManagementError):
        actions.enqueue(Letter, subject=group, recipient="lea@exemple.test", at=AT)


@pytest.mark.django_db(transaction=True)
def test_enqueue_outside_a_transaction_is_refused_on_a_real_connection() -> None:
    group = Group.objects.create(name="Salle")
    with pytest.raises(TransactionManagementError):
        actions.enqueue(Letter, subject=group, recipient="lea@exemple.test", at=AT)


def test_a_message_says_what_it_is_about_and_to_whom() -> None:
    message = write(AT, to="person:12", occurrence="3", data={"note": "merci"})
    assert message.subject_key == f"auth.group:{Group.objects.get().pk}"
    assert (message.kind, message.recipient, message.occurrence) == ("tests.letter", "person:12", "3")
    assert (message.state, message.send_after, message.next_attempt_at) == (State.PENDING, AT, AT)
    assert message.message_id.startswith("<")
    assert message.message_id.endswith("@teletravail-orne.example>")
    assert registry.fetch(message.subject_key) == Group.objects.get()


def test_the_same_message_twice_is_one_row_and_the_first_one_stands() -> None:
    first = write(AT, data={"note": "un"})
    second = write(AT + timedelta(hours=1), data={"note": "deux"})
    assert (second.pk, second.message_id, second.data) == (first.pk, first.message_id, {"note": "un"})
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    "different", [{"to": "luc@exemple.test"}, {"occurrence": "2"}, {"name": "Autre salle"}, {"kind": Reminder}]
)
def test_another_recipient_occurrence_subject_or_kind_is_another_message(different: dict) -> None:
    write(AT)
    write(AT, **different)
    assert Message.objects.count() == 2


def test_a_fact_rolled_back_takes_its_message_with_it() -> None:
    def fail_after_writing() -> None:
        with transaction.atomic():
            write(AT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    assert not Message.objects.exists()


def test_the_kind_says_how_long_it_is_worth_sending() -> None:
    assert write(AT, Reminder).expires_at == AT + timedelta(hours=2)
    later = AT + timedelta(days=1)
    assert write(AT, Reminder, occurrence="b", send_after=later).expires_at == later + timedelta(hours=2)
    assert write(AT, Reminder, occurrence="c", expires_at=later).expires_at == later
    assert write(AT, Letter).expires_at is None


def test_a_secret_without_an_end_is_refused_by_the_database() -> None:
    class Endless(Code):
        kind = "tests.endless"
        keep_for = None

    with pytest.raises(IntegrityError, match="outbox_message_secret_expires"), transaction.atomic():
        write(AT, Endless, data={"code": "123456"})


@pytest.mark.engine
@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_fifty_identical_submissions_write_one_row() -> None:
    group = Group.objects.create(name="Salle")
    barrier = threading.Barrier(10)
    found: set[int] = set()

    def submit() -> None:
        try:
            barrier.wait()
            for _ in range(5):
                found.add(write(AT, about=group).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=submit) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    assert Message.objects.count() == 1


def test_enqueue_costs_one_query(django_assert_num_queries) -> None:
    group = Group.objects.create(name="Salle")
    with transaction.atomic(), django_assert_num_queries(1):
        actions.enqueue(Letter, subject=group, recipient="lea@exemple.test", at=AT)
