"""Every answer wears every security header: pages, errors, redirections, static files, probes."""

import pytest
from django.test import Client, override_settings
from django.urls import get_resolver, path
from django.urls.resolvers import URLPattern, URLResolver

from orne_accueil import urls as site_urls

EXPECTED = {
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "",
    "Permissions-Policy": "camera=()",
    "X-Frame-Options": "DENY",
}


def boom(request):
    raise RuntimeError("on purpose")


handler500 = "django.views.defaults.server_error"
urlpatterns = [path("boum/", boom), *site_urls.urlpatterns]


def addresses(resolver=None, prefix="/"):
    """Every address of the site that takes no argument."""
    for entry in (resolver or get_resolver("orne_accueil.urls")).url_patterns:
        route = str(entry.pattern)
        if "<" in route or "(" in route:
            continue
        if isinstance(entry, URLResolver):
            yield from addresses(entry, prefix + route)
        elif isinstance(entry, URLPattern):
            yield prefix + route.lstrip("^").rstrip("$")


def missing_headers(response):
    return [name for name, part in EXPECTED.items() if part not in response.headers.get(name, "absent")]


@pytest.fixture
def fresh_client(db):
    """Middlewares read the settings when they are built: a client made after they were changed."""
    return lambda **options: Client(raise_request_exception=False, **options)


def test_the_walk_sees_the_site():
    found = list(addresses())
    assert {"/sante/", "/communes/", "/admin/", "/compte/login/"} <= set(found)


def test_every_address_is_protected(fresh_client):
    client = fresh_client()
    naked = {url: lacking for url in addresses() if (lacking := missing_headers(client.get(url)))}
    assert naked == {}


@pytest.mark.parametrize("url", ["/n-existe-pas/", "/communes", "/static/n-existe-pas.css"])
def test_errors_and_redirections_are_protected(fresh_client, url):
    response = fresh_client().get(url)
    assert response.status_code in (301, 404)
    assert missing_headers(response) == []


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.usefixtures("caplog")
def test_a_crash_is_protected(fresh_client):
    response = fresh_client().get("/boum/")
    assert response.status_code == 500
    assert missing_headers(response) == []


def test_a_forged_host_is_refused_and_protected(fresh_client):
    response = fresh_client().get("/communes/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert missing_headers(response) == []


@override_settings(WHITENOISE_USE_FINDERS=True, WHITENOISE_AUTOREFRESH=True)
def test_a_static_file_is_protected(fresh_client):
    response = fresh_client().get("/static/admin/css/base.css")
    assert response.status_code == 200
    assert missing_headers(response) == []
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin", "webmails show our logo"
    list(response.streaming_content)
    response.close()


@override_settings(SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=31_536_000, SECURE_HSTS_PRELOAD=True)
def test_the_redirection_to_https_is_protected_and_https_is_remembered(fresh_client):
    client = fresh_client()
    response = client.get("/communes/")
    assert response.status_code == 301
    assert response["Location"].startswith("https://")
    assert missing_headers(response) == []
    assert "max-age=31536000" in client.get("/sante/", secure=True)["Strict-Transport-Security"]


def test_nothing_inline_and_no_other_site_is_allowed(fresh_client):
    policy = fresh_client().get("/admin/login/")["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_guard_sees_a_header_that_is_gone(fresh_client):
    response = fresh_client().get("/sante/")
    del response.headers["X-Frame-Options"]
    response.headers["Content-Security-Policy"] = "default-src *"
    assert missing_headers(response) == ["Content-Security-Policy", "X-Frame-Options"]
