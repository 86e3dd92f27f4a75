"""What a visitor began before anybody knew who she is: kept in her session, done once her address is proven.

A domain registers how to run it and where to send her back if it is refused:

    continuations.register("coworking.book", run=book_from_draft, on_refused=booking_form)

and its view starts it:

    return continuations.start(
        request, "coworking.book", data, email=email, name_hint=name,
        summary={"title": "Bureau 2, EPN d’Argentan", "lines": ["mardi 1er décembre, de 14 h à 18 h"]},
    )

A code leaves for that address, known or not, with the same answer. The POST that proves the code (and the second
factor, for those who have one) runs `run(request, person, data)` and follows the address it returns. When `run` raises
a DomainError, its sentence is shown, she goes to `on_refused(request, data)`, and the form finds what she typed in
`continuations.draft(request, name)`. Nothing typed is lost on a wrong code, an expired code or a change of address.
"""

import json
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError

from .models import Person
from .rules import normal_email

logger = logging.getLogger("orne.accounts")

PENDING = "orne.continuation"
DRAFTS = "orne.drafts"
OUTCOME = "orne.continuation."
DRAFT_SECONDS = 3600
"""How long a draft waits: several codes' time. It is forgotten afterwards, session or not."""

TWIN_SECONDS = 5
"""How long the second click of a double click waits for what the first one does."""

Data = dict[str, Any]


@dataclass(frozen=True)
class Handler:
    run: Callable[[HttpRequest, Person, Data], str]
    on_refused: Callable[[HttpRequest, Data], str]


@dataclass(frozen=True)
class Pending:
    """What waits for a code."""

    key: str
    name: str
    data: Data
    email: str
    name_hint: str
    summary: dict[str, Any]
    expires: float


@dataclass(frozen=True)
class Draft:
    """What she typed and why it was not done, for the form to show again."""

    data: Data
    expires: float
    code: str = ""
    message: str = ""
    field: str | None = None


_handlers: dict[str, Handler] = {}


def register(
    name: str,
    *,
    run: Callable[[HttpRequest, Person, Data], str],
    on_refused: Callable[[HttpRequest, Data], str],
) -> None:
    """Declare a kind of continuation, in a domain's AppConfig.ready() or views. Both return an address of this site."""
    _handlers[name] = Handler(run, on_refused)


def start(
    request: HttpRequest,
    name: str,
    data: Data,
    *,
    email: str,
    name_hint: str = "",
    summary: dict[str, Any] | None = None,
) -> HttpResponse:
    """Keep the draft in her session, send a code to that address, and lead her to the page that asks for it.

    `data` holds what JSON can. `summary` is {"title": …, "lines": […]}. Somebody already signed in needs no code: it
    runs at once. Raises DomainError (field "email") for an address that cannot be or when too many codes were asked.
    """
    from .forms import SignInCodeForm

    assert name in _handlers, f"no continuation is called {name}"
    pending = Pending(
        key=secrets.token_urlsafe(16),
        name=name,
        data=_plain(data),
        email=normal_email(email) or "",
        name_hint=name_hint,
        summary=_plain(summary or {"title": "", "lines": []}),
        expires=clock.now().timestamp() + DRAFT_SECONDS,
    )
    if request.user.is_authenticated:
        return _run(request, request.person, pending)  # type: ignore[attr-defined]
    form = SignInCodeForm({"email": email})
    if not form.is_valid():
        raise DomainError(" ".join(form.errors["email"]), code="email", field="email")
    request.session[PENDING] = asdict(pending)
    LoginCodeVerificationProcess.initiate(request=request, user=form._user, email=form.cleaned_data["email"])
    return HttpResponseRedirect(reverse("account_confirm_login_code"))


def pending(request: HttpRequest) -> Pending | None:
    """What waits for a code in this session, if its time is not over."""
    kept = request.session.get(PENDING)
    if kept is None:
        return None
    found = Pending(**kept)
    if found.expires <= clock.now().timestamp():
        del request.session[PENDING]
        return None
    return found


def follow_address(request: HttpRequest, email: str) -> None:
    """She asked for the code at another address: what waits goes with it."""
    waiting = pending(request)
    if waiting is not None:
        request.session[PENDING] = asdict(waiting) | {"email": normal_email(email)}


def resume(request: HttpRequest, person: Person, *, proven: str | None) -> HttpResponse | None:
    """Do what waits, now that she is signed in; None when nothing does.

    Somebody who signed in with another address than the draft's gets it back to look at, and nothing is done in her
    name: the screen may be shared.
    """
    waiting = pending(request)
    if waiting is None:
        return None
    del request.session[PENDING]
    if waiting.email not in (normal_email(proven), person.email):
        sentence = "Relisez votre demande avant de l’envoyer : la connexion s’est faite avec une autre adresse."
        return _give_back(request, waiting, DomainError(sentence, code="other_address"))
    if waiting.name_hint and not person.name:
        person.name = " ".join(waiting.name_hint.split())[:150]
        person.save(update_fields=["name"])
    return _run(request, person, waiting)


def draft(request: HttpRequest, name: str) -> Draft | None:
    """What was typed for that continuation and not done, for an hour; the form shows it again."""
    kept = request.session.get(DRAFTS, {}).get(name)
    if kept is None:
        return None
    found = Draft(**kept)
    return found if found.expires > clock.now().timestamp() else None


def forget_draft(request: HttpRequest, name: str) -> None:
    """It was done, or she gave it up."""
    drafts = request.session.get(DRAFTS)
    if drafts and drafts.pop(name, None) is not None:
        request.session[DRAFTS] = drafts


def _run(request: HttpRequest, person: Person, waiting: Pending) -> HttpResponse:
    """Do it once, whatever the number of clicks: the first claims it, the others get the same answer.

    Each click has its own copy of the session, so the claim is a row of the cache table.
    """
    if _handlers.get(waiting.name) is None:
        return HttpResponseRedirect("/")
    if cache.add(OUTCOME + waiting.key, "running", DRAFT_SECONDS):
        outcome = _outcome(request, person, waiting)
        cache.set(OUTCOME + waiting.key, outcome, DRAFT_SECONDS)
    else:
        outcome = _outcome_of_the_first(waiting)
    if isinstance(outcome, DomainError):
        return _give_back(request, waiting, outcome)
    forget_draft(request, waiting.name)
    return HttpResponseRedirect(outcome)


def _outcome(request: HttpRequest, person: Person, waiting: Pending) -> str | DomainError:
    """Where it led, or why it was refused. A fault of ours is a refusal: she must not lose what she typed to it."""
    try:
        return _handlers[waiting.name].run(request, person, waiting.data)
    except DomainError as refusal:
        return DomainError(refusal.message, code=refusal.code, field=refusal.field)
    except Exception:
        logger.exception("continuation %s failed", waiting.name)
        sentence = "Quelque chose n’a pas marché chez nous. Rien n’est perdu : réessayez dans un instant."
        return DomainError(sentence, code="fault")


def _outcome_of_the_first(waiting: Pending) -> str | DomainError:
    """What the first click of a double click came to; her own pages when it takes too long to say."""
    deadline = time.monotonic() + TWIN_SECONDS
    while time.monotonic() < deadline:
        found: str | DomainError = cache.get(OUTCOME + waiting.key)
        if found != "running":
            return found
        time.sleep(0.1)
    return str(settings.LOGIN_REDIRECT_URL)


def _give_back(request: HttpRequest, waiting: Pending, refusal: DomainError) -> HttpResponse:
    kept = Draft(waiting.data, waiting.expires, refusal.code, refusal.message, refusal.field)
    request.session[DRAFTS] = request.session.get(DRAFTS, {}) | {waiting.name: asdict(kept)}
    messages.error(request, refusal.message)
    return HttpResponseRedirect(_handlers[waiting.name].on_refused(request, waiting.data))


def _plain(value: Any) -> Any:
    """What the session's JSON can hold: dates and lazy strings become text."""
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))
