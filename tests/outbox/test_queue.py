"""What is found by a query, sent again by hand, forgotten, and given to another recipient."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction

from orne_accueil.common.errors import DomainError
from orne_accueil.outbox import actions, selectors
from orne_accueil.outbox.enums import Category, State
from orne_accueil.outbox.models import Message

from .conftest import AT
from .letters import Broken, Code, Letter, People, Reminder, write

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


def again(message: Message) -> Message:
    message.refresh_from_db()
    return message


# --- The database's own word ---


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"state": State.SENT, "settled_at": AT}, "outbox_message_sent_has_date"),
        ({"state": State.FAILED}, "outbox_message_settled_has_date"),
        ({"state": State.SENDING}, "outbox_message_lease_while_sending"),
        ({"leased_until": AT}, "outbox_message_lease_while_sending"),
        ({"state": "lost"}, "outbox_message_(values_are_known|settled_has_date)"),
        ({"category": "spam"}, "outbox_message_values_are_known"),
        ({"recipient": ""}, "outbox_message_names_its_recipient"),
        ({"is_secret": True}, "outbox_message_secret_expires"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(values: dict[str, Any], constraint: str) -> None:
    write(AT)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Message.objects.update(**values)


def test_every_constraint_speaks_french() -> None:
    for constraint in Message._meta.constraints:
        assert str(constraint.violation_error_message).endswith("."), constraint.name


def plan(sql: str, params: list[Any]) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}", params)
        return "\n".join(line for (line,) in cursor.fetchall())


def fill(count: int) -> None:
    """`count` messages that left, ten that wait: what a table looks like after some months."""
    template = write(AT, send_after=AT + timedelta(days=300))
    fields = {field.attname: getattr(template, field.attname) for field in Message._meta.concrete_fields}
    fields.pop("id")
    sent = {"state": State.SENT, "sent_at": AT, "settled_at": AT}
    Message.objects.bulk_create(
        Message(**{**fields, **(sent if number > 10 else {}), "occurrence": str(number), "message_id": f"<{number}@x>"})
        for number in range(count)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE outbox_message")


def test_due_rows_are_found_by_the_partial_index() -> None:
    fill(3000)
    rows = Message.objects.due(AT).select_for_update(skip_locked=True)[:1]
    found = plan(*rows.query.sql_with_params())
    assert "outbox_message_due" in found
    assert "Sort" not in found


def test_overdue_and_purgeable_rows_are_found_by_an_index() -> None:
    fill(3000)
    assert "outbox_message_" in plan(*Message.objects.overdue(AT).query.sql_with_params())
    old = Message.objects.filter(settled_at__lte=AT - timedelta(days=30), purged_at__isnull=True)
    assert "outbox_message_to_purge" in plan(*old.query.sql_with_params())


# --- Sending again ---


def failed(at: Any = AT) -> Message:
    message = write(at, Broken)
    actions.deliver_due(at)
    return again(message)


def test_a_message_sent_again_keeps_its_message_id(monkeypatch: pytest.MonkeyPatch) -> None:
    message = failed()
    monkeypatch.setattr(Broken, "context", Letter.context)
    later = AT + timedelta(days=2)
    actions.send_again(message, by="coordination", at=later)
    assert actions.deliver_due(later) == 1
    assert mail.outbox[0].extra_headers["Message-ID"] == message.message_id
    assert again(message).state == State.SENT
    assert message.last_error == ""


def test_an_expired_message_sent_again_gets_a_day() -> None:
    message = write(AT, Reminder)
    late = AT + timedelta(hours=3)
    actions.deliver_due(late)
    actions.send_again(again(message), by="coordination", at=late)
    assert again(message).expires_at == late + timedelta(days=1)
    assert actions.deliver_due(late) == 1


def test_a_dropped_message_sent_again_is_asked_the_same_questions(people: People) -> None:
    people.refused.add(("lea@exemple.test", Category.BOOKINGS))
    message = write(AT, Reminder)
    actions.deliver_due(AT)
    actions.send_again(again(message), by="coordination", at=AT)
    assert actions.deliver_due(AT) == 0
    assert again(message).state == State.DROPPED


def test_what_left_waits_or_was_secret_is_not_sent_again(people: People) -> None:
    sent, waiting = write(AT, occurrence="1"), write(AT, occurrence="2", send_after=AT + timedelta(days=1))
    secret = write(AT, Code, to="person:404", data={"code": "1"})
    actions.deliver_due(AT)
    for message, code in [(sent, "already_sent"), (waiting, "still_waiting"), (secret, "secret_forgotten")]:
        with pytest.raises(DomainError) as refusal:
            actions.send_again(message, by="coordination", at=AT)
        assert refusal.value.code == code
        assert refusal.value.message.endswith(".")


def test_what_was_purged_is_not_sent_again() -> None:
    message = failed()
    actions.purge_settled(AT + timedelta(days=31))
    with pytest.raises(DomainError, match="effacé"):
        actions.send_again(message, by="coordination", at=AT + timedelta(days=31))


# --- Forgetting ---


def test_after_thirty_days_nothing_says_who_read_what() -> None:
    to_address, to_person = write(AT, data={"note": "secret de famille"}), write(AT, to="person:404", occurrence="2")
    actions.deliver_due(AT)
    assert actions.purge_settled(AT + timedelta(days=30) - timedelta(seconds=1)) == 0
    assert actions.purge_settled(AT + timedelta(days=30, seconds=60)) == 2
    assert "secret de famille" not in str(list(Message.objects.values()))
    assert "lea@exemple.test" not in str(list(Message.objects.values()))
    assert again(to_address).state == State.SENT
    assert again(to_person).recipient == "person:404"
    assert actions.purge_settled(AT + timedelta(days=60)) == 0


def test_what_waits_is_not_purged() -> None:
    write(AT, send_after=AT + timedelta(days=60))
    assert actions.purge_settled(AT + timedelta(days=50)) == 0


def test_a_person_who_leaves_takes_her_messages_with_her() -> None:
    waiting = write(AT, to="person:7", send_after=AT + timedelta(days=1))
    other = write(AT, to="person:8")
    assert actions.forget_recipient("person:7", at=AT) == 1
    assert again(waiting).state == State.DROPPED
    assert not selectors.messages_to("person:7").exists()
    assert again(other).recipient == "person:8"


def test_two_persons_who_are_one_receive_once() -> None:
    kept = write(AT, to="person:7")
    twin, only = write(AT, to="person:8"), write(AT, to="person:8", occurrence="2")
    assert actions.merge_recipients(keep="person:7", drop="person:8") == 1
    assert not Message.objects.filter(pk=twin.pk).exists()
    assert again(only).recipient == "person:7"
    assert set(selectors.messages_to("person:7")) == {kept, only}
