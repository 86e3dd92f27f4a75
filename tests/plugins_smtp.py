"""A real SMTP server on loopback, for whichever test asks for `smtp_server`.

    def test_…(smtp_server):
        deliver_due(now())
        assert smtp_server.inbox[0]["Subject"] == "…"

Without it, pytest-django keeps mails in `django.core.mail.outbox`, and nothing speaks SMTP.
"""

import asyncio
import email
import email.policy
import socket
import threading
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

CUT = "cut"
"""What a script answers to close the connection without a word."""

CUT_AFTER_TAKING = "cut after taking"
"""At DATA only: the message is taken and its 250 never arrives."""

Script = Callable[[str], str | None]


class SmtpServer:
    """What the server took, and how it misbehaves: `on_mail`, `on_rcpt` and `on_data` may answer instead of it.

    Each receives the address of the recipient (the sender for `on_mail`) and returns an SMTP line
    (« 451 4.7.1 plus tard »), CUT, or None to accept.
    """

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.port = _free_port()
        self.inbox: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.connections = 0
        self.on_mail: Script = lambda address: None
        self.on_rcpt: Script = lambda address: None
        self.on_data: Script = lambda address: None
        self.on_taken: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._controller: Controller | None = None

    def start(self) -> None:
        """Listen, on the same port each time."""
        self._controller = Controller(self, hostname=self.host, port=self.port, ready_timeout=20)
        self._controller.start()

    def stop(self) -> None:
        """Refuse connections."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def to(self, address: str) -> list[EmailMessage]:
        """What was taken for one recipient."""
        return [mail for mail, envelope in zip(self.inbox, self.envelopes, strict=True) if address in envelope.rcpt_tos]

    # --- What aiosmtpd calls ---

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self._answer(server, self.on_mail(address)):
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self._answer(server, self.on_rcpt(address)):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.on_data(envelope.rcpt_tos[0])
        if answer == CUT_AFTER_TAKING:
            self._take(envelope)
            answer = CUT
        if answer := self._answer(server, answer):
            return answer
        self._take(envelope)
        return f"250 2.0.0 Ok: queued as {len(self.inbox)}"

    def _take(self, envelope: Envelope) -> None:
        assert isinstance(envelope.content, bytes)
        with self._lock:
            self.inbox.append(email.message_from_bytes(envelope.content, policy=email.policy.default))  # type: ignore[arg-type]
            self.envelopes.append(envelope)
        self.on_taken()

    def _answer(self, server: SMTP, answer: str | None) -> str | None:
        if answer == CUT:
            assert server.transport is not None
            server.transport.abort()
            raise asyncio.CancelledError
        if answer and answer.startswith("421"):
            asyncio.get_running_loop().call_later(0.05, server.transport.close)  # type: ignore[union-attr]
        return answer


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def smtp_server(settings: Any) -> Iterator[SmtpServer]:
    """A listening server, and settings that send to it."""
    server = SmtpServer()
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.host, server.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_TIMEOUT = 5
    yield server
    server.stop()
