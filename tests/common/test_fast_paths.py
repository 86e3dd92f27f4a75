"""What every page goes through, written for speed, gives what the library gives."""

from datetime import timedelta
from typing import Any

import pytest
from csp.constants import HEADER
from csp.decorators import csp_exempt, csp_replace
from csp.middleware import CSPMiddleware
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from orne_accueil.common import clock
from orne_accueil.common.middleware import ContentSecurityPolicyMiddleware
from orne_accueil.common.sessions import SessionStore

# --- The content security policy ---


def headers(middleware: type[CSPMiddleware], view: Any) -> dict[str, str]:
    """The answer's headers, the nonce made constant."""
    request = RequestFactory().get("/")
    request._csp_nonce = "n" * 24  # type: ignore[attr-defined]
    response = middleware(view)(request)
    return dict(response.items())


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("oui")


def quiet(request: HttpRequest) -> HttpResponse:
    del request._csp_nonce  # type: ignore[attr-defined]  # nothing inline in this page
    return HttpResponse("oui")


def already(request: HttpRequest) -> HttpResponse:
    return HttpResponse("oui", headers={HEADER: "default-src 'self'"})


@pytest.mark.parametrize(
    "view",
    [plain, quiet, already, csp_exempt()(plain), csp_replace({"img-src": ["'self'"]})(plain)],
    ids=["nonce", "no nonce", "its own header", "exempt", "its own policy"],
)
def test_the_policy_is_django_csps(view: Any) -> None:
    def parts(found: dict[str, str]) -> set[str]:
        return set(found.get(HEADER, "").split("; "))  # django-csp gives its directives in any order

    ours, theirs = headers(ContentSecurityPolicyMiddleware, view), headers(CSPMiddleware, view)
    assert parts(ours) == parts(theirs)
    assert ours.keys() == theirs.keys()


def test_another_setting_gives_another_policy(settings: Any) -> None:
    before = headers(ContentSecurityPolicyMiddleware, plain)[HEADER]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"default-src": ["'none'"]}}

    assert headers(ContentSecurityPolicyMiddleware, plain)[HEADER] == "default-src 'none'" != before


# --- Sessions ---


@pytest.fixture
def session(db: None) -> DatabaseStore:
    kept = DatabaseStore()
    kept["panier"] = {"é": [1, 2]}
    kept.create()
    return kept


def test_a_session_is_read_as_django_reads_it(session: DatabaseStore, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert SessionStore(session.session_key)["panier"] == {"é": [1, 2]}


def test_an_expired_or_unknown_session_is_a_new_one(session: DatabaseStore) -> None:
    Session.objects.update(expire_date=clock.now() - timedelta(seconds=1))

    for key in (session.session_key, "inconnue" * 4):
        store = SessionStore(key)
        assert store.get("panier") is None
        assert store.session_key is None


def test_a_session_written_here_is_read_there(session: DatabaseStore) -> None:
    store = SessionStore(session.session_key)
    store["panier"] = "autre"
    store.save()

    assert DatabaseStore(session.session_key)["panier"] == "autre"
