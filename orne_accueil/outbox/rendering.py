"""From one template to a subject, a text and an HTML version, and to the mail that carries them.

The template of a kind extends "mail/base.html" and is rendered three times: for the subject and for the text
without escaping, for the HTML with it. What changes between the versions is in the tags of
`outbox.templatetags.mail`.
"""

import re
import textwrap
from dataclasses import dataclass, field
from datetime import datetime
from email.encoders import encode_base64
from email.header import Header
from email.headerregistry import Address as HeaderAddress
from email.message import Message as MimeMessage
from email.mime.base import MIMEBase
from email.utils import format_datetime, parseaddr
from enum import StrEnum
from functools import lru_cache
from itertools import cycle
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Model
from django.template import Context, engines
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from orne_accueil.common.clock import local

from .hooks import Address
from .models import Message
from .registry import Attachment, Notification

WIDTH = 72
"""Columns of the text version."""

PART = "mail_part"
"""The context variable that says which version is being rendered."""

BLOCK = "\x1e"
"""What stands around each block of the text version while it is assembled (a record separator, never typed).
"""

ALONE = "\x1d"
"""What stands around an address that gets a line of its own (a group separator)."""

_BREAKS = re.compile(r"[ \t\r\n\f\v\u2028\u2029]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class Part(StrEnum):
    SUBJECT = "subject"
    TEXT = "text"
    HTML = "html"


@dataclass(frozen=True)
class Letter:
    """What a message says, ready to be put in an envelope."""

    subject: str
    text: str
    html: str
    reply_to: Address
    attachments: list[Attachment] = field(default_factory=list)
    unsubscribe_url: str = ""


@dataclass(frozen=True)
class Sender:
    name: str
    email: str

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2] or "localhost"


def sender() -> Sender:
    """Who signs, from DEFAULT_FROM_EMAIL."""
    return _parsed_sender(settings.DEFAULT_FROM_EMAIL)


@lru_cache(maxsize=8)
def _parsed_sender(address: str) -> Sender:
    return Sender(*parseaddr(address))


def absolute(url: str) -> str:
    """The whole address of a path of this site; an address that is already whole stays. Refuses other
    schemes.
    """
    if url.startswith("/") and not url.startswith("//"):
        return settings.SITE_URL.rstrip("/") + url
    if url.startswith(("https://", "http://", "mailto:", "tel:")):
        return url
    raise ValueError(f"Not an address that a mail may carry: {url[:80]!r}")


# --- Plain text ---


def one_line(text: str) -> str:
    """The same words on one line, without control characters: fit for a header. No-break spaces stay."""
    return _BREAKS.sub(" ", _CONTROL.sub(" ", text)).strip()


def wrapped(text: str, *, first: str = "", then: str | None = None) -> str:
    """One paragraph cut at 72 columns, its white space collapsed; an address that `own_line` marked stands
    alone.
    """
    then = " " * len(first) if then is None else then
    lines: list[str] = []
    for is_address, piece in zip(cycle((False, True)), text.split(ALONE)):  # cycle has no end
        words = one_line(piece)
        if not is_address and lines:
            words = words.lstrip(".,; ")  # the end of a sentence does not start a line
        if words:
            lines.append(_filled(words, first if not lines else then, then))
    return "\n".join(lines)


def _filled(words: str, first: str, then: str) -> str:
    return textwrap.fill(
        words,
        WIDTH,
        initial_indent=first,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
    )


def own_line(url: str) -> str:
    """Mark an address inside a paragraph: `wrapped` puts it on a line of its own."""
    return f"{ALONE}{url}{ALONE}"


def block(text: str) -> str:
    """Mark lines as one block, which the assembly leaves as they are."""
    return f"{BLOCK}{text.replace(BLOCK, '')}{BLOCK}"


def assembled(rendered: str) -> str:
    """Blocks separated by one empty line; what stands between them without a tag becomes a paragraph."""
    pieces = [
        piece if is_block else wrapped(piece) for is_block, piece in zip(cycle((False, True)), rendered.split(BLOCK))
    ]
    return "\n\n".join(piece.rstrip() for piece in pieces if piece.strip()) + "\n"


# --- The letter ---


def render(
    notification: Notification,
    message: Message,
    subject: Model | None,
    recipient: Address,
    *,
    unsubscribe_url: str = "",
) -> Letter:
    """Write one message in its three versions, for one recipient."""
    reply_to = _reply_to(notification.reply_to(message, subject))
    context = {
        "message": message,
        "subject": subject,
        "recipient": recipient,
        "data": message.data,
        "site_name": settings.SITE_NAME,
        **notification.context(message, subject),
    }
    title = one_line(_part(notification.template, Part.SUBJECT, context))
    foot = _Foot(why=notification.why(), reader=reply_to, unsubscribe_url=unsubscribe_url)
    text = assembled(_part(notification.template, Part.TEXT, context)) + "\n" + foot.text()
    body = mark_safe(_part(notification.template, Part.HTML, context))  # noqa: S308  # escaped by the template
    return Letter(
        subject=title,
        text=text,
        html=_shell(title, body, foot.html()),
        reply_to=reply_to,
        attachments=notification.attachments(message, subject),
        unsubscribe_url=unsubscribe_url,
    )


def _part(template: str, part: Part, context: dict[str, Any]) -> str:
    engine = engines["django"].engine  # type: ignore[attr-defined]  # the backend's, absent from the stubs
    values = {**context, PART: part}
    return engine.get_template(template).render(Context(values, autoescape=part is Part.HTML))


def _shell(title: str, body: SafeString, footer: SafeString) -> str:
    engine = engines["django"].engine  # type: ignore[attr-defined]
    return engine.get_template("mail/shell.html").render(Context({"title": title, "body": body, "footer": footer}))


def _reply_to(given: Address | str | None) -> Address:
    """Who reads an answer, with a name in every case."""
    if given is None:
        return Address(settings.CONTACT_EMAIL, f"l’équipe de {settings.SITE_NAME}")
    if isinstance(given, str):
        name, email = parseaddr(given)
        return Address(email, name)
    return given


@dataclass(frozen=True)
class _Foot:
    """Who writes, who reads the answer, why she gets it, how to stop it."""

    why: str
    reader: Address
    unsubscribe_url: str

    def _answer(self) -> str:
        reader = one_line(self.reader.name) or self.reader.email
        return f"Une question ? Répondez à ce message : {reader} vous lira.".replace(" ?", "\u00a0?").replace(
            " :", "\u00a0:"
        )

    def _why(self) -> str:
        que = "qu’" if self.why[:1].lower() in "aeiouyéèêh" else "que "
        return f"{settings.SITE_NAME} vous écrit parce {que}{self.why}."

    def text(self) -> str:
        lines = ["-- ", wrapped(self._answer()), wrapped(self._why())]
        if self.unsubscribe_url:
            lines += ["Ne plus recevoir ce genre de message\u00a0:", absolute(self.unsubscribe_url)]
        return "\n".join([*lines, absolute("/")]) + "\n"

    def html(self) -> SafeString:
        stop = SafeString("")
        if self.unsubscribe_url:
            stop = format_html(
                '<p><a href="{}">Ne plus recevoir ce genre de message</a></p>', absolute(self.unsubscribe_url)
            )
        return format_html(
            '<p>{}</p><p>{}</p>{}<p><a href="{}">{}</a></p>',
            self._answer(), self._why(), stop, absolute("/"), settings.SITE_NAME,
        )  # fmt: skip


# --- The envelope ---


class Mail(EmailMultiAlternatives):
    """Django's mail, its subject folded where a reader puts it together again without a stray space."""

    def message(self, **options: Any) -> Any:
        built: Any = super().message(**options)
        del built["Subject"]
        MimeMessage.__setitem__(built, "Subject", Header(str(self.subject), "utf-8", header_name="Subject"))
        return built


def to_mail(letter: Letter, message: Message, recipient: Address, *, at: datetime) -> Mail:
    """The mail to hand to the server. No value can start a header of its own: names lose their line breaks
    here.
    """
    headers = {
        "Message-ID": message.message_id,
        "Date": format_datetime(local(at)),
        "Auto-Submitted": "auto-generated",
    }
    if letter.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{absolute(letter.unsubscribe_url)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail = Mail(
        subject=letter.subject,
        body=letter.text,
        from_email=header_address(Address(sender().email, sender().name)),
        to=[header_address(recipient)],
        reply_to=[header_address(letter.reply_to)],
        headers=headers,
        attachments=[_enclosed(attachment) for attachment in letter.attachments],
    )
    mail.attach_alternative(letter.html, "text/html")
    return mail


def header_address(address: Address) -> str:
    """« Name <address> », the name quoted as need be. Raises ValueError for what is not one address."""
    return str(HeaderAddress(display_name=one_line(address.name), addr_spec=address.email))


def _enclosed(attachment: Attachment) -> MIMEBase:
    """One attachment, in base64: a calendar's line ends and accents arrive as they left."""
    header = MimeMessage()
    header["Content-Type"] = attachment.mimetype
    parameters: dict[str, Any] = dict(header.get_params(failobj=[])[1:])
    part = MIMEBase(header.get_content_maintype(), header.get_content_subtype(), **parameters)
    part.set_payload(attachment.content)
    encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=one_line(attachment.filename))
    return part
