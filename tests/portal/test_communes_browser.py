"""Naming a place and reading the map with a keyboard, on a phone, and without JavaScript."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from orne_accueil.territory.actions import load_territory
from tests.factories_territory import ARGENTAN, SEES, STATION, feature, make_space_landmark, official_folder, square

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. Playwright's loop runs in the thread of the tests, which also speaks to the database."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, live_server) -> Iterator[OpenPage]:
    """`open_page("/communes/", width=375, javascript=True)`; what the console complains of fails the test."""
    contexts, complaints = [], []

    def open_at(path: str, *, width: int = 1280, javascript: bool = True) -> Page:
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 800},
            java_script_enabled=javascript,
            reduced_motion="reduce",
            locale="fr-FR",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path, wait_until="networkidle")
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def two_communes(tmp_path, transactional_db: None) -> None:
    load_territory(
        official_folder(
            tmp_path,
            communes=[ARGENTAN, SEES],
            stations=[STATION],
            contours=[feature("61006", square(-0.1, 48.7)), feature("61464", square(0.1, 48.55))],
        )
    )


def test_suggestions_are_chosen_with_the_keyboard(open_page, two_communes):
    page = open_page("/communes/")
    field = page.get_by_role("combobox", name="Nom ou code postal")
    expect(field).to_have_attribute("aria-expanded", "false")

    field.press_sequentially("argan")

    options = page.get_by_role("listbox", name="Propositions").get_by_role("option")
    expect(options).to_have_count(1)
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("status").filter(has_text="proposition")).to_have_text(
        "1 proposition, flèche bas pour l’atteindre."
    )
    assert field.get_attribute("aria-activedescendant") is None

    field.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == options.first.get_attribute("id")

    field.press("Enter")
    page.wait_for_url("**/communes/61006/")


def test_arrows_go_round_and_escape_closes_then_clears(open_page, two_communes):
    page = open_page("/communes/")
    field = page.get_by_role("combobox", name="Nom ou code postal")
    field.press_sequentially("61")
    options = page.get_by_role("listbox", name="Propositions").get_by_role("option")
    expect(options).to_have_count(2)

    field.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    field.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")

    field.press("Escape")
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(field).to_have_value("61")
    field.press("Escape")
    expect(field).to_have_value("")


def test_a_suggestion_is_chosen_with_a_finger(open_page, two_communes):
    page = open_page("/communes/", width=375)
    page.get_by_role("combobox", name="Nom ou code postal").press_sequentially("sees")

    page.get_by_role("option", name="Sées").click()

    page.wait_for_url("**/communes/61464/")


def test_nothing_found_is_announced(open_page, two_communes):
    page = open_page("/communes/")

    page.get_by_role("combobox", name="Nom ou code postal").press_sequentially("zzzz")

    expect(page.get_by_text("Aucune proposition.")).to_be_attached()
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_without_javascript_the_field_is_plain_and_the_list_says_everything(open_page, two_communes):
    page = open_page("/communes/", javascript=False)
    expect(page.locator(".map-frame")).to_be_hidden()
    expect(page.get_by_role("link", name="Terres d’Argentan Interco")).to_be_visible()

    field = page.get_by_role("textbox", name="Nom ou code postal")
    field.fill("argentan")
    field.press("Enter")

    page.wait_for_url("**/communes/61006/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Argentan")
    expect(page.locator(".map-frame")).to_be_hidden()


def test_the_map_is_drawn_and_read_with_the_keyboard(open_page, two_communes):
    make_space_landmark("EPN de Sées", latitude=48.60555, longitude=0.17205, url="/communes/61464/")
    page = open_page("/communes/61006/")
    expect(page.locator(".map-commune")).to_have_count(2)
    expect(page.locator(".map-commune-here")).to_have_count(1)
    here = page.get_by_role("button", name="Mairie d’Argentan, Gare d’Argentan")  # one position, one marker
    space = page.get_by_role("button", name="EPN de Sées")
    expect(here).to_be_visible()

    space.focus()
    space.press("Enter")
    link = page.locator(".leaflet-popup").get_by_role("link", name="EPN de Sées")
    expect(link).to_be_focused()
    expect(page.get_by_role("button", name="Fermer")).to_be_visible()

    link.press("Escape")
    expect(page.locator(".leaflet-popup")).to_have_count(0)
    expect(space).to_be_focused()

    space.press(" ")
    expect(link).to_be_focused()


def test_a_contour_leads_to_its_commune(open_page, two_communes):
    page = open_page("/communes/")

    page.locator(".map-commune").last.click()

    page.wait_for_url("**/communes/61464/")


@pytest.mark.parametrize("path", ["/communes/", "/communes/?gare=20", "/communes/?q=zzzz", "/communes/61006/"])
@pytest.mark.parametrize("width", [320, 375, 1280])
def test_nothing_scrolls_sideways(open_page, two_communes, path, width):
    page = open_page(path, width=width)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
