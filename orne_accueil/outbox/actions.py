"""Everything that writes a message: enqueue it with its fact, deliver it later, send it again, forget it."""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import CharField, F, Field, Model, QuerySet, Value
from django.db.models.functions import Cast, Concat

from orne_accueil.common.errors import DomainError

from . import hooks, registry, rendering, rules
from .enums import RESENDABLE_STATES, Category, State
from .models import Message, key_of
from .registry import Notification
from .transport import Deferred, Refused, Relay, RelayDown

logger = logging.getLogger("orne.outbox")

RUN_BUDGET = timedelta(seconds=50)
"""How long one run of the delivery keeps taking rows; the next wake-up continues."""

_FORGOTTEN: dict[str, Any] = {"data": {}, "subject_line": "", "text_body": "", "html_body": ""}
_ERASED: dict[str, Any] = {**_FORGOTTEN, "to_address": "", "to_name": "", "smtp_reply": "", "last_error": ""}
_MARK = Concat(Value("oublie:"), Cast("pk", CharField()))


# --- Writing ---


def enqueue(
    notification: type[Notification],
    *,
    subject: Model | None,
    recipient: str,
    at: datetime,
    occurrence: str = "",
    data: dict[str, Any] | None = None,
    send_after: datetime | None = None,
    expires_at: datetime | None = None,
) -> Message:
    """Write one message in the transaction of the fact it tells; it leaves after the commit, or never
    existed.

    `recipient` is « person:12 » or an address. The same (kind, subject, recipient, occurrence) again gives
    back the first row, untouched. No network, no broker: the delivery finds due rows by a query. Without
    `expires_at`, the class's `keep_for` after `send_after` applies. Raises TransactionManagementError outside
    a transaction.
    """
    if not _in_transaction():
        raise transaction.TransactionManagementError(
            f"{notification.kind}: a message is enqueued in the transaction of the fact it tells."
        )
    send_after = send_after or at
    if expires_at is None and notification.keep_for is not None:
        expires_at = send_after + notification.keep_for
    key = {
        "kind": notification.kind,
        "subject_key": key_of(subject),
        "recipient": recipient,
        "occurrence": occurrence,
    }
    row = Message(
        **key,
        category=notification.category,
        is_secret=notification.secret,
        message_id=f"<{uuid4().hex}@{rendering.sender().domain}>",
        data=data or {},
        send_after=send_after,
        next_attempt_at=send_after,
        expires_at=expires_at,
        created_at=at,
    )
    return row if _insert(row) else Message.objects.get(**key)


def _insert(row: Message) -> bool:
    """Write a row and give it its key, unless its message is there already; whether it was written.

    In SQL: bulk_create(ignore_conflicts=True) does not give the key back, and every booking waits for this statement.
    """
    fields, sql = _insertion()
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        written = cursor.fetchone()
    if written is None:
        return False
    row.pk, row._state.adding, row._state.db = written[0], False, connection.alias
    return True


@cache
def _insertion() -> tuple[list[Field], str]:
    fields = [field for field in Message._meta.local_concrete_fields if not field.primary_key]
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table = connection.ops.quote_name(Message._meta.db_table)
    clause = "ON CONFLICT (kind, subject_key, recipient, occurrence) DO NOTHING RETURNING id"
    return fields, f"INSERT INTO {table} ({columns}) VALUES ({places}) {clause}"  # noqa: S608 - names of our columns


def _in_transaction() -> bool:
    """Whether a transaction of the program's own is open: the one a test case wraps around itself does not
    count.
    """
    blocks: list[Any] = connection.atomic_blocks
    return connection.in_atomic_block and any(not block._from_testcase for block in blocks)


# --- Sending ---


@dataclass
class _Clock:
    """The instant a run was given, plus what has passed since: leases of a long run start when they start."""

    at: datetime
    started: float

    @classmethod
    def starting(cls, at: datetime) -> "_Clock":
        return cls(at, time.monotonic())

    def now(self) -> datetime:
        return self.at + timedelta(seconds=time.monotonic() - self.started)


def deliver_due(at: datetime, *, budget: timedelta = RUN_BUDGET) -> int:
    """Send everything that is due, one row at a time, and return how many messages the server took.

    For each row: 1. claim it with a lease and commit; 2. ask whether it is still true and render it, outside
    any transaction; 3. write what is about to leave, which renews the lease; 4. talk SMTP, on one connection
    for the whole run; 5. record the answer. Steps 3 and 5 are conditional updates on the attempt in hand: a
    worker that lost its lease records nothing. Two runs at once share the rows (SKIP LOCKED). A row that
    fails, whatever the reason, never stops the others; only a server that cannot be reached ends the run, for
    2 seconds.
    """
    clock = _Clock.starting(at)
    _expire_overdue(at)
    sent = 0
    with Relay() as relay:
        while clock.now() - at < budget:
            message = _claim(Message.objects.due(clock.now()), clock.now())
            if message is None:
                break
            try:
                sent += _deliver(message, relay, clock)
            except RelayDown:
                break
    return sent


def send_now(message: Message, *, at: datetime, timeout: float = 5.0) -> bool:
    """Send one message from the web process, right after the commit that wrote it: for sign-in codes only.

    Takes at most about `timeout` seconds. Returns whether the server took it; if not, for whatever reason,
    the worker does as for any other message. Never raises for the mail's sake. Must not run inside a
    transaction.
    """
    clock = _Clock.starting(at)
    row = _claim(Message.objects.due(at).filter(pk=message.pk), at)
    if row is None:
        return False
    try:
        with Relay(timeout=timeout) as relay:
            return _deliver(row, relay, clock)
    except RelayDown:
        return False


def _claim(rows: QuerySet[Message], at: datetime) -> Message | None:
    """Take the first free row of `rows` for one attempt, and commit. None when there is nothing to take."""
    with transaction.atomic(durable=True):
        message = rows.select_for_update(of=("self",), skip_locked=True).first()
        if message is None:
            return None
        interrupted = message.state == State.SENDING
        claimed = Message.objects.filter(pk=message.pk, state=message.state, attempts=message.attempts).update(
            state=State.SENDING,
            **_lease(at),
            attempts=F("attempts") + 1,
            interruptions=F("interruptions") + int(interrupted),
            first_attempt_at=message.first_attempt_at or at,
        )
        if claimed != 1:
            return None
    message.refresh_from_db()
    return message


def _lease(at: datetime) -> dict[str, Any]:
    """Hold the row from `at` on: the lease's end is also when anybody else may take it."""
    end = at + rules.LEASE
    return {"leased_until": end, "next_attempt_at": end}


def _deliver(message: Message, relay: Relay, clock: _Clock) -> bool:
    """Carry one claimed row to its end. Raises RelayDown once that is recorded."""
    try:
        ready, reason = _prepare(message, clock.now())
    except (OperationalError, InterfaceError) as error:
        _postpone(message, clock.now(), f"La base de données n’a pas répondu ({type(error).__name__}).")
        return False
    except Exception as error:
        logger.exception("outbox: %s cannot be written (message %s)", message.kind, message.pk)
        _settle(message, State.FAILED, clock.now(), last_error=_bug(error))
        return False
    if ready is None:
        state = State.EXPIRED if reason is None else State.DROPPED
        _settle(message, state, clock.now(), **({"last_error": reason} if reason else {}))
        return False
    if not _record(message, **_lease(clock.now()), **ready.columns):
        return False
    try:
        reply = relay.send(ready.mail, ready.content)
    except Refused as refusal:
        _settle(message, State.FAILED, clock.now(), last_error=str(refusal))
        return False
    except RelayDown as trouble:
        _postpone(message, clock.now(), str(trouble), relay_down=True)
        raise
    except Deferred as trouble:
        _postpone(message, clock.now(), str(trouble))
        return False
    return _settle(message, State.SENT, clock.now(), sent_at=clock.now(), smtp_reply=reply, last_error="")


@dataclass(frozen=True)
class _Ready:
    mail: rendering.Mail
    content: bytes
    columns: dict[str, Any]


def _prepare(message: Message, at: datetime) -> tuple[_Ready | None, str | None]:
    """The mail to send, or None and why not; None and no reason when it is no longer worth sending."""
    if message.expires_at is not None and message.expires_at <= at:
        return None, None
    kind = registry.get(message.kind)
    if kind is None:
        raise LookupError(f"la sorte « {message.kind} » n’existe plus dans le programme")
    notification = kind()
    people = hooks.recipients()
    address = people.address(message.recipient)
    if address is None:
        return None, "Ce destinataire n’a pas d’adresse électronique."
    category = Category(message.category)
    if notification.mutable and not people.accepts(message.recipient, category):
        return None, f"Le destinataire ne souhaite plus recevoir « {category.label} »."
    subject = notification.subject(message)
    if message.subject_key and subject is None:
        return None, "Ce dont il parlait n’existe plus."
    if not notification.still_true(message, subject):
        return None, "Ce qu’il disait n’est plus vrai."
    unsubscribe = people.unsubscribe_url(message.recipient, category) if notification.mutable else ""
    letter = rendering.render(notification, message, subject, address, unsubscribe_url=unsubscribe)
    columns = {
        "to_address": address.email[:254],
        "to_name": rendering.one_line(address.name)[:200],
        "subject_line": letter.subject[:255],
        "text_body": letter.text.replace("\x00", ""),  # PostgreSQL stores none
        "html_body": letter.html.replace("\x00", ""),
    }
    mail = rendering.to_mail(letter, message, address, at=at)
    return _Ready(mail, mail.message().as_bytes(linesep="\r\n"), columns), None


def _bug(error: Exception) -> str:
    return f"Ce message n’a pas pu être écrit : {type(error).__name__} ({error})."[:2000]


def _record(message: Message, **columns: Any) -> bool:
    """Write on the row of the attempt in hand; False, and a line in the log, when another worker has taken it
    over.
    """
    touched = Message.objects.filter(pk=message.pk, state=State.SENDING, attempts=message.attempts).update(**columns)
    if touched != 1:
        logger.warning("outbox: message %s was taken over during attempt %s", message.pk, message.attempts)
    return touched == 1


def _settle(message: Message, state: State, at: datetime, **columns: Any) -> bool:
    if message.is_secret:
        columns |= _FORGOTTEN
    return _record(message, state=state, settled_at=at, leased_until=None, **columns)


def _postpone(message: Message, at: datetime, trouble: str, *, relay_down: bool = False) -> None:
    """Give the row back for a later attempt, or give up visibly."""
    again = rules.next_attempt(
        attempts=message.attempts,
        first_attempt_at=message.first_attempt_at or at,
        at=at,
        relay_down=relay_down,
    )
    if again is None:
        _settle(message, State.FAILED, at, last_error=f"{trouble} Abandon après {message.attempts} essais.")
        return
    _record(message, state=State.PENDING, leased_until=None, next_attempt_at=again, last_error=trouble)


def _expire_overdue(at: datetime) -> int:
    """Settle what is no longer worth sending, secrets forgotten."""
    late = Message.objects.overdue(at)
    settled = {"state": State.EXPIRED, "settled_at": at, "leased_until": None}
    return late.filter(is_secret=True).update(**settled, **_FORGOTTEN) + late.filter(is_secret=False).update(**settled)


# --- By hand ---


def send_again(message: Message, *, by: object, at: datetime) -> Message:
    """Ask for a new attempt of a message that did not leave, with the same Message-ID. `by` is who asked.

    What made it fail is asked again: a recipient who refused the category still gets nothing. A message past
    its time gets one more day, for somebody judged that it is still worth it. Raises DomainError for a
    message that left, that still waits, that carried a secret or whose content was purged.
    """
    with transaction.atomic():
        row = Message.objects.select_for_update(of=("self",), no_key=True).get(pk=message.pk)
        if row.state == State.SENT:
            raise DomainError("Ce message est déjà parti : il ne part pas deux fois.", code="already_sent")
        if row.state not in RESENDABLE_STATES:
            raise DomainError("Ce message attend déjà son tour.", code="still_waiting")
        if row.is_secret:
            raise DomainError(
                "Ce message portait un code, effacé depuis. Qu’on en demande un autre.",
                code="secret_forgotten",
            )
        if row.purged_at is not None:
            raise DomainError("Le contenu de ce message a été effacé : il ne peut plus partir.", code="purged")
        row.state = State.PENDING
        row.next_attempt_at = at
        row.send_after = min(row.send_after, at)
        row.first_attempt_at = None
        row.settled_at = None
        if row.expires_at is not None and row.expires_at <= at:
            row.expires_at = at + timedelta(days=1)
        row.save(
            update_fields=[
                "state", "next_attempt_at", "send_after", "first_attempt_at", "settled_at", "expires_at",
            ]
        )  # fmt: skip
    logger.info("outbox: message %s asked again by %s", row.pk, by)
    return row


# --- Forgetting ---


def purge_settled(at: datetime) -> int:
    """Erase what settled messages said, and to which address, 30 days after; kind, state and dates stay.

    A recipient that was an address becomes a mark without meaning: the row then tells of nobody.
    """
    old = Message.objects.filter(settled_at__lte=at - rules.BODIES_KEPT, purged_at__isnull=True)
    with transaction.atomic():
        addressed = old.filter(recipient__contains="@").update(recipient=_MARK, purged_at=at, **_ERASED)
        return addressed + old.update(purged_at=at, **_ERASED)


def forget_recipient(recipient: str, *, at: datetime) -> int:
    """Erase what messages say to one recipient, and drop those that wait: for a person's erasure."""
    rows = Message.objects.filter(recipient=recipient)
    with transaction.atomic():
        rows.waiting().update(state=State.DROPPED, settled_at=at, leased_until=None, **_FORGOTTEN)
        return rows.update(recipient=_MARK, purged_at=at, **_ERASED)


def merge_recipients(*, keep: str, drop: str) -> int:
    """Give the messages of `drop` to `keep`, in the transaction that merges two persons.

    What both were to be told waits once: the copy of `drop` goes.
    """
    with transaction.atomic():
        moved = 0
        for message in Message.objects.select_for_update(of=("self",)).filter(recipient=drop).order_by("pk"):
            twin = Message.objects.filter(
                kind=message.kind,
                subject_key=message.subject_key,
                recipient=keep,
                occurrence=message.occurrence,
            )
            if twin.exists():
                message.delete()
                continue
            moved += Message.objects.filter(pk=message.pk).update(recipient=keep)
        return moved
