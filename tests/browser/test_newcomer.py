"""The newcomer's journeys: a desk asked for, booked with a code, found again, freed from the mail."""

import re
from collections.abc import Callable
from datetime import date, time, timedelta

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from coworking import actions
from coworking.enums import AccessType, BookingMode, BookingState, Label, RoomKind, Technology
from coworking.forms.public import next_working_day
from coworking.models import Booking, Equipment, Room, Space
from coworking.notifications import decide_url, release_url
from coworking.rules.slots import Wish
from orne_accueil.accounts.models import Person
from orne_accueil.common import clock
from orne_accueil.common.text import long_date
from orne_accueil.outbox.actions import deliver_due
from tests.browser.conftest import DESK, NARROWEST, PHONE, Axe, Visit, assert_fits
from tests.factories import make_commune, make_person
from tests.factories_coworking import make_room, make_space

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = pytest.mark.parametrize("width", [PHONE, DESK])


def coming_day() -> date:
    """A working day of next week, whatever today is."""
    return next_working_day(clock.today() + timedelta(days=6))


@pytest.fixture
def space(transactional_db: None) -> Space:
    """The EPN of Argentan with an office, six desks and a meeting room, and Sées nearby."""
    argentan = make_commune("Argentan", code_insee="14006", latitude=48.7443, longitude=-0.0202)
    sees = make_commune("Sées", code_insee="14464", latitude=48.6047, longitude=0.1722)
    here = make_space(
        commune=argentan,
        name="EPN d’Argentan",
        slug="epn-d-argentan",
        phone="02 33 00 00 61",
        access_text="Porte de gauche, dans la cour.",
        labels=[Label.PAT, Label.ZNM],
        technology=Technology.FIBRE,
        down_mbps=420,
        up_mbps=210,
        measured_on=date(2024, 3, 3),
        measure_source="relevé de l’animatrice",
        opening_hours="Mo-Fr 09:00-12:30,13:30-18:00; Aug off",
    )
    make_room(
        here, name="Bureau fermé", kind=RoomKind.OFFICE, capacity=2, access_type=AccessType.CODE, access_code="4812A"
    )
    make_room(here, name="Poste de travail", units=6, position=1)
    make_room(
        here,
        name="Salle de réunion",
        kind=RoomKind.MEETING,
        capacity=10,
        mode=BookingMode.FREE,
        max_minutes=240,
        needs_approval=True,
        position=2,
    )
    for name in ("écran", "visioconférence"):
        Equipment.objects.create(name=name, slug=name.replace("é", "e"))
    there = make_space(commune=sees, name="EPN de Sées", slug="epn-de-sees")
    make_room(there, name="Bureau clair", kind=RoomKind.OFFICE)
    return here


def office_of(space: Space) -> Room:
    return space.rooms.get(kind=RoomKind.OFFICE)


def take(room: Room, day: date, period: str = "afternoon", person: Person | None = None) -> Booking:
    """Somebody books that half-day."""
    person = person or make_person()
    return actions.book_room(
        room=room, person=person, wish=Wish(day, period), usage="occasional", by=person, at=clock.now()
    )


def booking_path(space: Space, room: Room, day: date, period: str = "afternoon") -> str:
    return f"/espaces/{space.slug}/reserver/?room={room.pk}&date={day}&period={period}"


def local_path(url: str) -> str:
    """A mail's address, as a path of the live server."""
    return url.split("testserver", 1)[1]


def titled(start: str) -> re.Pattern[str]:
    """A title that starts so."""
    return re.compile(f"^{start}")


def ask(page: Page, day: date) -> None:
    page.get_by_label("Le", exact=True).fill(day.isoformat())
    page.get_by_label("Moment").select_option(label="Après-midi")
    page.get_by_label("Pour").select_option(label="Un bureau fermé")
    page.get_by_role("button", name="Voir ce qui est libre").click()


@WIDTHS
def test_a_newcomer_books_with_a_code_and_frees_her_place_from_the_mail(
    visit: Visit, axe: Axe, last_code: Callable[[str], str], space: Space, width: int
) -> None:
    day = coming_day()
    page = visit("/", width=width, allow=(422,))
    axe(page)
    page.get_by_label("Près de").press_sequentially("argen")
    page.get_by_role("option", name="Argentan").first.click()
    ask(page, day)

    expect(page.get_by_role("heading", name="2 salles libres dans 2 lieux")).to_be_visible()
    expect(page.get_by_text(f"{long_date(day).capitalize()}, l’après-midi, près d’Argentan")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Réserver Bureau fermé, EPN d’Argentan").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Bureau fermé")
    expect(page.get_by_role("radio", name="Après-midi")).to_be_checked()
    axe(page)
    page.get_by_label("Votre nom").fill("Léa Fontaine")
    page.get_by_label("Votre adresse électronique").fill("lea@exemple")
    page.get_by_role("button", name="Recevoir mon code").click()
    expect(page).to_have_title(titled("Erreur"))
    axe(page)
    expect(page.get_by_label("Votre nom")).to_have_value("Léa Fontaine")
    page.get_by_label("Votre adresse électronique").fill("lea@exemple.test")
    page.get_by_role("button", name="Recevoir mon code").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Votre code est parti")
    expect(page.get_by_text("Bureau fermé, EPN d’Argentan")).to_be_visible()
    axe(page)
    page.get_by_label("Le code reçu par courrier").fill(last_code("lea@exemple.test"))
    page.get_by_role("button", name="Confirmer").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("C’est réservé")
    expect(page.get_by_text("4812A")).to_have_count(0)
    axe(page)
    page.get_by_role("link", name="Mon espace").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bonjour Léa Fontaine")
    axe(page)

    deliver_due(clock.now())
    confirmation = mail.outbox[-1]
    assert confirmation.subject.startswith("C’est réservé")
    booking = Booking.objects.get()
    page.goto(local_path(release_url(booking)))
    axe(page)
    page.get_by_role("button", name="Libérer ma place").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre place est libérée")
    axe(page)
    booking.refresh_from_db()
    assert booking.state == BookingState.CANCELLED
    page.goto(local_path(release_url(booking)))
    expect(page.get_by_role("heading", level=1)).to_have_text("C’était déjà fait")
    axe(page)


def test_the_whole_journey_works_without_javascript(
    visit: Visit, last_code: Callable[[str], str], space: Space
) -> None:
    day = coming_day()
    page = visit("/", width=PHONE, javascript=False)
    page.get_by_label("Près de").fill("argen")
    ask(page, day)
    page.get_by_role("link", name="Réserver Bureau fermé, EPN d’Argentan").click()
    page.get_by_label("Votre nom").fill("Léa Fontaine")
    page.get_by_label("Votre adresse électronique").fill("lea@exemple.test")
    page.get_by_role("button", name="Recevoir mon code").click()
    page.get_by_label("Le code reçu par courrier").fill(last_code("lea@exemple.test"))
    page.get_by_role("button", name="Confirmer").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("C’est réservé")
    page.get_by_role("link", name="Libérer ma place").click()
    page.get_by_role("button", name="Libérer ma place").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cette place est libérée")


@WIDTHS
def test_an_unknown_place_gets_proposals_and_one_of_them_finishes_the_search(
    visit: Visit, axe: Axe, space: Space, width: int
) -> None:
    make_commune("Saint-Germain-du-Corbéis", code_insee="14397")
    make_commune("Saint-Germain-le-Vieux", code_insee="14398")
    page = visit("/espaces/?ou=saint+germain&rayon=abc&date=2026-02-30", width=width)
    expect(page).to_have_title(titled("Erreur"))
    expect(page.get_by_label("Le", exact=True)).to_have_value("2026-02-30")
    expect(page.get_by_label("Rayon (km)")).to_have_value("abc")
    axe(page)

    page.get_by_label("Saint-Germain-le-Vieux").check()
    page.get_by_label("Le", exact=True).fill(coming_day().isoformat())
    page.get_by_label("Rayon (km)").fill("")
    page.get_by_role("button", name="Voir ce qui est libre").click()

    expect(page.get_by_label("Près de")).to_have_value("Saint-Germain-le-Vieux")
    expect(page.get_by_role("heading", name="libres dans")).to_be_visible()


@WIDTHS
def test_nothing_free_says_why_and_what_then(visit: Visit, axe: Axe, space: Space, width: int) -> None:
    day = coming_day()
    take(office_of(space), day)
    page = visit(f"/espaces/?ou=argentan&date={day}&moment=apres-midi&type=bureau-ferme&rayon=10", width=width)
    expect(page.get_by_text("1 salle est déjà réservée.")).to_be_visible()
    axe(page)

    page.get_by_role("link", name="Matin : 1 salle libre").click()

    expect(page.get_by_role("link", name="Réserver Bureau fermé, EPN d’Argentan")).to_be_visible()


@WIDTHS
def test_the_list_of_spaces_and_its_map(visit: Visit, axe: Axe, space: Space, width: int) -> None:
    page = visit("/espaces/", width=width)
    expect(page.get_by_role("button", name="EPN d’Argentan")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="EPN d’Argentan").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("EPN d’Argentan")


@WIDTHS
def test_a_week_is_read_and_booked_with_the_keyboard(visit: Visit, axe: Axe, space: Space, width: int) -> None:
    day = coming_day()
    take(office_of(space), day, "morning")
    year, week, _ = day.isocalendar()
    page = visit(f"/espaces/{space.slug}/?semaine={year}-W{week:02d}", width=width)
    table = page.get_by_role("table")
    expect(table.get_by_role("rowheader", name=long_date(day).capitalize())).to_be_visible()
    expect(table.get_by_text("réservé", exact=True)).to_have_count(1)
    axe(page)

    link = table.get_by_role("link", name=f"Réserver Bureau fermé, {long_date(day)}, après-midi")
    link.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Bureau fermé")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/espaces/",
        "/espaces/epn-d-argentan/",
        "/espaces/epn-d-argentan/reserver/",
        "/espaces/?ou=argentan&rayon=x",
    ],
)
def test_nothing_scrolls_sideways_on_the_narrowest_phone(visit: Visit, space: Space, path: str) -> None:
    assert_fits(visit(path, width=NARROWEST))


@WIDTHS
def test_a_slot_gone_meanwhile_leads_to_another_with_what_was_typed(
    visit: Visit, axe: Axe, space: Space, alice: Person, width: int
) -> None:
    day = coming_day()
    page = visit(booking_path(space, office_of(space), day), width=width, person=alice, allow=(409,))
    page.get_by_label("Un mot pour le lieu").fill("Une prise près de la fenêtre.")
    take(office_of(space), day)
    page.get_by_role("button", name="Réserver", exact=True).click()

    expect(page.get_by_role("heading", name="Ce moment n’est pas libre")).to_be_visible()
    expect(page.get_by_label("Un mot pour le lieu")).to_have_value("Une prise près de la fenêtre.")
    axe(page)
    page.get_by_role("button", name="EPN de Sées").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("C’est réservé")
    expect(page.get_by_text("Une prise près de la fenêtre.")).to_be_visible()


@WIDTHS
def test_every_page_of_a_booking(visit: Visit, axe: Axe, space: Space, alice: Person, bob: Person, width: int) -> None:
    """Free and taken forms, each state of a booking, its change and its freeing, the animator's answer."""
    day, at = coming_day(), clock.now()
    actions.add_animator(space=space, person=bob, by=None, at=at)
    meeting = space.rooms.get(kind=RoomKind.MEETING)
    hours = Wish(day, starts_at=clock.at_local(day, time(10)), ends_at=clock.at_local(day, time(11)))
    asked = actions.book_room(room=meeting, person=alice, wish=hours, usage="settled", by=alice, at=at)
    mine = take(office_of(space), day, person=alice)
    page = visit(mine.get_absolute_url(), width=width, person=alice, allow=(404, 410, 422))
    paths = {
        mine.get_absolute_url(): "C’est réservé",
        f"{mine.get_absolute_url()}modifier/": "Modifier ma réservation",
        f"{mine.get_absolute_url()}annuler/": "Libérer votre place",
        asked.get_absolute_url(): "Votre demande est partie",
        booking_path(space, meeting, day, "morning"): "Choisir un autre moment",
        booking_path(space, meeting, day, "").replace("period=", "starts_at=14:00&ends_at=15:00"): "Salle de réunion",
        f"/espaces/{space.slug}/reserver/": "Réserver à l’EPN d’Argentan",
        "/mon-espace/": "Bonjour Alice Martin",
        "/liberer/coupe/": "Ce lien n’est pas reconnu",
        local_path(decide_url(asked, bob)): "Alice Martin demande Salle de réunion",
    }
    for path, title in paths.items():
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_contain_text(title)
        axe(page)
    page.get_by_text("Refuser, en disant pourquoi").click()
    page.get_by_role("button", name="Refuser", exact=True).click()
    expect(page).to_have_title(titled("Erreur"))
    axe(page)
    page.get_by_label("Pourquoi refusez-vous").fill("La salle est en travaux ce jour-là.")
    page.get_by_role("button", name="Refuser", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("C’est refusé")
    axe(page)
    page.goto(asked.get_absolute_url())
    expect(page.get_by_text("La salle est en travaux ce jour-là.")).to_be_visible()
    axe(page)


@WIDTHS
def test_a_space_without_rooms_and_one_booked_elsewhere(
    visit: Visit, axe: Axe, transactional_db: None, width: int
) -> None:
    make_space(slug="sans-salle", name="EPN de Rânes")
    make_space(
        slug="ailleurs",
        name="La Manufacture",
        kind="tiers_lieu",
        is_bookable=False,
        external_url="https://exemple.test/",
    )
    page = visit("/espaces/sans-salle/", width=width)
    expect(page.get_by_role("heading", name="Les salles arrivent")).to_be_visible()
    axe(page)
    page.goto("/espaces/ailleurs/")
    expect(page.get_by_role("link", name="Réserver chez La Manufacture")).to_be_visible()
    axe(page)
