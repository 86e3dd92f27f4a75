"""/demo/courrier/: in the demo only, every message that would have left."""

import email
import email.policy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from functools import wraps
from pathlib import Path
from typing import Any

from csp.constants import SELF
from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from orne_accueil.common.clock import local
from orne_accueil.common.text import NBSP, clock_time, fold, long_date
from orne_accueil.outbox.preview import SANDBOX, framed

SHOWN = 100
"""How many messages the list shows at most, the newest."""


class RecipientFilter(forms.Form):
    a = forms.CharField(
        label="Destinataire",
        required=False,
        max_length=200,
        help_text="Une partie de l’adresse ou du nom suffit.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )


@dataclass(frozen=True)
class Listed:
    """One line of the list."""

    name: str
    to: str
    subject: str
    when: str


def demo_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Nowhere but in the demo: 404."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@require_safe
@never_cache
@demo_only
def demo_mail(request: HttpRequest) -> HttpResponse:
    """The messages that left, newest first, for one recipient or for all."""
    form = RecipientFilter(request.GET)
    wanted = fold(form.cleaned_data["a"]) if form.is_valid() else ""
    found: list[Listed] = []
    for path in _newest_first():
        listed = _listed(path)
        if listed is not None and wanted in fold(listed.to):
            found.append(listed)
        if len(found) == SHOWN:
            break
    context = {"filter": form, "messages_list": found, "wanted": wanted, "shown": SHOWN}
    return render(request, "portal/demo_mail.html", context)


@require_safe
@never_cache
@demo_only
def demo_mail_message(request: HttpRequest, name: str) -> HttpResponse:
    """One message: its headers, its two versions, its attachments."""
    mail = _mail(name)
    text = mail.get_body(("plain",))
    context = {
        "name": name,
        "subject": _header(mail, "Subject"),
        "rows": [
            ("À", _header(mail, "To")),
            ("De", _header(mail, "From")),
            ("Réponse lue par", _header(mail, "Reply-To")),
            ("Envoyé", _when(mail)),
            ("Message-ID", _header(mail, "Message-ID")),
        ],
        "text": text.get_content() if text is not None else "",
        "has_html": mail.get_body(("html",)) is not None,
        "attachments": [part.get_filename() or "piece-jointe" for part in mail.iter_attachments()],
        "sandbox": SANDBOX,
    }
    response = render(request, "portal/demo_mail_message.html", context)
    # What csp_update does; as a decorator its type admits no view with arguments.
    response._csp_update = {"frame-src": [SELF]}  # type: ignore[attr-defined]
    return response


@require_safe
@demo_only
def demo_mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML version, for the frame of the message's page."""
    body = _mail(name).get_body(("html",))
    if body is None:
        raise Http404
    return framed(body.get_content())


@require_safe
@demo_only
def demo_mail_attachment(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """One attachment, to download."""
    parts = list(_mail(name).iter_attachments())
    if number >= len(parts):
        raise Http404
    part = parts[number]
    response = HttpResponse(part.get_payload(decode=True), content_type=part.get_content_type())
    filename = part.get_filename() or "piece-jointe"
    response["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    return response


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "courrier"


def _newest_first() -> list[Path]:
    return sorted(_folder().glob("*.eml"), reverse=True)


def _listed(path: Path) -> Listed | None:
    """The line of one file, or None when it went meanwhile."""
    try:
        with path.open("rb") as file:
            mail = BytesParser(policy=email.policy.default).parse(file, headersonly=True)
    except FileNotFoundError:
        return None
    subject = _header(mail, "Subject") or "(sans objet)"
    return Listed(path.stem, _header(mail, "To"), subject, _when(mail))


def _mail(name: str) -> EmailMessage:
    """One message of the folder, by its name. The route lets no separator through."""
    try:
        content = (_folder() / f"{name}.eml").read_bytes()
    except OSError as error:
        raise Http404 from error
    return email.message_from_bytes(content, policy=email.policy.default)


def _header(mail: Any, name: str) -> str:
    return str(mail[name] or "").strip()


def _when(mail: Any) -> str:
    date = mail["Date"]
    instant: datetime | None = date.datetime if date is not None else None
    if instant is None:
        return ""
    if instant.tzinfo is None:  # « -0000 »: UTC, says RFC 5322, of an unknown place
        instant = instant.replace(tzinfo=UTC)
    return f"{long_date(local(instant).date())} à{NBSP}{clock_time(instant)}"
