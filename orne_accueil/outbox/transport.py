"""Talking to the mail server: one connection for a run, each answer told apart."""

import smtplib
import time
from types import TracebackType
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address

CLOSING = 421  # the server says goodbye: whatever follows needs a new connection


class Refused(Exception):
    """The server will never take this message, or not for this recipient."""


class Deferred(Exception):
    """The server did not take this message this time."""


class RelayDown(Exception):
    """No server to talk to: no message is at fault."""


class _Stale(Exception):
    """The connection was closed between two messages, before anything of this one was said."""


class Relay:
    """The server of the EMAIL_* settings, through Django's configured backend.

    Opened by the first message and kept for the following ones. With `timeout`, in seconds, all that is said
    from the first message on must fit in it. Backends that do not speak SMTP (memory, console) are used as
    they are.
    """

    def __init__(self, *, timeout: float | None = None) -> None:
        self._deadline = None if timeout is None else time.monotonic() + timeout
        # Half of it for each exchange of the opening: connecting and being greeted are two.
        options: dict[str, Any] = {} if timeout is None else {"timeout": timeout / 2}
        self._backend: Any = get_connection(**options)

    def __enter__(self) -> "Relay":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up(politely=error is None)

    def send(self, mail: EmailMessage, content: bytes) -> str:
        """Hand one message over, `content` being its bytes, and return what the server said. Raises Refused,
        Deferred or RelayDown.
        """
        if not isinstance(self._backend, EmailBackend):
            return self._send_elsewhere(mail)
        kept = self._open()
        try:
            return self._speak(mail, content)
        except _Stale as stale:
            if not kept:
                raise Deferred(str(stale)) from stale
        self._open()
        try:
            return self._speak(mail, content)
        except _Stale as stale:
            raise Deferred(str(stale)) from stale

    def _send_elsewhere(self, mail: EmailMessage) -> str:
        try:
            taken = self._backend.send_messages([mail])
        except OSError as error:
            raise Deferred(f"Le courrier n’a pas été pris : {_words(error)}.") from error
        if not taken:
            raise Deferred("Le courrier n’a pas été pris.")
        return ""

    def _open(self) -> bool:
        """Make sure that a connection is open; True when it was already."""
        if self._backend.connection is not None:
            return True
        try:
            self._backend.open()
        except OSError as error:  # SMTPException is one
            self._hang_up(politely=False)
            raise RelayDown(f"Le serveur de courrier ne répond pas : {_words(error)}.") from error
        return False

    def _speak(self, mail: EmailMessage, content: bytes) -> str:
        """One SMTP transaction. Whoever refuses is told apart: sender, recipient, content."""
        smtp: smtplib.SMTP = self._backend.connection
        encoding = mail.encoding or settings.DEFAULT_CHARSET
        started = False
        try:
            self._hurry(smtp)
            smtp.ehlo_or_helo_if_needed()
            options = [f"size={len(content)}"] if smtp.has_extn("size") else []
            if smtp.has_extn("8bitmime"):
                options.append("body=8bitmime")
            code, words = smtp.mail(sanitize_address(mail.from_email, encoding), options)
            if code == CLOSING:
                self._hang_up(politely=False)
                raise _Stale(_said("Le serveur de courrier ferme", code, words))
            if code != 250:
                self._reset(code)
                raise Deferred(_said("Le serveur de courrier refuse l’expéditeur", code, words))
            started = True
            for recipient in mail.recipients():
                self._hurry(smtp)
                code, words = smtp.rcpt(sanitize_address(recipient, encoding))
                if code not in (250, 251):
                    self._reset(code)
                    raise _verdict(code)(_said("Le serveur de courrier refuse ce destinataire", code, words))
            self._hurry(smtp)
            code, words = smtp.data(content)
        except smtplib.SMTPDataError as error:  # DATA itself was refused, before any content
            self._reset(error.smtp_code)
            raise _verdict(error.smtp_code)(
                _said("Le serveur de courrier refuse ce message", error.smtp_code, error.smtp_error)
            ) from error
        except OSError as error:
            self._hang_up(politely=False)
            trouble = f"La conversation avec le serveur de courrier a été coupée : {_words(error)}."
            if not started and isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError):
                raise _Stale(trouble) from error
            raise Deferred(trouble) from error
        if code != 250:
            self._reset(code)
            raise _verdict(code)(_said("Le serveur de courrier refuse ce message", code, words))
        return f"{code} {words.decode('utf-8', 'replace')}"

    def _hurry(self, smtp: smtplib.SMTP) -> None:
        """Leave the next exchange no more than what remains of the time."""
        if self._deadline is None or smtp.sock is None:
            return
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("le délai est passé")
        smtp.sock.settimeout(remaining)

    def _reset(self, code: int) -> None:
        """Make the connection ready for another message, or close it."""
        if code == CLOSING:
            self._hang_up(politely=False)
            return
        try:
            self._backend.connection.rset()
        except OSError:
            self._hang_up(politely=False)

    def _hang_up(self, *, politely: bool) -> None:
        """Close; without a goodbye when the other side is not listening any more."""
        if not isinstance(self._backend, EmailBackend):
            return
        backend: Any = self._backend
        whole, half = backend.connection, backend._partial_connection
        backend.connection = backend._partial_connection = None
        if half is not None:
            half.close()
        if whole is None:
            return
        if politely:
            try:
                whole.quit()
                return
            except OSError:
                pass
        whole.close()


def _verdict(code: int) -> type[Refused] | type[Deferred]:
    return Refused if 500 <= code < 600 else Deferred


def _said(what: str, code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{what} : « {code} {' '.join(text.split())} »."[:1000]


def _words(error: BaseException) -> str:
    """What went wrong, in the library's words, on one line."""
    return " ".join(str(error).split())[:300] or type(error).__name__
