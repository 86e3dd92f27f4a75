"""« Réserver pour quelqu’un » : name and phone suffice, the person is found again, and who typed it is recorded."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from coworking import actions
from coworking.enums import BookingMode, BookingState, Period, RoomKind
from coworking.models import Booking, Room, Space
from coworking.permissions import callers_known_to
from coworking.selectors.staff import callers_like
from orne_accueil.accounts.models import Person
from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError
from orne_accueil.outbox.models import Message
from tests.conftest import paris
from tests.factories import make_person
from tests.factories_coworking import NOW, TUESDAY, half_day, make_booking, make_room, make_space

pytestmark = pytest.mark.django_db

BOOK = "/admin/coworking/reserver/"
CALLERS = "/admin/coworking/appelants/"


@pytest.fixture(autouse=True)
def the_week_before(clock_at: Callable[[str], Any]) -> None:
    clock_at("2026-11-24 10:00")


@pytest.fixture
def space(alice: Person) -> Space:
    return make_space(animators=(alice,), name="EPN d’Argentan")


@pytest.fixture
def room(space: Space) -> Room:
    return make_room(space, name="Bureau fermé")


@pytest.fixture
def her(alice: Person, space: Space, client_for: Any) -> Client:
    browser: Client = client_for(alice)
    return browser


def call(room: Room, **fields: Any) -> dict[str, Any]:
    """What the animator types while listening."""
    return {
        "name": "Léa Fontaine",
        "phone": "06 12 34 56 78",
        "email": "",
        "room": room.pk,
        "date": "2026-12-01",
        "period": "afternoon",
        "starts_at": "",
        "ends_at": "",
        "attendees": "1",
        "usage": "occasional",
        "note": "",
        **fields,
    }


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request)).replace("\u00a0", " ")


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    content: str = answer.content.decode().replace("\u00a0", " ")
    return content


# --- Booking ---


def test_name_and_phone_suffice(room: Room, her: Client, alice: Person) -> None:
    answer = her.post(BOOK, call(room))

    booking = Booking.objects.get()
    assert answer["Location"] == reverse("admin:coworking_booking_detail", args=[booking.reference])
    assert (booking.person.name, booking.person.phone, booking.person.email) == (
        "Léa Fontaine",
        "06 12 34 56 78",
        None,
    )
    assert (booking.typed_by, booking.person.typed_by) == (alice, alice)
    assert booking.state == BookingState.CONFIRMED
    assert booking.starts_at == paris("2026-12-01 13:30")
    assert "Pas d’adresse : dites-le-lui de vive voix" in said(answer)


def test_a_person_with_an_address_gets_the_mail(room: Room, her: Client) -> None:
    answer = her.post(BOOK, call(room, email="Lea@Exemple.test"))

    booking = Booking.objects.get()
    message = Message.objects.get(kind="coworking.booking_confirmed")
    assert message.recipient == booking.person.recipient
    assert booking.person.email == "lea@exemple.test"
    assert "La confirmation part à lea@exemple.test" in said(answer)


def test_a_room_on_approval_is_given_at_once_by_its_animator(space: Space, her: Client) -> None:
    her.post(BOOK, call(make_room(space, needs_approval=True)))

    assert Booking.objects.get().state == BookingState.CONFIRMED


def test_free_times_are_given_too(space: Space, her: Client) -> None:
    meeting = make_room(space, kind=RoomKind.MEETING, mode=BookingMode.FREE, capacity=8)

    her.post(BOOK, call(meeting, period="times", starts_at="14:15", ends_at="16:45", attendees="6"))

    booking = Booking.objects.get()
    assert (booking.starts_at, booking.ends_at) == (paris("2026-12-01 14:15"), paris("2026-12-01 16:45"))


def test_a_double_click_books_once(space: Space, her: Client) -> None:
    desks = make_room(space, units=6)
    her.post(BOOK, call(desks))

    answer = her.post(BOOK, call(desks))

    booking = Booking.objects.get()
    assert answer["Location"] == reverse("admin:coworking_booking_detail", args=[booking.reference])
    assert "C’était déjà fait" in said(answer)


def test_a_second_desk_for_the_same_person_is_another_gesture(space: Space, her: Client, clock_at: Any) -> None:
    desks = make_room(space, units=6)
    her.post(BOOK, call(desks))
    clock_at("2026-11-24 10:02")

    her.post(BOOK, call(desks))

    assert Booking.objects.count() == 2
    assert Person.objects.filter(name="Léa Fontaine").count() == 1


# --- Refusals ---


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "Pour qui réservez-vous ?"),
        ({"phone": ""}, "il faut pouvoir la prévenir"),
        ({"phone": "06 12"}, "Ce numéro n’est pas complet"),
        ({"email": "lea@"}, "adresse"),
        ({"period": ""}, "Matin, après-midi, journée"),
        ({"date": "2026-02-30"}, "Écrivez la date ainsi"),
        ({"date": "2026-11-20"}, "déjà passé"),
        ({"date": "2026-12-06"}, "fermé dimanche 6 décembre"),
        ({"attendees": "9"}, "accueille 1 personne au plus"),
        ({"period": "times", "starts_at": "14:00", "ends_at": "15:00"}, "se réserve à la demi-journée"),
    ],
)
def test_a_refusal_is_said_and_what_was_typed_is_kept(
    room: Room, her: Client, change: dict[str, str], words: str
) -> None:
    people = Person.objects.count()

    page = text_of(her.post(BOOK, call(room, note="Fauteuil roulant", **change)))

    assert words in page
    assert "<title>Erreur" in page
    assert "Fauteuil roulant" in page
    assert not Booking.objects.exists()
    assert Person.objects.count() == people, "no person is left behind"


def test_a_taken_slot_proposes_what_is_free_nearby(space: Space, room: Room, her: Client) -> None:
    make_booking(room)
    other = make_room(space, name="Bureau du haut")

    page = text_of(her.post(BOOK, call(room)))

    assert "n’est plus libre" in page
    assert "Ce qui est libre à côté" in page
    assert f'value="{room.pk}|2026-12-02|afternoon||"' in page
    assert f'value="{other.pk}|2026-12-01|afternoon||"' in page


def test_a_proposal_is_booked_in_one_click_with_what_was_typed(space: Space, room: Room, her: Client) -> None:
    make_booking(room)
    other = make_room(space, name="Bureau du haut")

    her.post(BOOK, call(room, note="Un écran", proposal=f"{other.pk}|2026-12-01|afternoon||"))

    booking = Booking.objects.get(room=other)
    assert (booking.person.name, booking.note) == ("Léa Fontaine", "Un écran")


def test_a_proposal_elsewhere_gives_the_number_to_call(room: Room, her: Client) -> None:
    make_booking(room)
    make_room(make_space(name="EPN de Sées", phone="02 33 00 00 02"))

    page = text_of(her.post(BOOK, call(room)))

    assert "EPN de Sées" in page
    assert 'href="tel:0233000002"' in page


@pytest.mark.parametrize("proposal", ["x", "1|2|3", "||||", "9999|2026-12-01|afternoon||", "|" * 50])
def test_a_proposal_made_up_books_nothing(room: Room, her: Client, proposal: str) -> None:
    assert her.post(BOOK, call(room, proposal=proposal)).status_code == 200
    assert not Booking.objects.exists()


def test_when_the_booking_breaks_no_person_is_left_behind(
    room: Room, her: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = Person.objects.count()

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr("coworking.actions.bookings._announce", broken)
    with pytest.raises(RuntimeError):
        her.post(BOOK, call(room))

    assert Person.objects.count() == people
    assert not Booking.objects.exists()


# --- Who is it? ---


def test_the_same_name_and_number_are_the_same_person(room: Room, her: Client) -> None:
    known = make_person("Lea FONTAINE", phone="06 12 34 56 78")

    her.post(BOOK, call(room))

    assert Booking.objects.get().person == known


def test_a_namesake_is_asked_about_before_anything_is_booked(room: Room, her: Client) -> None:
    known = make_person("Léa Fontaine", phone="02 33 00 00 09")
    make_booking(make_room(room.space), known)

    page = text_of(her.post(BOOK, call(room)))

    assert "Est-ce quelqu’un que nous connaissons ?" in page
    assert "02 33 00 00 09" in page
    assert not Booking.objects.filter(room=room).exists()


def test_the_person_chosen_gets_the_booking_and_keeps_her_number(room: Room, her: Client) -> None:
    known = make_person("Léa Fontaine", phone="02 33 00 00 09")
    make_booking(make_room(room.space), known)

    her.post(BOOK, call(room, person=known.pk))

    known.refresh_from_db()
    assert Booking.objects.get(room=room).person == known
    assert known.phone == "02 33 00 00 09"


def test_a_number_that_was_missing_is_filled_in(room: Room, her: Client) -> None:
    known = make_person("Léa Fontaine", phone="")
    make_booking(make_room(room.space), known)

    her.post(BOOK, call(room, person=known.pk))

    known.refresh_from_db()
    assert known.phone == "06 12 34 56 78"


def test_somebody_else_of_the_same_name_is_written_down(room: Room, her: Client) -> None:
    known = make_person("Léa Fontaine", phone="02 33 00 00 09")
    make_booking(make_room(room.space), known)

    her.post(BOOK, call(room, person="new"))

    assert Booking.objects.get(room=room).person != known
    assert Person.objects.filter(name="Léa Fontaine").count() == 2


def test_a_person_who_was_not_proposed_cannot_be_chosen(room: Room, her: Client, david: Person) -> None:
    known = make_person("Léa Fontaine")
    make_booking(make_room(room.space), known)

    page = her.post(BOOK, call(room, person=david.pk))

    assert page.status_code == 200
    assert not Booking.objects.filter(room=room).exists()


def test_a_whole_address_finds_somebody_of_elsewhere(room: Room, her: Client) -> None:
    stranger = make_person("Léa Fontaine", email="lea@exemple.test")

    her.post(BOOK, call(room, phone="", email="lea@exemple.test"))

    assert Booking.objects.get().person == stranger


def test_an_address_under_another_name_is_asked_about(room: Room, her: Client) -> None:
    make_person("Luc Fontaine", email="famille@exemple.test")

    page = text_of(her.post(BOOK, call(room, phone="", email="famille@exemple.test")))

    assert "Luc Fontaine" in page
    assert not Booking.objects.exists()


# --- As one types ---


def test_people_of_her_spaces_are_found_as_one_types_accents_apart(room: Room, her: Client) -> None:
    make_booking(room, make_person("Chloé d’Été", phone="06 00 00 00 01"))

    assert "Chloé" in text_of(her.get(CALLERS, {"name": "chloe ete"}))


def test_people_of_elsewhere_are_not_found_by_their_name(room: Room, her: Client) -> None:
    make_booking(make_room(), make_person("Chloé Ailleurs", phone="06 00 00 00 01"))

    assert "Ailleurs" not in text_of(her.get(CALLERS, {"name": "chloe"}))
    assert "Ailleurs" in text_of(her.get(CALLERS, {"name": "0600000001"})), "the whole number was told"


@pytest.mark.parametrize("typed", ["", "c", "   ", "zzzz", "'; DROP TABLE--", "%", "_"])
def test_too_little_or_nonsense_finds_nobody(room: Room, her: Client, typed: str) -> None:
    make_booking(room, make_person("Chloé Martinez"))

    assert "radio" not in text_of(her.get(CALLERS, {"name": typed}))


def test_the_coordination_finds_everybody(coordinator: Person) -> None:
    person = make_person("Zoé Partout")

    assert callers_like(callers_known_to(coordinator.user), text="zoe") == [person]


def test_whoever_she_wrote_down_is_known_to_her_at_once(alice: Person, space: Space) -> None:
    person = make_person("Zoé Notée", typed_by=alice)

    assert callers_like(callers_known_to(alice.user), text="zoe") == [person]


# --- The form itself ---


def test_a_link_of_the_week_fills_the_form_in(room: Room, her: Client) -> None:
    page = text_of(her.get(BOOK, {"salle": room.pk, "jour": "2026-12-03", "periode": "morning"}))

    assert f'<option value="{room.pk}" selected>' in page
    assert 'value="2026-12-03"' in page
    assert 'value="morning" id="id_period_0" required checked' in page or "checked" in page


@pytest.mark.parametrize("query", [{"salle": "x"}, {"jour": "demain"}, {"periode": "nuit"}, {"lieu": "x"}, {"de": "x"}])
def test_a_link_that_says_nonsense_shows_the_form(room: Room, her: Client, query: dict[str, str]) -> None:
    assert her.get(BOOK, query).status_code == 200


def test_rooms_are_grouped_by_space_when_there_are_several(room: Room, alice: Person, her: Client) -> None:
    assert "<optgroup" not in text_of(her.get(BOOK))
    make_room(make_space(animators=(alice,), name="EPN de Sées"))

    assert '<optgroup label="EPN de Sées">' in text_of(her.get(BOOK))


def test_an_animator_without_rooms_is_led_to_add_one(her: Client) -> None:
    assert "Aucune salle à réserver" in text_of(her.get(BOOK))


def test_the_action_alone_gives_no_room_that_is_closed(space: Space, room: Room, alice: Person) -> None:
    start, end = clock.day_bounds(TUESDAY)
    actions.close_space(space=space, room=None, start=start, end=end, reason="Travaux", by=alice, at=NOW)

    with pytest.raises(DomainError, match="Travaux"):
        actions.book_for_caller(
            room=room,
            person=None,
            name="Nora",
            phone="06 12 34 56 78",
            email="",
            wish=half_day(),
            usage="other",
            attendees=1,
            note="",
            by=alice,
            at=NOW,
        )

    assert not Person.objects.filter(name="Nora").exists()


def test_nothing_is_asked_twice_of_whoever_is_known(space: Space, her: Client) -> None:
    """A second call of the same person, another day: no question, one person, no « première visite »."""
    desks = make_room(space, units=2)
    her.post(BOOK, call(desks))
    her.post(BOOK, call(desks, date="2026-12-02", period=Period.MORNING))

    bookings = list(Booking.objects.order_by("starts_at"))
    assert len({booking.person_id for booking in bookings}) == 1
    assert [booking.is_first_visit for booking in bookings] == [True, False]
    assert bookings[1].starts_at - bookings[0].starts_at < timedelta(days=1)
