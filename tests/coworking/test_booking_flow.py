"""Booking on the site: signed in, by code, refused, twice, changed, freed, put in a calendar."""

import re
from datetime import date, time
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from icalendar import Calendar

from coworking import actions
from coworking.enums import BookingMode, BookingState, Period, RoomKind, Usage
from coworking.models import Booking, Room
from orne_accueil.accounts.models import Person, User
from orne_accueil.common import clock
from orne_accueil.outbox.actions import deliver_due
from orne_accueil.outbox.models import Message
from tests.accounts.browser import CONFIRM, code_sent_to
from tests.conftest import ClientFor
from tests.coworking.test_pages_search import text_of
from tests.factories import make_commune, make_person, make_user
from tests.factories_coworking import NOW, TUESDAY, half_day, hours, make_booking, make_room, make_space

pytestmark = pytest.mark.django_db

BOOK = "/espaces/argentan/reserver/"
HER = {"name": "Léa Fontaine", "email": "lea@exemple.test", "phone": "06 12 34 56 78"}


@pytest.fixture(autouse=True)
def a_week_before(clock_at: Any) -> None:
    clock_at("2026-11-24 10:00")


@pytest.fixture
def room() -> Room:
    space = make_space(commune=make_commune("Argentan"), name="EPN d’Argentan", slug="argentan", phone="02 33 00 00 61")
    return make_room(space, name="Bureau fermé", kind=RoomKind.OFFICE, capacity=2)


def form_for(a_room: Room, /, **fields: Any) -> dict[str, Any]:
    """What the form sends for Tuesday afternoon."""
    usual = {
        "room": a_room.pk,
        "date": TUESDAY.isoformat(),
        "period": "afternoon",
        "usage": "occasional",
        "attendees": "1",
        "note": "Une prise, merci.",
    }
    return usual | fields


def address_of(booking: Booking, *, page: str = "") -> str:
    return f"/mon-espace/reservations/{booking.reference}/{page}"


# --- Signed in ---


def test_one_post_books_and_leads_to_the_booking(client_for: ClientFor, alice: Person, room: Room) -> None:
    client = client_for(alice)
    answer = client.post(BOOK, form_for(room))
    booking = Booking.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, address_of(booking))
    assert (booking.person, booking.state, booking.note) == (alice, BookingState.CONFIRMED, "Une prise, merci.")
    text = text_of(client.get(address_of(booking)))
    for words in ("C’est réservé", "Mardi 1er décembre, de 13 h 30 à 18 h", "Bureau fermé", "02 33 00 00 61"):
        assert words in text


def test_two_times_book_a_room_lent_by_the_hour(client_for: ClientFor, alice: Person, room: Room) -> None:
    meeting = make_room(room.space, mode=BookingMode.FREE)
    client_for(alice).post(BOOK, form_for(meeting, period="", starts_at="14:00", ends_at="15:30"))
    booking = Booking.objects.get()
    assert booking.starts_at == clock.at_local(TUESDAY, time(14))
    assert booking.ends_at == clock.at_local(TUESDAY, time(15, 30))


def test_what_may_stay_unsaid_has_a_default(client_for: ClientFor, alice: Person, room: Room) -> None:
    answer = client_for(alice).post(BOOK, {"room": room.pk, "date": "2026-12-01", "period": "day"})
    booking = Booking.objects.get()
    assert answer.status_code == 302
    assert (booking.attendees, booking.usage, booking.note) == (1, Usage.OCCASIONAL, "")


def test_the_link_of_a_free_slot_fills_the_form(client_for: ClientFor, alice: Person, room: Room) -> None:
    answer = client_for(alice).get(BOOK, {"room": room.pk, "date": "2026-12-01", "period": "morning"})
    body, text = answer.content.decode(), text_of(answer)
    assert f'<input type="hidden" name="room" value="{room.pk}">' in body
    assert '<input type="hidden" name="date" value="2026-12-01">' in body
    assert re.search(r'value="morning" checked', body)
    assert "Mardi 1er décembre" in text
    assert "Votre adresse" not in text
    assert "Ce que deviennent vos informations" in text


def test_a_taken_half_day_cannot_be_ticked(client_for: ClientFor, alice: Person, room: Room) -> None:
    make_booking(room)
    body = client_for(alice).get(BOOK, {"room": room.pk, "date": "2026-12-01", "period": "morning"}).content.decode()
    assert re.search(r'value="afternoon" disabled', body)
    assert re.search(r'value="day" disabled', body)
    assert "déjà réservé" in body


def test_the_quota_left_is_shown(client_for: ClientFor, alice: Person, room: Room) -> None:
    Room.objects.update(quota_half_days=3)
    make_booking(room, alice, half_day(date(2026, 12, 2), Period.MORNING))
    answer = client_for(alice).get(BOOK, {"room": room.pk, "date": "2026-12-01", "period": "morning"})
    assert "Il vous reste 2 demi-journées dans cette salle en décembre." in text_of(answer)


def test_a_room_on_approval_answers_pending_with_its_date(client_for: ClientFor, alice: Person, room: Room) -> None:
    Room.objects.update(needs_approval=True)
    client = client_for(alice)
    client.post(BOOK, form_for(room))
    booking = Booking.objects.get()
    assert booking.state == BookingState.PENDING
    text = text_of(client.get(address_of(booking)))
    assert "Votre demande est partie" in text
    assert "L’EPN d’Argentan vous répond au plus tard jeudi 26 novembre à 10 h" in text


# --- Refused ---


def test_a_taken_slot_is_a_409_that_keeps_what_was_typed(client_for: ClientFor, alice: Person, room: Room) -> None:
    other = make_room(make_space(slug="sees", name="EPN de Sées"), name="Cocon", kind=RoomKind.OFFICE)
    make_booking(room)
    answer = client_for(alice).post(BOOK, form_for(room))
    body, text = answer.content.decode(), text_of(answer)
    assert answer.status_code == 409
    assert "« Bureau fermé » n’est plus libre mardi 1er décembre, de 13 h 30 à 18 h" in text
    assert "Une prise, merci.</textarea>" in body
    assert "La même salle : Bureau fermé" in text
    assert "EPN de Sées" in text
    assert f'action="/espaces/{other.space.slug}/reserver/"' in body
    assert Booking.objects.count() == 1


def test_an_alternative_is_one_post_away(client_for: ClientFor, alice: Person, room: Room) -> None:
    make_booking(room)
    client = client_for(alice)
    body = client.post(BOOK, form_for(room)).content.decode()
    forms = re.findall(r'<form method="post" action="/espaces/[^"]+">.*?</form>', body, re.S)
    address = re.search(r'action="([^"]+)"', forms[0])
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', forms[0]))
    assert address is not None
    answer = client.post(address[1], fields)
    assert answer.status_code == 302
    assert Booking.objects.of(alice).get().note == "Une prise, merci."


def test_a_slot_already_gone_is_said_before_anything_is_typed(client: Client, room: Room) -> None:
    make_booking(room)
    answer = client.get(BOOK, {"room": room.pk, "date": "2026-12-01", "period": "afternoon"})
    assert answer.status_code == 200
    assert "n’est plus libre" in text_of(answer)
    assert 'href="/espaces/argentan/reserver/?room=' in answer.content.decode()


REFUSED = [
    ({"date": "2026-12-25"}, 422, "Le lieu est fermé vendredi 25 décembre"),
    ({"date": "2026-11-24", "period": "morning"}, 302, ""),  # it is ten: one may still walk in
    ({"date": "2026-11-23"}, 422, "Ce jour est déjà passé"),
    ({"date": "2027-11-23"}, 422, "90 jours à l’avance"),
    ({"attendees": "3"}, 422, "Cette salle accueille 2 personnes au plus"),
    ({"attendees": "0"}, 422, "Une personne au moins"),
    ({"attendees": "9" * 300}, 422, "500 personnes au plus"),
    ({"date": "2026-02-30"}, 422, "Ce jour n’existe pas"),
    ({"date": ""}, 422, "Quel jour ?"),
    ({"date": "9999-12-31"}, 422, "Ce jour est trop loin"),
    ({"period": "evening"}, 422, "Choisissez matin, après-midi, journée"),
    ({"period": ""}, 422, "Matin, après-midi ou journée ?"),
    ({"period": "", "starts_at": "14:00", "ends_at": "15:00"}, 422, "se réserve à la demi-journée"),
    ({"starts_at": "14:00", "ends_at": "15:00"}, 422, "pas les deux"),
    ({"room": "0"}, 422, "Cette salle ne se réserve plus"),
    ({"room": "'; DROP TABLE"}, 422, "Cette salle ne se réserve plus"),
    ({"room": "1\x00"}, 422, "Cette salle ne se réserve plus"),
    ({"usage": "piratage"}, 422, "Choisissez dans la liste"),
    ({"note": "a" * 1001}, 422, "1 000 caractères au plus"),
    ({"note": "a\x00b"}, 422, "caractère nul"),
]


@pytest.mark.parametrize(("fields", "status", "sentence"), REFUSED)
def test_a_refusal_is_polite_and_books_nothing(
    client_for: ClientFor, alice: Person, room: Room, fields: dict[str, str], status: int, sentence: str
) -> None:
    answer = client_for(alice).post(BOOK, form_for(room, **fields))
    assert answer.status_code == status
    assert sentence in text_of(answer)
    assert Booking.objects.count() == (status == 302)
    if status != 302:
        assert "<title>Erreur" in answer.content.decode()


@pytest.mark.parametrize(
    ("starts", "ends", "sentence"),
    [
        ("16:00", "14:00", "L’heure de départ doit venir après l’heure d’arrivée"),
        ("14:00", "14:10", "30 minutes au moins"),
        ("19:00", "20:00", "Le lieu n’est pas ouvert à ces heures-là"),
        ("14:00", "", "Donnez l’heure d’arrivée et l’heure de départ"),
        ("quatorze", "15:00", "Cette heure ne se lit pas"),
    ],
)
def test_times_that_cannot_be_are_explained(
    client_for: ClientFor, alice: Person, room: Room, starts: str, ends: str, sentence: str
) -> None:
    meeting = make_room(room.space, mode=BookingMode.FREE)
    answer = client_for(alice).post(BOOK, form_for(meeting, period="", starts_at=starts, ends_at=ends))
    assert answer.status_code == 422
    assert sentence in text_of(answer)


@pytest.mark.parametrize(
    ("day", "starts", "ends", "sentence"),
    [
        ("2027-03-28", "02:30", "04:00", "Cette heure n’existe pas"),
        ("2027-10-31", "01:00", "02:30", "Cette heure existe deux fois"),
    ],
)
def test_the_hours_of_the_nights_when_clocks_change(
    client_for: ClientFor, alice: Person, clock_at: Any, day: str, starts: str, ends: str, sentence: str
) -> None:
    clock_at("2027-03-20 10:00" if day < "2027-06" else "2027-10-20 10:00")
    room = make_room(make_space(slug="argentan", opening_hours="24/7"), mode=BookingMode.FREE)
    client = client_for(alice)
    refused = client.post(BOOK, form_for(room, date=day, period="", starts_at=starts, ends_at=ends))
    assert refused.status_code == 422
    assert sentence in text_of(refused)
    taken = client.post(BOOK, form_for(room, date=day, period="", starts_at="00:30", ends_at="05:00"))
    assert taken.status_code == 302
    booking = Booking.objects.get()
    length = (booking.ends_at - booking.starts_at).total_seconds() / 3600
    assert length == (3.5 if day < "2027-06" else 5.5)


def test_the_quota_is_refused_with_what_is_left(client_for: ClientFor, alice: Person, room: Room) -> None:
    Room.objects.update(quota_half_days=1)
    make_booking(room, alice, half_day(date(2026, 12, 2), Period.MORNING))
    answer = client_for(alice).post(BOOK, form_for(room))
    assert answer.status_code == 422
    assert "1 demi-journées par personne et par mois" in text_of(answer)


def test_the_same_form_sent_twice_is_one_booking(client_for: ClientFor, alice: Person, room: Room) -> None:
    desks = make_room(room.space, name="Postes", units=6)
    client = client_for(alice)
    client.post(BOOK, form_for(desks))
    answer = client.post(BOOK, form_for(desks))
    assert answer.status_code == 409
    assert "C’est déjà à vous" in text_of(answer)
    assert address_of(Booking.objects.get()) in answer.content.decode()


def test_the_link_of_a_slot_that_is_hers_already_leads_to_it(client_for: ClientFor, alice: Person, room: Room) -> None:
    booking = make_booking(room, alice)
    answer = client_for(alice).get(BOOK, {"room": room.pk, "date": "2026-12-01", "period": "afternoon"})
    assert "Vous avez déjà « Bureau fermé » mardi 1er décembre, de 13 h 30 à 18 h." in text_of(answer)
    assert address_of(booking) in answer.content.decode()


def test_another_person_may_have_the_next_desk(client_for: ClientFor, alice: Person, bob: Person, room: Room) -> None:
    desks = make_room(room.space, name="Postes", units=6)
    assert client_for(alice).post(BOOK, form_for(desks)).status_code == 302
    assert client_for(bob).post(BOOK, form_for(desks)).status_code == 302


def test_a_busy_space_asks_to_try_again(client_for: ClientFor, alice: Person, room: Room, monkeypatch: Any) -> None:
    from orne_accueil.common.errors import Busy

    def busy(**_: Any) -> None:
        raise Busy

    monkeypatch.setattr(actions, "book_room", busy)
    answer = client_for(alice).post(BOOK, form_for(room))
    assert answer.status_code == 409
    assert "réessayez dans un instant" in text_of(answer)
    assert "Une prise, merci.</textarea>" in answer.content.decode()


@pytest.mark.parametrize("slug", ["sans-salle", "ailleurs"])
def test_a_space_that_is_not_booked_here_sends_to_its_page(client: Client, slug: str) -> None:
    make_space(slug="sans-salle")
    make_room(make_space(slug="ailleurs", is_bookable=False, external_url="https://exemple.test/"))
    assert client.get(f"/espaces/{slug}/reserver/").headers["Location"] == f"/espaces/{slug}/"


def test_csrf_is_asked(room: Room, alice: Person, client_for: ClientFor) -> None:
    assert client_for(alice, enforce_csrf_checks=True).post(BOOK, form_for(room)).status_code == 403


# --- By code ---


def test_a_visitor_books_in_two_steps(client: Client, room: Room) -> None:
    shown = client.get(BOOK, {"room": room.pk, "date": "2026-12-01", "period": "afternoon"})
    assert set(shown.cookies) == {"csrftoken"}
    answer = client.post(BOOK, form_for(room, **HER))
    assert answer.headers["Location"] == CONFIRM
    waiting = text_of(client.get(CONFIRM))
    assert "Bureau fermé, EPN d’Argentan" in waiting
    assert "Mardi 1er décembre, de 13 h 30 à 18 h" in waiting
    assert not Booking.objects.exists()

    answer = client.post(CONFIRM, {"code": code_sent_to("lea@exemple.test")})

    booking = Booking.objects.get()
    assert answer.headers["Location"] == address_of(booking)
    person = booking.person
    assert (person.name, person.email, person.phone) == ("Léa Fontaine", "lea@exemple.test", "06 12 34 56 78")
    assert booking.note == "Une prise, merci."
    assert "C’est réservé" in text_of(client.get(address_of(booking)))
    deliver_due(clock.now())
    confirmation = mail.outbox[-1]
    assert (
        confirmation.subject
        == "C’est réservé\u00a0: mardi 1er\u00a0décembre, de\u00a013\u00a0h\u00a030 à\u00a018\u00a0h"
    )
    assert confirmation.to == ["Léa Fontaine <lea@exemple.test>"]


def test_what_is_known_of_somebody_is_not_overwritten(client: Client, room: Room, alice: Person) -> None:
    client.post(BOOK, form_for(room, name="Quelqu’un d’autre", email=alice.email))
    client.post(CONFIRM, {"code": code_sent_to(alice.email or "")})
    alice.refresh_from_db()
    assert (Booking.objects.get().person, alice.name) == (alice, "Alice Martin")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "Comment vous appelez-vous ?"),
        ({"email": ""}, "À quelle adresse vous écrire ?"),
        ({"email": "lea@"}, "Cette adresse n’est pas complète"),
        ({"phone": "12"}, "Ce numéro n’est pas complet"),
        ({"website": "http://spam.example"}, "Cette case doit rester vide"),
    ],
)
def test_a_visitor_is_asked_who_she_is_before_any_code_leaves(
    client: Client, room: Room, fields: dict[str, str], sentence: str
) -> None:
    answer = client.post(BOOK, form_for(room, **HER | fields))
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not mail.outbox
    assert "Une prise, merci.</textarea>" in answer.content.decode()


def test_no_code_leaves_for_a_slot_already_taken(client: Client, room: Room) -> None:
    make_booking(room)
    answer = client.post(BOOK, form_for(room, **HER))
    assert answer.status_code == 409
    assert not mail.outbox
    assert '<input type="hidden" name="email" value="lea@exemple.test">' in answer.content.decode()


def test_a_slot_taken_while_the_code_travelled_loses_nothing_typed(client: Client, room: Room) -> None:
    make_room(make_space(slug="sees", name="EPN de Sées"), name="Cocon", kind=RoomKind.OFFICE)
    client.post(BOOK, form_for(room, **HER))
    make_booking(room)
    answer = client.post(CONFIRM, {"code": code_sent_to("lea@exemple.test")}, follow=True)
    text, body = text_of(answer), answer.content.decode()
    assert text.count("n’est plus libre") == 1
    assert "Une prise, merci.</textarea>" in body
    assert '<input type="hidden" name="note" value="Une prise, merci.">' in body
    assert "EPN de Sées" in text
    forms = re.findall(r'<form method="post" action="(/espaces/sees/reserver/)">(.*?)</form>', body, re.S)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', forms[0][1]))
    assert client.post(forms[0][0], fields).status_code == 302
    assert Booking.objects.of(Person.objects.get(email="lea@exemple.test")).get().note == "Une prise, merci."


def test_too_many_codes_are_refused_at_the_field(client: Client, room: Room) -> None:
    answers = [client.post(BOOK, form_for(room, **HER)) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 422, 422]
    assert "Trop d’essais" in text_of(answers[-1])


def test_a_code_for_a_stranger_makes_no_account_before_it_is_typed(client: Client, room: Room) -> None:
    client.post(BOOK, form_for(room, **HER))
    assert not Person.objects.filter(email="lea@exemple.test").exists()
    assert User.objects.get(email="lea@exemple.test").confirmed_at is None


# --- The booking's page ---


def test_a_stranger_gets_404_and_a_visitor_the_door(
    client_for: ClientFor, alice: Person, david: Person, room: Room
) -> None:
    booking = make_booking(room, alice)
    make_booking(make_room(), david)
    for page in ("", "modifier/", "annuler/", "agenda.ics"):
        address = address_of(booking, page=page)
        assert client_for(david).get(address).status_code == 404
        assert client_for(alice).get(address).status_code == 200
        door = client_for(None).get(address)
        assert door.status_code == 302
        assert door.headers["Location"].startswith("/compte/login/?next=/mon-espace/")
    assert client_for(david).post(address_of(booking, page="annuler/")).status_code == 404
    booking.refresh_from_db()
    assert booking.state == BookingState.CONFIRMED


def test_the_animator_sees_the_page_without_its_gestures(
    client_for: ClientFor, alice: Person, bob: Person, chloe: Person, room: Room
) -> None:
    booking = make_booking(room, alice)
    actions.add_animator(space=room.space, person=bob, by=None, at=NOW)
    actions.add_animator(space=make_space(), person=chloe, by=None, at=NOW)
    body = client_for(bob).get(address_of(booking)).content.decode()
    assert "Alice Martin" in body
    assert "Libérer ma place" not in body
    assert client_for(bob).get(address_of(booking, page="annuler/")).status_code == 404
    assert client_for(chloe).get(address_of(booking)).status_code == 404


def test_every_state_is_said_in_words(client_for: ClientFor, alice: Person, bob: Person, room: Room) -> None:
    client = client_for(alice)
    actions.add_animator(space=room.space, person=bob, by=None, at=NOW)
    Room.objects.update(needs_approval=True)
    refused = make_booking(room, alice)
    actions.refuse_booking(booking=refused, by=bob, at=NOW, reason="Conseil municipal ce jour-là.")
    assert "Conseil municipal ce jour-là." in text_of(client.get(address_of(refused)))
    lapsed = make_booking(room, alice)
    actions.lapse_booking(booking=lapsed, at=NOW)
    assert "c’est notre faute, pas la vôtre" in text_of(client.get(address_of(lapsed)))
    freed = make_booking(room, alice)
    actions.cancel_booking(booking=freed, by=bob, at=NOW, reason="Panne de chauffage")
    assert "Le lieu a dû l’annuler : « Panne de chauffage »" in text_of(client.get(address_of(freed)))
    mine = make_booking(room, alice)
    actions.cancel_booking(booking=mine, by=alice, at=NOW)
    assert "Vous l’avez libérée" in text_of(client.get(address_of(mine)))


def test_the_doors_code_is_never_on_the_page(client_for: ClientFor, alice: Person, room: Room, clock_at: Any) -> None:
    Room.objects.update(access_type="code", access_code="4812A")
    booking = make_booking(room, alice)
    answer = client_for(alice).get(address_of(booking))
    assert "vous le recevez par courrier le jour même à 7 h" in text_of(answer)
    clock_at("2026-12-01 12:00")
    answer = client_for(alice).get(address_of(booking))
    assert "dans une minute" in text_of(answer)
    assert "4812A" not in answer.content.decode()


def test_a_booking_moves_with_the_same_form(client_for: ClientFor, alice: Person, room: Room) -> None:
    booking = make_booking(room, alice)
    client = client_for(alice)
    form = client.get(address_of(booking, page="modifier/")).content.decode()
    assert re.search(r'value="afternoon"[^>]*checked', form)
    assert 'value="2026-12-01"' in form
    answer = client.post(address_of(booking, page="modifier/"), form_for(room, date="2026-12-03", period="day"))
    booking.refresh_from_db()
    assert answer.headers["Location"] == address_of(booking)
    assert clock.local(booking.starts_at).date() == date(2026, 12, 3)
    assert booking.revision == 1


def test_a_change_that_is_refused_keeps_the_old_time(client_for: ClientFor, alice: Person, room: Room) -> None:
    booking = make_booking(room, alice)
    make_booking(room, wish=half_day(date(2026, 12, 3)))
    answer = client_for(alice).post(address_of(booking, page="modifier/"), form_for(room, date="2026-12-03"))
    assert answer.status_code == 409
    assert "n’est plus libre" in text_of(answer)
    booking.refresh_from_db()
    assert clock.local(booking.starts_at).date() == TUESDAY


def test_past_the_limit_the_page_says_to_call(client_for: ClientFor, alice: Person, room: Room, clock_at: Any) -> None:
    Room.objects.update(change_limit_minutes=1440)
    booking = make_booking(room, alice)
    clock_at("2026-12-01 09:00")
    client = client_for(alice)
    text = text_of(client.get(address_of(booking)))
    assert "Il est trop tard pour la modifier en ligne (limite : 1 jour avant). Appelez le lieu." in text
    assert "Libérer ma place" not in text
    assert client.get(address_of(booking, page="modifier/")).status_code == 302
    client.post(address_of(booking, page="annuler/"))
    booking.refresh_from_db()
    assert booking.state == BookingState.CONFIRMED


def test_freeing_asks_first_then_does(client_for: ClientFor, alice: Person, room: Room) -> None:
    booking = make_booking(room, alice)
    client = client_for(alice)
    assert "Libérer votre place ?" in text_of(client.get(address_of(booking, page="annuler/")))
    booking.refresh_from_db()
    assert booking.state == BookingState.CONFIRMED
    answer = client.post(address_of(booking, page="annuler/"), {"reason": "Grippe"}, follow=True)
    assert "Votre place est libérée" in text_of(answer)
    booking.refresh_from_db()
    assert (booking.state, booking.reason) == (BookingState.CANCELLED, "Grippe")
    again = client.post(address_of(booking, page="annuler/"), follow=True)
    assert "déjà annulée" in text_of(again)


def test_the_calendar_file_is_the_mails(client_for: ClientFor, alice: Person, room: Room) -> None:
    booking = make_booking(room, alice)
    client = client_for(alice)
    answer = client.get(address_of(booking, page="agenda.ics"))
    assert answer.headers["Content-Type"].startswith("text/calendar")
    event = Calendar.from_ical(answer.content).walk("VEVENT")[0]
    assert (str(event["uid"]), str(event["status"])) == (booking.uid, "CONFIRMED")
    actions.cancel_booking(booking=booking, by=alice, at=NOW)
    event = Calendar.from_ical(client.get(address_of(booking, page="agenda.ics")).content).walk("VEVENT")[0]
    assert str(event["status"]) == "CANCELLED"


def test_a_request_is_tentative_in_a_calendar(client_for: ClientFor, alice: Person, room: Room) -> None:
    Room.objects.update(needs_approval=True)
    booking = make_booking(room, alice)
    answer = client_for(alice).get(address_of(booking, page="agenda.ics"))
    assert b"STATUS:TENTATIVE" in answer.content


# --- What it costs ---


def test_a_booking_post_takes_the_same_queries_among_many_bookings(
    client_for: ClientFor, alice: Person, room: Room, django_assert_max_num_queries: Any
) -> None:
    for offset in range(2, 5):
        make_booking(room, wish=half_day(date(2026, 12, offset)))
    client = client_for(alice)
    client.get("/sante/")
    with django_assert_max_num_queries(40):
        assert client.post(BOOK, form_for(room)).status_code == 302
    assert Message.objects.filter(kind="coworking.booking_confirmed", recipient=alice.recipient).count() == 1


def test_hours_of_a_free_room_are_asked_in_words(client: Client, room: Room) -> None:
    meeting = make_room(room.space, mode=BookingMode.FREE, max_minutes=120)
    make_booking(meeting, wish=hours("10:00", "11:00"))
    answer = client.get(BOOK, {"room": meeting.pk, "date": "2026-12-01", "starts_at": "14:00", "ends_at": "15:00"})
    assert "Libre de 9 h à 10 h, de 11 h à 12 h 30, de 13 h 30 à 18 h. De 30 minutes à 2 heures." in text_of(answer)


def test_somebody_unknown_is_asked_for_no_quota(client: Client, room: Room) -> None:
    Room.objects.update(quota_half_days=1)
    make_booking(room, make_person(email="lea@exemple.test"), half_day(date(2026, 12, 2), Period.MORNING))
    assert client.post(BOOK, form_for(room, **HER)).status_code == 302


def test_an_account_without_person_gets_hers(client: Client, room: Room) -> None:
    user = make_user("seule@exemple.test")
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert client.post(BOOK, form_for(room)).status_code == 302
    assert Booking.objects.get().person.email == "seule@exemple.test"
