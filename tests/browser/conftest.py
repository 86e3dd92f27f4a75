"""Chromium, driven from the tests: pages opened as anybody, at any width, and what axe says of them.

    def test_…(visit, axe, …):
        page = visit("/espaces/", width=375, person=alice)
        axe(page)

One browser per module: Playwright's loop lives in the thread of the tests, and two at once refuse each other.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from orne_accueil.accounts.models import Person
from tests.conftest import sign_in

PHONE, DESK, NARROWEST = 375, 1280, 320
"""Widths in pixels: a telephone, a desk's screen, and the narrowest on which nothing may scroll sideways."""

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Path(__file__).with_name("vendor") / "axe.min.js"
TAGS = ["RGAAv4", "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]

Visit = Callable[..., Page]
Axe = Callable[..., None]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. Its loop runs in the thread that also speaks to the database, which Django must allow."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: scripts/chromium.py does it, as root on Debian.")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, live_server: Any) -> Iterator[Visit]:
    """`visit("/espaces/", width=375, javascript=True, person=None, second_factor=True)`: a page of the live site.

    What the console complains of fails the test, refusals that the test expects apart: `page.allowed.add(409)`.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    allowed: set[int] = set()

    def complain(text: str) -> None:
        status = re.search(r"the server responded with a status of (\d+)", text)
        if status is None or int(status[1]) not in allowed:
            complaints.append(text)

    def open_page(
        path: str,
        *,
        width: int = DESK,
        javascript: bool = True,
        person: Person | None = None,
        second_factor: bool = True,
        allow: tuple[int, ...] = (),
    ) -> Page:
        allowed.update(allow)
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 800},
            java_script_enabled=javascript,
            reduced_motion="reduce",
            locale="fr-FR",
            timezone_id="Europe/Paris",
        )
        contexts.append(context)
        if person is not None:
            context.add_cookies([session_cookie(person, live_server.url, second_factor=second_factor)])
        page = context.new_page()
        page.on("console", lambda message: complain(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path, wait_until="networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


def session_cookie(person: Person, url: str, *, second_factor: bool) -> Any:
    """The cookie of a session opened for that person, with her second factor if she needs one."""
    client = sign_in(Client(), person, second_factor=second_factor)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}


@pytest.fixture
def axe() -> Axe:
    """`axe(page)`: no rule of the RGAA or of WCAG fails, in the page as it is shown now, and nothing sticks out."""

    def check(page: Page, *, sideways: bool = True) -> None:
        page.evaluate(AXE.read_text())
        # Axe would fetch the @import of Django's forms.css against the page, and inline it, which our CSP refuses.
        preload = not page.evaluate(
            "[...document.styleSheets].some(sheet => [...sheet.cssRules].some(rule => rule instanceof CSSImportRule))"
        )
        report = page.evaluate(
            "([tags, preload]) => axe.run(document, {preload, runOnly: {type: 'tag', values: tags}})", [TAGS, preload]
        )
        found = [
            f"{rule['id']} ({rule['impact']}): {rule['help']}\n    "
            + "\n    ".join(node["html"][:200] for node in rule["nodes"])
            for rule in report["violations"]
        ]
        assert not found, f"{page.url}\n" + "\n".join(found)
        if sideways:
            assert_fits(page)

    return check


def assert_fits(page: Page) -> None:
    """The page does not scroll sideways."""
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0, f"{page.url} is {over} px too wide at {page.viewport_size}"


@pytest.fixture
def last_code() -> Callable[[str], str]:
    """`last_code("lea@exemple.test")`: the figures of the last code sent to that address."""

    def find(email: str) -> str:
        letter = next(letter for letter in reversed(mail.outbox) if email in letter.to[0])
        found = re.search(r"(\d{4})\s(\d{4})", letter.subject)
        assert found is not None, f"no code in « {letter.subject} »"
        return found.expand(r"\1\2")

    return find
