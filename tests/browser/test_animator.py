"""The animator's journeys: her day, a ringing phone, answers, a closure that is blocked, a first room, on paper."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from coworking import actions
from coworking.enums import AccessType, BookingMode, BookingState, Period, Presence, RoomKind
from coworking.models import Booking, Closure, Room, Space
from orne_accueil.accounts.models import Person
from orne_accueil.common import clock
from tests.browser.conftest import DESK, NARROWEST, PHONE, Axe, Visit, assert_fits
from tests.factories import make_person
from tests.factories_coworking import TUESDAY, half_day, hours, make_booking, make_room, make_space

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = pytest.mark.parametrize("width", [PHONE, DESK])
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "without"])
HOURS = "Mo-Fr 09:00-12:30,13:30-18:00; Sa 09:00-12:00; Aug off"


@dataclass
class Place:
    """Alice's space on a busy Tuesday."""

    space: Space
    desks: Room
    office: Room
    arrival: Booking
    request: Booking


@pytest.fixture
def place(transactional_db: None, alice: Person, clock_at: Callable[[str], Any]) -> Place:
    clock_at("2026-12-01 08:30")
    space = make_space(animators=(alice,), name="EPN d’Argentan", phone="02 33 00 00 61", opening_hours=HOURS)
    desks = make_room(space, name="Bureaux partagés", units=6, access_type=AccessType.KEY, access_note="Tiroir du bas")
    office = make_room(space, name="Bureau fermé", kind=RoomKind.OFFICE, needs_approval=True)
    meeting = make_room(space, name="Salle de réunion", kind=RoomKind.MEETING, capacity=8, mode=BookingMode.FREE)
    long_name = make_person("Jean-Baptiste de la Villemarqué-Desmoulins", phone="02 33 00 00 01", email=None)
    arrival = make_booking(desks, make_person("Léa Fontaine", phone="06 12 34 56 78"))
    make_booking(desks, long_name, half_day(period=Period.DAY), by=alice, note="Arrive avec son chien.")
    make_booking(meeting, make_person("Les Amis du Perche"), hours("14:00", "16:30"), attendees=6)
    request = make_booking(office, make_person("Nadia Benali"), half_day(TUESDAY + timedelta(days=7), Period.DAY))
    start, end = clock.day_bounds(date(2026, 12, 24))[0], clock.day_bounds(date(2027, 1, 2))[1]
    actions.close_space(space=space, room=None, start=start, end=end, reason="Congés", by=alice, at=clock.now())
    return Place(space, desks, office, arrival, request)


def row_of(page: Page, name: str) -> Any:
    return page.get_by_role("listitem").filter(has_text=name).first


# --- Her day ---


@WIDTHS
@SCRIPTS
def test_she_lands_on_her_day_ticks_arrivals_and_answers(
    visit: Visit, axe: Axe, place: Place, alice: Person, width: int, javascript: bool
) -> None:
    page = visit("/admin/", width=width, javascript=javascript, person=alice)
    expect(page).to_have_url(page.url.split("?")[0])
    expect(page.get_by_role("heading", level=1)).to_contain_text("mardi 1er")
    expect(row_of(page, "Léa Fontaine")).to_contain_text("Première visite")
    expect(row_of(page, "Léa Fontaine")).to_contain_text("Clé à remettre")

    page.get_by_role("button", name="Présent : Léa Fontaine").click()
    expect(row_of(page, "Léa Fontaine").get_by_role("button", name="Corriger")).to_be_visible()
    place.arrival.refresh_from_db()
    assert place.arrival.presence == Presence.PRESENT

    page.get_by_role("button", name="Accepter la demande de Nadia Benali").click()
    expect(page.get_by_role("status").first).to_contain_text("Accordé à Nadia Benali")
    place.request.refresh_from_db()
    assert place.request.state == BookingState.CONFIRMED
    if javascript:
        axe(page)
    else:
        assert_fits(page)


@SCRIPTS
def test_she_refuses_with_a_reason_without_leaving_her_day(
    visit: Visit, place: Place, alice: Person, javascript: bool
) -> None:
    page = visit("/admin/coworking/journee/", width=PHONE, javascript=javascript, person=alice)

    page.get_by_text("Refuser…").click()
    page.get_by_label("Pourquoi ?").fill("Formation ce jour-là : le mercredi 9, c’est possible.")
    page.get_by_role("button", name="Refuser la demande de Nadia Benali").click()

    expect(page.get_by_role("status").first).to_contain_text("Refusé, avec votre motif")
    place.request.refresh_from_db()
    assert place.request.state == BookingState.REFUSED


# --- The phone rings ---


@WIDTHS
@SCRIPTS
def test_the_phone_rings_and_a_desk_is_booked(
    visit: Visit, axe: Axe, place: Place, alice: Person, width: int, javascript: bool
) -> None:
    page = visit("/admin/coworking/journee/", width=width, javascript=javascript, person=alice)
    button = page.get_by_role("main").get_by_role("link", name="Réserver pour quelqu’un")
    box = button.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 800, "the button is on the first screen"
    button.click()

    page.get_by_label("Prénom et nom").fill("Odette Lecomte")
    page.get_by_label("Téléphone").fill("02 33 11 22 33")
    page.get_by_label("Salle").select_option(label="Bureaux partagés (bureau partagé, 1 personne)")
    page.get_by_label("Jour", exact=True).fill("2026-12-03")
    page.get_by_text("Matin", exact=True).click()
    if javascript:
        axe(page)
    page.get_by_role("button", name="Réserver", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Odette Lecomte")
    expect(page.get_by_role("status").first).to_contain_text("jeudi 3")
    booking = Booking.objects.get(person__name="Odette Lecomte")
    assert booking.typed_by == alice
    if javascript:
        axe(page)


@SCRIPTS
def test_a_known_caller_is_found_again(visit: Visit, axe: Axe, place: Place, alice: Person, javascript: bool) -> None:
    page = visit(
        f"/admin/coworking/reserver/?salle={place.desks.pk}&jour=2026-12-03&periode=morning",
        width=PHONE,
        javascript=javascript,
        person=alice,
    )

    page.get_by_label("Prénom et nom").press_sequentially("lea fontaine")
    if not javascript:  # the second look comes after the first post
        page.get_by_label("Téléphone").fill("06 00 00 00 00")
        page.get_by_role("button", name="Réserver", exact=True).click()
    choice = page.get_by_role("radio", name="Léa Fontaine")
    expect(choice).to_be_visible()
    if javascript:
        axe(page)
    choice.check()
    if javascript:
        page.get_by_label("Téléphone").fill("06 00 00 00 00")
    page.get_by_role("button", name="Réserver", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Léa Fontaine")
    assert Booking.objects.filter(person=place.arrival.person).count() == 2
    assert Person.objects.filter(name__icontains="fontaine").count() == 1


@WIDTHS
def test_a_slot_that_is_taken_gives_the_next_in_one_click(
    visit: Visit, axe: Axe, place: Place, alice: Person, width: int
) -> None:
    make_booking(place.office, make_person(), half_day(TUESDAY + timedelta(days=2), Period.DAY), by=alice)
    page = visit(
        f"/admin/coworking/reserver/?salle={place.office.pk}&jour=2026-12-03&periode=day", width=width, person=alice
    )
    page.get_by_label("Prénom et nom").fill("Odette Lecomte")
    page.get_by_label("Téléphone").fill("02 33 11 22 33")
    page.get_by_role("button", name="Réserver", exact=True).click()

    expect(page).to_have_title("Erreur : Réserver pour quelqu’un – Administration")
    expect(page.get_by_label("Prénom et nom")).to_have_value("Odette Lecomte")
    axe(page)
    page.get_by_role("button", name="plus tard").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Odette Lecomte")
    assert Booking.objects.get(person__name="Odette Lecomte").starts_at > clock.day_bounds(date(2026, 12, 4))[0]


# --- Closing, opening, adding ---


@SCRIPTS
def test_a_blocked_closure_is_freed_booking_by_booking(
    visit: Visit, axe: Axe, place: Place, alice: Person, javascript: bool
) -> None:
    page = visit(
        f"/admin/coworking/space/{place.space.pk}/fermetures/", width=PHONE, javascript=javascript, person=alice
    )
    page.get_by_label("Du", exact=True).fill("2026-12-08")
    page.get_by_label("Motif").fill("Panne de chauffage")
    page.get_by_role("button", name="Fermer", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("1 réservation tombe dans cette fermeture")
    if javascript:
        axe(page)
    page.get_by_role("link", name="Annuler avec un mot pour Nadia Benali").click()
    page.get_by_label("Un mot pour la personne").fill("Nous rouvrons le lendemain.")
    page.get_by_role("button", name="Annuler la réservation").click()

    expect(page.get_by_label("Motif")).to_have_value("Panne de chauffage")
    page.get_by_role("button", name="Fermer", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("C’est fermé")
    assert Closure.objects.filter(reason="Panne de chauffage").exists()

    row_of(page, "Panne de chauffage").get_by_role("button", name="Rouvrir").click()
    expect(page.get_by_role("status").first).to_contain_text("C’est rouvert")
    assert not Closure.objects.filter(reason="Panne de chauffage").exists()


@SCRIPTS
def test_hours_are_copied_from_monday_and_the_rest_is_kept(
    visit: Visit, place: Place, alice: Person, javascript: bool
) -> None:
    page = visit(f"/admin/coworking/space/{place.space.pk}/horaires/", javascript=javascript, person=alice)
    expect(page.get_by_role("main")).to_contain_text("Fermé en août.")

    page.get_by_label("Lundi, ouvre à").fill("08:30")
    page.get_by_label("Mardi à vendredi : comme lundi").check()
    page.get_by_role("button", name="Enregistrer les horaires").click()

    expect(page.get_by_role("status").first).to_contain_text("Horaires enregistrés")
    place.space.refresh_from_db()
    assert place.space.opening_hours == "Mo-Fr 08:30-12:30,13:30-18:00; Sa 09:00-12:00; Aug off"


@SCRIPTS
def test_the_first_room_of_a_space_is_added_from_her_day(
    visit: Visit, axe: Axe, alice: Person, transactional_db: None, javascript: bool
) -> None:
    space = make_space(animators=(alice,), name="Échangeur de Sées")
    page = visit("/admin/", width=PHONE, javascript=javascript, person=alice)
    page.get_by_role("link", name="Ajouter une salle").click()
    if javascript:
        axe(page)

    page.get_by_label("Nom").fill("Salle verte")
    page.get_by_text("Bureau partagé").click()
    page.get_by_label("Combien de places identiques ?").fill("4")
    page.get_by_role("button", name="Ajouter la salle").click()

    expect(page.get_by_role("main").get_by_role("link", name="Salle verte", exact=True)).to_be_visible()
    room = Room.objects.get(space=space)
    assert (room.units.count(), room.capacity, room.mode) == (4, 1, BookingMode.HALF_DAY)


# --- On paper ---


def test_the_day_sheet_prints_the_sheet_and_nothing_else(visit: Visit, place: Place, alice: Person) -> None:
    page = visit(f"/admin/coworking/space/{place.space.pk}/feuille/", person=alice)
    expect(page.get_by_role("button", name="Imprimer")).to_be_visible()

    page.emulate_media(media="print")

    for words in ("Ma journée", "Imprimer", "Se déconnecter", "Voir le site", "La veille"):
        expect(page.get_by_text(words, exact=True).first).to_be_hidden()
    sheet = page.locator(".day-sheet")
    for words in ("EPN d’Argentan", "Léa Fontaine", "06 12 34 56 78", "Clé à remettre", "Première visite"):
        expect(sheet.get_by_text(words).first).to_be_visible()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    row = page.locator(".day-sheet tbody tr").first
    assert row.evaluate("row => getComputedStyle(row).breakInside") == "avoid"
    name = page.locator(".day-sheet tbody th").first
    size, colour = name.evaluate("one => [parseFloat(getComputedStyle(one).fontSize), getComputedStyle(one).color]")
    assert size >= 18, "15 points: read at arm’s length"
    assert colour == "rgb(0, 0, 0)"


# --- Every page, at every width ---


def pages_of(place: Place) -> dict[str, str]:
    space, request = place.space.pk, place.request.reference
    return {
        "day": "/admin/coworking/journee/",
        "quiet day": "/admin/coworking/journee/?jour=2026-12-06",
        "book": "/admin/coworking/reserver/",
        "week": f"/admin/coworking/space/{space}/semaine/?semaine=2026-W49",
        "room’s week": f"/admin/coworking/space/{space}/semaine/?semaine=2026-W50&salle={place.office.pk}",
        "sheet": f"/admin/coworking/space/{space}/feuille/?jour=2026-12-01",
        "spaces": "/admin/coworking/lieux/",
        "facts": f"/admin/coworking/space/{space}/change/",
        "hours": f"/admin/coworking/space/{space}/horaires/",
        "closures": f"/admin/coworking/space/{space}/fermetures/",
        "rooms": f"/admin/coworking/space/{space}/salles/",
        "room": f"/admin/coworking/room/{place.desks.pk}/change/",
        "all rooms": "/admin/coworking/room/",
        "bookings": "/admin/coworking/booking/",
        "booking": f"/admin/coworking/booking/{place.arrival.reference}/",
        "request": f"/admin/coworking/booking/{request}/",
        "refuse": f"/admin/coworking/booking/{request}/refuser/",
        "cancel": f"/admin/coworking/booking/{request}/annuler/",
        "move": f"/admin/coworking/booking/{request}/modifier/",
        "export": "/admin/coworking/exporter/",
    }


@WIDTHS
def test_no_page_of_hers_holds_a_barrier(visit: Visit, axe: Axe, place: Place, alice: Person, width: int) -> None:
    page = visit("/admin/coworking/journee/", width=width, person=alice)
    for address in pages_of(place).values():
        answer = page.goto(address, wait_until="networkidle")
        assert answer is not None
        assert answer.ok, address
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        axe(page)


def test_nothing_scrolls_sideways_on_the_narrowest_screen(visit: Visit, place: Place, alice: Person) -> None:
    page = visit("/admin/coworking/journee/", width=NARROWEST, person=alice)
    for address in pages_of(place).values():
        page.goto(address, wait_until="networkidle")
        assert_fits(page)


@WIDTHS
def test_no_error_of_hers_holds_a_barrier(visit: Visit, axe: Axe, place: Place, alice: Person, width: int) -> None:
    """Each form sent empty, or wrong: the title says so, the words are tied to their field."""
    page = visit("/admin/coworking/journee/", width=width, person=alice)
    forms = pages_of(place)
    wrong: dict[str, tuple[str, Callable[[], Any]]] = {
        "book": ("Réserver", lambda: None),
        "closures": ("Fermer", lambda: None),
        "rooms": ("Ajouter la salle", lambda: None),
        "refuse": ("Refuser la demande", lambda: None),
        "cancel": ("Annuler la réservation", lambda: None),
        "hours": ("Enregistrer les horaires", lambda: page.get_by_label("Lundi, ferme à").fill("08:00")),
        "move": ("Enregistrer", lambda: page.get_by_label("Personnes").fill("0")),
        "export": ("Télécharger", lambda: page.get_by_label("Du", exact=True).fill("2020-01-01")),
        "facts": ("Enregistrer", lambda: page.get_by_label("Nom :", exact=True).fill("")),
    }
    for name, (button, spoil) in wrong.items():
        page.goto(forms[name], wait_until="networkidle")
        spoil()
        page.get_by_role("main").get_by_role("button", name=button, exact=True).first.click()
        page.wait_for_load_state("networkidle")
        assert page.title().startswith("Erreur"), name
        axe(page)


@WIDTHS
def test_the_coordinations_pages_hold_no_barrier(
    visit: Visit, axe: Axe, place: Place, coordinator: Person, width: int
) -> None:
    page = visit("/admin/", width=width, person=coordinator)
    axe(page)
    for address in (
        "/admin/coworking/premiers-pas/",
        f"/admin/coworking/space/{place.space.pk}/equipe/",
        "/admin/coworking/journee/",
        "/admin/coworking/space/",
        "/admin/coworking/space/add/",
        "/admin/coworking/equipment/",
    ):
        page.goto(address, wait_until="networkidle")
        axe(page)


def test_a_keyboard_alone_ticks_an_arrival(visit: Visit, place: Place, alice: Person) -> None:
    page = visit("/admin/coworking/journee/", person=alice)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(
            "document.activeElement.value === 'present' && document.activeElement.innerText.includes('Léa')"
        ):
            break
    else:
        pytest.fail("the keyboard never reached the button")
    page.keyboard.press("Enter")

    expect(row_of(page, "Léa Fontaine").get_by_role("button", name="Corriger")).to_be_visible()
