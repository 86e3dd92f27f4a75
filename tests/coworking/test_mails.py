"""What each mail of a booking says: read as text, as its reader does."""

from datetime import time
from typing import Any

import pytest
from django.core import mail
from icalendar import Calendar

from coworking import actions
from coworking.enums import AccessType, BookingMode, Period, RoomKind
from coworking.models import Booking, Room
from coworking.rules.slots import Wish
from orne_accueil.accounts.models import Person
from orne_accueil.answers.actions import sweep
from orne_accueil.common import clock
from orne_accueil.outbox.actions import deliver_due
from tests.coworking.test_words import plain
from tests.factories_coworking import TUESDAY, half_day, make_booking, make_room, make_space

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_week_before(clock_at: Any) -> None:
    clock_at("2026-11-24 10:00")


@pytest.fixture
def room(bob: Person) -> Room:
    space = make_space(
        name="EPN d’Argentan",
        slug="argentan",
        email="epn@exemple.test",
        phone="02 33 00 00 61",
        access_text="Porte de gauche, dans la cour.",
        animators=(bob,),
    )
    return make_room(
        space,
        name="Bureau fermé",
        kind=RoomKind.OFFICE,
        capacity=4,
        price_text="5 € la demi-journée",
        access_type=AccessType.CODE,
        access_code="4812A",
        access_note="Porte à droite",
    )


def sent() -> list[Any]:
    """What leaves now."""
    mail.outbox.clear()
    deliver_due(clock.now())
    return mail.outbox


def letter() -> tuple[str, str]:
    """The one mail that leaves now: its subject and its words, in one line."""
    letters = sent()
    assert len(letters) == 1, [one.subject for one in letters]
    return plain(letters[0].subject), " ".join(plain(letters[0].body).split())


def test_confirmed_says_what_when_where_and_how_to_free_it(room: Room, alice: Person) -> None:
    make_booking(room, alice)
    subject, body = letter()
    assert subject == "C’est réservé : mardi 1er décembre, de 13 h 30 à 18 h"
    for words in (
        "Bonjour Alice Martin,",
        "Une place vous attend à l’EPN d’Argentan.",
        "Quand : mardi 1er décembre, de 13 h 30 à 18 h",
        "Salle : Bureau fermé",
        "Où : EPN d’Argentan, 1 place de la Mairie, 61200",
        "Un code ouvre la porte : vous le recevez par courrier le jour même à 7 h. Porte à droite.",
        "Tarif : 5 € la demi-journée",
        "Porte de gauche, dans la cour.",
        "Un rappel vous arrive la veille.",
        "Libérer ma place : http://testserver/liberer/",
        "Répondez à ce message : EPN d’Argentan vous lira.",
    ):
        assert words in body, words
    assert "4812A" not in body
    assert "epn@exemple.test" in mail.outbox[0].reply_to[0]


def test_the_calendar_file_moves_and_leaves_with_the_booking(room: Room, alice: Person) -> None:
    booking = make_booking(room, alice)
    events = [event_of(sent()[0])]
    actions.change_booking(
        booking=booking, room=room, wish=half_day(period=Period.MORNING), usage="other", attendees=1, note="",
        by=alice, at=clock.now(),
    )  # fmt: skip
    events.append(event_of(sent()[0]))
    actions.cancel_booking(booking=booking, by=alice, at=clock.now())
    events.append(event_of(sent()[0]))
    assert len({str(event["uid"]) for event in events}) == 1
    assert [int(event["sequence"]) for event in events] == [0, 1, 2]
    assert [str(event["status"]) for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert events[0]["dtstart"].dt == clock.at_local(TUESDAY, time(13, 30))


def event_of(letter: Any) -> Any:
    attachment = letter.attachments[0]
    return Calendar.from_ical(attachment.get_payload(decode=True)).walk("VEVENT")[0]


def test_booked_this_evening_for_tomorrow_announces_no_reminder(room: Room, alice: Person, clock_at: Any) -> None:
    clock_at("2026-11-30 19:00")
    make_booking(room, alice, at=clock.now())
    assert "Un rappel vous arrive la veille" not in letter()[1]


def test_booked_by_phone_says_as_agreed(room: Room, alice: Person, bob: Person) -> None:
    make_booking(room, alice, by=bob)
    assert "Comme convenu, une place vous est réservée à l’EPN d’Argentan." in letter()[1]


def test_a_request_says_when_the_answer_comes_and_asks_the_animator(room: Room, alice: Person, bob: Person) -> None:
    Room.objects.update(needs_approval=True)
    booking = make_booking(room, alice, attendees=3, note="Entretien en visio.")
    by_reader = {one.to[0]: (plain(one.subject), " ".join(plain(one.body).split())) for one in sent()}
    hers = next(value for to, value in by_reader.items() if "alice@" in to)
    his = next(value for to, value in by_reader.items() if "bob@" in to)
    assert hers[0] == "Votre demande est partie : mardi 1er décembre, de 13 h 30 à 18 h"
    assert "L’EPN d’Argentan a reçu votre demande et vous répond au plus tard jeudi 26 novembre à 10 h." in hers[1]
    assert his[0] == "Alice Martin demande Bureau fermé, mardi 1er décembre, de 13 h 30 à 18 h"
    for words in ("Alice Martin, première visite, pour 3 personnes", "> Entretien en visio.", "/repondre/"):
        assert words in his[1], words
    assert "Alice Martin vous lira" in his[1]
    actions.approve_booking(booking=booking, by=bob, at=clock.now())
    assert "Bonne nouvelle : l’EPN d’Argentan a accepté votre demande." in letter()[1]


def test_silence_is_chased_then_told_to_the_coordination_then_owned(
    room: Room, alice: Person, bob: Person, coordinator: Person, clock_at: Any
) -> None:
    Room.objects.update(needs_approval=True)
    make_booking(room, alice)
    sent()
    clock_at("2026-11-25 10:05")
    sweep(clock.now())
    subject, body = letter()
    assert subject.startswith("Toujours sans réponse : Alice Martin demande")
    assert "Cette demande attend depuis hier." in body
    clock_at("2026-11-26 10:05")
    sweep(clock.now())
    subject, body = letter()
    assert subject == "L’EPN d’Argentan n’a pas répondu à Alice Martin"
    assert "Vous pouvez le faire à sa place." in body
    clock_at("2026-12-01 11:45")
    for _ in range(9):
        sweep(clock.now())
    lapsed = [one for one in sent() if "alice@" in one.to[0]]
    assert [one.subject for one in lapsed] == ["Votre demande est restée sans réponse, et nous le regrettons"]
    assert "c’est notre faute, pas la vôtre" in " ".join(plain(lapsed[0].body).split())


def test_refused_gives_the_reason_and_another_search(room: Room, alice: Person, bob: Person) -> None:
    Room.objects.update(needs_approval=True)
    booking = make_booking(room, alice)
    sent()
    actions.refuse_booking(booking=booking, by=bob, at=clock.now(), reason="Conseil municipal ce jour-là.")
    subject, body = letter()
    assert subject == "L’EPN d’Argentan n’a pas pu accepter votre demande"
    assert "> Conseil municipal ce jour-là." in body
    assert "http://testserver/espaces/?ou=" in body


def test_changed_says_what_it_was(room: Room, alice: Person, bob: Person) -> None:
    booking = make_booking(room, alice)
    sent()
    wish = half_day(period=Period.MORNING)
    terms = {"usage": "other", "attendees": 1, "note": ""}
    actions.change_booking(booking=booking, room=room, wish=wish, by=bob, at=clock.now(), **terms)
    subject, body = letter()
    assert subject == "C’est changé : mardi 1er décembre, de 9 h à 12 h 30"
    assert "L’EPN d’Argentan a modifié votre réservation." in body
    assert "C’était : Bureau fermé, mardi 1er décembre, de 13 h 30 à 18 h." in body


def test_cancelled_says_by_whom(room: Room, alice: Person, bob: Person) -> None:
    first, second = make_booking(room, alice), make_booking(room, alice, half_day(period=Period.MORNING))
    sent()
    actions.cancel_booking(booking=first, by=alice, at=clock.now(), reason="Grippe")
    subject, body = letter()
    assert subject.startswith("Votre place est libérée")
    assert "Grippe" not in body
    actions.cancel_booking(booking=second, by=bob, at=clock.now(), reason="Panne de chauffage")
    subject, body = letter()
    assert subject.startswith("Votre réservation est annulée")
    assert "> Panne de chauffage" in body


def test_the_reminder_comes_the_day_before_with_its_button(room: Room, alice: Person, clock_at: Any) -> None:
    make_booking(room, alice)
    sent()
    clock_at("2026-11-30 18:01")
    actions.write_reminders(at=clock.now())
    subject, body = letter()
    assert subject == "Demain à 13 h 30 : Bureau fermé, EPN d’Argentan"
    assert "Libérer ma place : http://testserver/liberer/" in body
    assert "4812A" not in body
    assert "List-Unsubscribe" in mail.outbox[0].extra_headers


def test_the_code_travels_on_the_day_only(room: Room, alice: Person, clock_at: Any) -> None:
    make_booking(room, alice)
    sent()
    clock_at("2026-12-01 07:00")
    actions.write_access_messages(at=clock.now())
    subject, body = letter()
    assert subject == "Aujourd’hui à 13 h 30 : comment entrer à l’EPN d’Argentan"
    for words in ("4812A", "ne le transmettez pas", "Ensuite : Porte à droite", "C’est votre première visite"):
        assert words in body, words


def test_a_key_has_no_code_but_its_note(room: Room, alice: Person, clock_at: Any) -> None:
    Room.objects.update(access_type=AccessType.KEY, access_note="À l’accueil de la mairie")
    make_booking(room, alice)
    sent()
    clock_at("2026-12-01 07:00")
    actions.write_access_messages(at=clock.now())
    body = letter()[1]
    assert "Une clé vous attend. À l’accueil de la mairie." in body
    assert "4812A" not in body


def test_what_people_write_stays_text(room: Room, alice: Person, bob: Person) -> None:
    Person.objects.filter(pk=alice.pk).update(name="Alice <b>Martin</b>")
    Room.objects.update(needs_approval=True, name="Bureau <script>")
    booking = Booking.objects.get(pk=make_booking(room, alice, note="<img src=x>").pk)
    for one in sent():
        page = one.alternatives[0].content
        assert not [part for part in ("<script>", "<img src=x>", "<b>Martin</b>") if part in page]
        assert "&lt;" in page
    assert booking.note == "<img src=x>"


def test_a_night_of_25_hours_is_told_in_wall_time(alice: Person, clock_at: Any) -> None:
    clock_at("2027-10-25 10:00")
    night = make_room(make_space(opening_hours="24/7"), mode=BookingMode.FREE)
    day = clock.today().replace(day=31)
    wish = Wish(day, starts_at=clock.at_local(day, time(0, 30)), ends_at=clock.at_local(day, time(5)))
    make_booking(night, alice, wish, at=clock.now())
    assert letter()[0] == "C’est réservé : dimanche 31 octobre, de 0 h 30 à 5 h"
