"""Pages that need nothing but the visitor: no database, no session, no cookie."""

import itertools
import re
from datetime import UTC, date, datetime
from urllib.parse import unquote

import pytest
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views import defaults
from django.views.csrf import csrf_failure

PAGES = ["home", "legal", "accessibility", "privacy", "gallery", "gallery-day-sheet"]

each_page = pytest.mark.parametrize("name", PAGES)


def page_of(client: Client, name: str) -> str:
    response = client.get(reverse(f"portal:{name}"))
    assert response.status_code == 200
    return response.content.decode()


@each_page
def test_page_asks_nothing_of_the_database_and_sets_no_cookie(client: Client, name: str) -> None:
    response = client.get(reverse(f"portal:{name}"))  # without the db fixture, any query raises
    assert response.status_code == 200
    assert not response.cookies


@each_page
def test_page_has_one_h1_in_french_and_starts_with_skip_links(client: Client, name: str) -> None:
    page = page_of(client, name)
    assert '<html lang="fr">' in page
    assert len(re.findall(r"<h1\b", page)) == 1
    assert re.search(r"<a\b[^>]*>", page).group() == '<a href="#contenu">'  # type: ignore[union-attr]
    assert 'id="contenu"' in page


@each_page
def test_headings_go_down_one_level_at_a_time(client: Client, name: str) -> None:
    main = page_of(client, name).split("<main", 1)[1]
    levels = [int(level) for level in re.findall(r"<h([1-6])\b", main)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@each_page
def test_ids_are_unique(client: Client, name: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', page_of(client, name))
    assert sorted({found for found in ids if ids.count(found) > 1}) == []


@each_page
def test_footer_says_the_state_of_accessibility(client: Client, name: str) -> None:
    footer = page_of(client, name).split("<footer", 1)[1]
    assert "Accessibilité\u00a0: non conforme" in footer
    assert all(address in footer for address in ("/accessibilite/", "/donnees-personnelles/", "/mentions-legales/"))


@each_page
def test_posting_to_a_page_is_refused(client: Client, name: str) -> None:
    assert client.post(reverse(f"portal:{name}")).status_code == 405


def test_accessibility_page_says_what_the_law_asks(client: Client) -> None:
    page = page_of(client, "accessibility")
    for said in ("non conforme", "RGAA", "Défenseur des droits", "mailto:", "audit"):
        assert said in page


def test_privacy_page_states_durations_and_rights(client: Client) -> None:
    page = page_of(client, "privacy")
    for said in ("2 ans sans connexion", "1 an après", "6 mois", "30 jours", "12 mois", "CNIL", "effacer"):
        assert said in page


def test_home_asks_where_when_and_what_with_a_plain_get_form(client: Client) -> None:
    page = page_of(client, "home")
    form = re.search(r'<form class="ask".*?</form>', page, re.S).group()  # type: ignore[union-attr]
    assert 'action="/espaces/" method="get"' in form
    assert "csrfmiddlewaretoken" not in form
    controls = re.findall(r'<(?:input|select)(?![^>]*type="hidden")[^>]*\sid="([^"]+)"', form)
    assert len(controls) >= 4
    assert [name for name in controls if f'<label for="{name}"' not in form] == []


@pytest.mark.parametrize(
    ("now", "proposed"),
    [
        ("2026-11-24 10:00", date(2026, 11, 25)),  # Tuesday: tomorrow
        ("2026-11-27 10:00", date(2026, 11, 30)),  # Friday: Monday
        ("2026-11-28 10:00", date(2026, 11, 30)),  # Saturday: Monday
    ],
)
def test_home_proposes_the_next_working_day(client: Client, now: str, proposed: date, time_machine: object) -> None:
    time_machine.move_to(datetime.fromisoformat(now).replace(tzinfo=UTC))  # type: ignore[attr-defined]
    assert f'value="{proposed.isoformat()}"' in page_of(client, "home")


def test_the_icon_written_in_the_page_is_the_icon_of_the_file(client: Client, settings: object) -> None:
    file = (settings.BASE_DIR / "static" / "img" / "favicon.svg").read_text().strip()  # type: ignore[attr-defined]
    written = re.search(r'rel="icon"[^>]*href="data:image/svg\+xml,([^"]+)"', page_of(client, "legal")).group(1)  # type: ignore[union-attr]
    assert unquote(written) == file.replace('"', "'")


# --- the demo ---


def test_demo_banner_says_what_is_off_and_who_one_may_be(client: Client, settings: object) -> None:
    assert "demo-banner" not in page_of(client, "home")
    settings.DEMO = True  # type: ignore[attr-defined]
    page = page_of(client, "home")
    assert "double authentification désactivée" in page
    assert 'href="/demo/courrier/"' in page
    accounts = {"nouvelle", "animatrice", "maire", "secretaire", "parrain", "elue.cdc", "membre", "intervenant"}
    assert set(re.findall(r"<code>([\w.]+)@demo\.test</code>", page)) == accounts | {"coordination"}


# --- errors ---


def has_a_way_back(response: HttpResponse) -> bool:
    page = response.content.decode()
    return 'href="/"' in page and '<html lang="fr">' in page and len(re.findall(r"<h1\b", page)) == 1


def test_unknown_address_is_answered_kindly(client: Client) -> None:
    response = client.get("/cette-page/n-existe/pas/")
    assert response.status_code == 404
    assert has_a_way_back(response)
    assert not response.cookies


def test_server_error_page_needs_no_request_no_database_and_no_context() -> None:
    response = defaults.server_error(HttpRequest())
    assert response.status_code == 500
    assert has_a_way_back(response)


def test_bad_request_page_needs_nothing_either() -> None:
    response = defaults.bad_request(HttpRequest(), ValueError())
    assert response.status_code == 400
    assert has_a_way_back(response)


@pytest.mark.parametrize("known", [False, True], ids=["visitor", "signed-in"])
def test_forbidden_page_says_what_to_do(rf: RequestFactory, known: bool) -> None:
    class Somebody:
        is_authenticated = known
        is_staff = False

    request = rf.get("/mairie/")
    request.user = Somebody()  # type: ignore[assignment]
    page = render_to_string("403.html", request=request)
    assert ("/compte/login/" in page.split("<main", 1)[1]) is not known


def test_stale_form_is_explained_and_leads_back_to_itself(rf: RequestFactory) -> None:
    request = rf.post("/espaces/argentan/reserver/")
    response = csrf_failure(request)
    assert response.status_code == 403
    assert has_a_way_back(response)
    assert 'href="/espaces/argentan/reserver/"' in response.content.decode()


def test_title_is_prefixed_when_the_form_failed(rf: RequestFactory) -> None:
    from tests.design.test_forms import BookingSample

    request = rf.get("/")
    fine = render_to_string("base.html", {"form": BookingSample()}, request=request)
    failed = render_to_string("base.html", {"form": BookingSample({})}, request=request)
    assert "<title>Erreur" not in fine
    assert "<title>Erreur\u00a0: " in failed
