"""« Ma journée » and the sheet: who comes, what waits, what closes; one click for presence and answers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from coworking import actions
from coworking.enums import AccessType, BookingMode, BookingState, Period, Presence, RoomKind
from coworking.models import Booking, Room, Space
from coworking.rules.reception import lateness, to_prepare
from orne_accueil.accounts.models import Person
from orne_accueil.common import clock
from orne_accueil.outbox.models import Message
from tests.conftest import paris
from tests.factories import make_person
from tests.factories_coworking import NOW, TUESDAY, half_day, hours, make_booking, make_room, make_space

pytestmark = pytest.mark.django_db

DAY = "/admin/coworking/journee/"


@pytest.fixture(autouse=True)
def tuesday_morning(clock_at: Callable[[str], Any]) -> None:
    clock_at("2026-12-01 10:00")


@pytest.fixture
def space(alice: Person) -> Space:
    return make_space(animators=(alice,), name="EPN d’Argentan")


@pytest.fixture
def room(space: Space) -> Room:
    return make_room(space, name="Bureaux", units=30)


@pytest.fixture
def her(alice: Person, client_for: Any) -> Client:
    browser: Client = client_for(alice)
    return browser


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    content: str = answer.content.decode()
    return content


def kinds(booking: Booking) -> list[str]:
    return sorted(Message.objects.about(booking).values_list("kind", flat=True))


def changes(booking: Booking) -> int:
    return LogEntry.objects.get_for_object(booking).filter(action=LogEntry.Action.UPDATE).count()


# --- What the day shows ---


def test_the_day_says_who_comes_when_and_what_to_prepare(space: Space, her: Client) -> None:
    keys = make_room(space, name="Salle bleue", access_type=AccessType.KEY, access_note="Tiroir du haut")
    caller = make_person("Léa Fontaine", phone="06 12 34 56 78")
    make_booking(keys, caller, note="Fauteuil roulant")

    page = text_of(her.get(DAY))

    for words in ("Léa Fontaine", "Salle bleue", "06 12 34 56 78", 'href="tel:0612345678"', "Fauteuil roulant"):
        assert words in page
    for words in ("Première visite", "Clé à remettre", "Tiroir du haut", "13\u00a0h\u00a030", "Présent", "Absent"):
        assert words in page


def test_a_second_visit_is_no_first(room: Room, her: Client) -> None:
    person = make_person()
    make_booking(room, person, half_day(TUESDAY - timedelta(days=1)))
    make_booking(room, person, at=NOW + timedelta(minutes=1))

    assert "Première visite" not in text_of(her.get(DAY))


def test_cancelled_bookings_do_not_come(room: Room, her: Client, alice: Person) -> None:
    booking = make_booking(room, make_person("Partie Ailleurs"))
    actions.cancel_booking(booking=booking, by=alice, at=NOW)

    assert "Partie Ailleurs" not in text_of(her.get(DAY))


def test_another_day_is_one_link_away(room: Room, her: Client) -> None:
    make_booking(room, make_person("Demain Matin"), half_day(TUESDAY + timedelta(days=1)))

    assert "Demain Matin" not in text_of(her.get(DAY))
    page = text_of(her.get(DAY, {"jour": "2026-12-02"}))
    assert "Demain Matin" in page
    assert 'value="present"' not in page, "presence is noted on the day"


def test_a_day_typed_in_french_is_read_and_nonsense_shows_today(room: Room, her: Client) -> None:
    assert "2 décembre" in text_of(her.get(DAY, {"jour": "02/12/2026"})).replace("\u00a0", " ")
    page = text_of(her.get(DAY, {"jour": "hier"}))
    assert "1er décembre" in page.replace("\u00a0", " ")
    assert "Écrivez la date ainsi" in page


def test_a_holiday_and_a_closure_say_why(space: Space, room: Room, her: Client, alice: Person) -> None:
    friday = date(2026, 12, 4)
    start, end = clock.day_bounds(friday)
    actions.close_space(space=space, room=None, start=start, end=end, reason="Inventaire", by=alice, at=NOW)

    assert "Inventaire" in text_of(her.get(DAY, {"jour": "2026-12-04"}))
    assert "Jour férié (Noël)" in text_of(her.get(DAY, {"jour": "2026-12-25"}))


def test_closures_to_come_are_listed_as_people_say_them(space: Space, her: Client, alice: Person) -> None:
    start, end = clock.day_bounds(date(2026, 12, 24))[0], clock.day_bounds(date(2026, 12, 27))[1]
    actions.close_space(space=space, room=None, start=start, end=end, reason="Congés", by=alice, at=NOW)

    page = text_of(her.get(DAY)).replace("\u00a0", " ")

    assert "Du jeudi 24 décembre au dimanche 27 décembre" in page


def test_a_space_without_rooms_invites_to_add_one(space: Space, her: Client) -> None:
    page = text_of(her.get(DAY))

    assert "n’a pas encore de salle" in page
    assert reverse("admin:coworking_space_rooms", args=[space.pk]) in page


def test_what_waits_says_what_was_promised_and_how_late(space: Space, her: Client, clock_at: Any) -> None:
    booking = make_booking(make_room(space, needs_approval=True), wish=half_day(TUESDAY + timedelta(days=7)))
    due = booking.answer_due_at
    clock_at(f"{clock.local(due) + timedelta(hours=3, minutes=5):%Y-%m-%d %H:%M}")

    page = text_of(her.get(DAY)).replace("\u00a0", " ")

    assert "1 demande attend votre réponse" in page
    assert "en retard de 3 heures" in page
    assert "dont 1 en retard" in page


@pytest.mark.parametrize(
    ("late", "words"),
    [
        (timedelta(minutes=-1), ""),
        (timedelta(), ""),
        (timedelta(minutes=59), "en retard de moins d’une heure"),
        (timedelta(hours=1), "en retard d’une heure"),
        (timedelta(hours=47, minutes=59), "en retard de 47 heures"),
        (timedelta(hours=48), "en retard de 2 jours"),
    ],
)
def test_lateness_in_words(late: timedelta, words: str) -> None:
    assert lateness(NOW, at=NOW + late).replace("\u00a0", " ") == words


@pytest.mark.parametrize(
    ("access", "has_email", "words"),
    [
        (AccessType.OPEN, True, ""),
        (AccessType.KEY, True, "Clé à remettre"),
        (AccessType.STAFF, False, "Salle à ouvrir"),
        (AccessType.CODE, True, "Code envoyé le matin même"),
        (AccessType.CODE, False, "Code à donner de vive voix"),
    ],
)
def test_what_to_prepare_in_words(access: str, has_email: bool, words: str) -> None:
    assert to_prepare(access, has_email=has_email) == words


def queries_of(client: Client, address: str) -> int:
    client.get(address)  # the first page of a session writes more
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("name", ["day", "sheet", "week", "list"])
def test_twenty_bookings_cost_no_more_queries_than_one(
    name: str, space: Space, room: Room, her: Client, alice: Person
) -> None:
    address = {
        "day": DAY,
        "sheet": reverse("admin:coworking_space_sheet", args=[space.pk]),
        "week": reverse("admin:coworking_space_week", args=[space.pk]),
        "list": reverse("admin:coworking_booking_changelist"),
    }[name]
    approved = make_room(space, needs_approval=True, units=30)
    make_booking(room)
    make_booking(approved, wish=half_day(TUESDAY + timedelta(days=1)))
    one = queries_of(her, address)

    for _ in range(19):
        make_booking(room, by=alice)
        make_booking(approved, wish=half_day(TUESDAY + timedelta(days=1)))

    assert queries_of(her, address) == one
    assert one <= 16


def test_twenty_spaces_cost_no_more_queries_than_one(coordinator: Person, client_for: Any) -> None:
    make_booking(make_room(make_space()))
    client = client_for(coordinator)
    one = queries_of(client, DAY)

    for _ in range(19):
        make_booking(make_room(make_space()))

    assert queries_of(client, DAY) == one


# --- One click ---


@pytest.mark.parametrize("presence", [Presence.PRESENT, Presence.ABSENT])
def test_presence_is_one_click_and_may_be_corrected(room: Room, her: Client, presence: str) -> None:
    booking = make_booking(room)
    address = reverse("admin:coworking_booking_presence", args=[booking.reference])
    before = changes(booking)

    answer = her.post(address, {"presence": presence, "next": f"{DAY}?jour=2026-12-01"})

    booking.refresh_from_db()
    assert (booking.presence, answer["Location"]) == (presence, f"{DAY}?jour=2026-12-01")
    assert changes(booking) == before + 1
    assert "Corriger" in text_of(her.get(DAY))

    her.post(address, {"presence": Presence.UNKNOWN})
    booking.refresh_from_db()
    assert booking.presence == Presence.UNKNOWN


def test_presence_before_the_day_is_refused_in_words(room: Room, her: Client) -> None:
    booking = make_booking(room, wish=half_day(TUESDAY + timedelta(days=1)))

    answer = her.post(
        reverse("admin:coworking_booking_presence", args=[booking.reference]), {"presence": Presence.PRESENT}
    )

    booking.refresh_from_db()
    assert booking.presence == Presence.UNKNOWN
    assert [str(message) for message in get_messages(answer.wsgi_request)] == ["La présence se note le jour même."]


def test_a_presence_that_is_none_changes_nothing(room: Room, her: Client) -> None:
    booking = make_booking(room)

    her.post(reverse("admin:coworking_booking_presence", args=[booking.reference]), {"presence": "peut-être"})

    booking.refresh_from_db()
    assert booking.presence == Presence.UNKNOWN


def test_a_request_is_approved_in_one_click_and_told(space: Space, her: Client, alice: Person) -> None:
    booking = make_booking(make_room(space, needs_approval=True), wish=half_day(TUESDAY + timedelta(days=7)))
    before = changes(booking)

    answer = her.post(reverse("admin:coworking_booking_approve", args=[booking.reference]))

    booking.refresh_from_db()
    assert answer["Location"] == DAY
    assert (booking.state, booking.decided_by) == (BookingState.CONFIRMED, alice)
    assert "coworking.booking_confirmed" in kinds(booking)
    assert changes(booking) == before + 1


def test_a_request_is_approved_once(space: Space, her: Client) -> None:
    booking = make_booking(make_room(space, needs_approval=True), wish=half_day(TUESDAY + timedelta(days=7)))
    address = reverse("admin:coworking_booking_approve", args=[booking.reference])
    her.post(address)
    count = Message.objects.count()

    answer = her.post(address)

    assert Message.objects.count() == count
    assert "n’attend plus" in [str(message) for message in get_messages(answer.wsgi_request)][-1]


def test_a_request_is_refused_with_its_reason(space: Space, her: Client, alice: Person) -> None:
    booking = make_booking(make_room(space, needs_approval=True), wish=half_day(TUESDAY + timedelta(days=7)))

    her.post(reverse("admin:coworking_booking_refuse", args=[booking.reference]), {"reason": "Formation ce jour-là."})

    booking.refresh_from_db()
    assert (booking.state, booking.reason) == (BookingState.REFUSED, "Formation ce jour-là.")
    assert "coworking.booking_refused" in kinds(booking)
    assert not booking.occupations.filter(live=True).exists()


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_refusal_without_reason_is_asked_for_one(space: Space, her: Client, reason: str) -> None:
    booking = make_booking(make_room(space, needs_approval=True), wish=half_day(TUESDAY + timedelta(days=7)))

    page = text_of(her.post(reverse("admin:coworking_booking_refuse", args=[booking.reference]), {"reason": reason}))

    assert "Un refus se motive" in page
    assert "<title>Erreur" in page
    booking.refresh_from_db()
    assert booking.state == BookingState.PENDING


def test_a_booking_is_cancelled_with_a_word(room: Room, her: Client, alice: Person) -> None:
    booking = make_booking(room)

    answer = her.post(
        reverse("admin:coworking_booking_cancel", args=[booking.reference]), {"reason": "Panne de chauffage."}
    )

    booking.refresh_from_db()
    assert answer.status_code == 302
    assert (booking.state, booking.reason, booking.ended_by) == (BookingState.CANCELLED, "Panne de chauffage.", alice)
    assert "coworking.booking_cancelled" in kinds(booking)


def test_when_the_message_cannot_be_written_nothing_is_cancelled(
    room: Room, her: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = make_booking(room)

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr("coworking.actions.bookings.tell_booker", broken)

    with pytest.raises(RuntimeError):
        her.post(reverse("admin:coworking_booking_cancel", args=[booking.reference]), {"reason": "Panne."})

    booking.refresh_from_db()
    assert booking.state == BookingState.CONFIRMED
    assert booking.occupations.filter(live=True).exists()


# --- Moving ---


def moved(booking: Booking, **fields: Any) -> dict[str, Any]:
    return {
        "room": booking.room_id,
        "date": "2026-12-02",
        "period": "morning",
        "attendees": "1",
        "usage": "occasional",
        "note": "",
        **fields,
    }


def test_a_booking_moves_and_the_person_is_told(room: Room, her: Client) -> None:
    booking = make_booking(room)

    answer = her.post(reverse("admin:coworking_booking_move", args=[booking.reference]), moved(booking))

    booking.refresh_from_db()
    assert answer.status_code == 302
    assert booking.starts_at == paris("2026-12-02 09:00")
    assert "coworking.booking_changed" in kinds(booking)


def test_a_move_onto_somebody_else_is_refused_and_the_old_time_kept(space: Space, her: Client) -> None:
    room = make_room(space)
    booking = make_booking(room)
    make_booking(room, wish=half_day(TUESDAY + timedelta(days=1), Period.MORNING))

    page = text_of(her.post(reverse("admin:coworking_booking_move", args=[booking.reference]), moved(booking)))

    assert "n’est plus libre" in page
    start = booking.starts_at
    booking.refresh_from_db()
    assert booking.starts_at == start
    assert booking.occupations.filter(live=True).count() == 1


def test_the_form_of_a_move_starts_from_what_is_booked(space: Space, her: Client) -> None:
    free = make_room(space, kind=RoomKind.MEETING, mode=BookingMode.FREE)
    booking = make_booking(free, wish=hours("14:15", "16:45"))

    page = text_of(her.get(reverse("admin:coworking_booking_move", args=[booking.reference])))

    assert 'value="14:15"' in page
    assert 'value="16:45"' in page
    assert 'value="2026-12-01"' in page


# --- The sheet ---


def test_the_sheet_holds_what_one_does_with_a_pen(space: Space, her: Client) -> None:
    keys = make_room(space, name="Salle bleue", access_type=AccessType.KEY, capacity=6)
    make_booking(keys, make_person("Léa Fontaine", phone="06 12 34 56 78"), attendees=4, note="Un écran")

    page = text_of(her.get(reverse("admin:coworking_space_sheet", args=[space.pk]), {"jour": "2026-12-01"}))

    for words in ("Léa Fontaine", "06 12 34 56 78", "(4 personnes)", "Salle bleue", "Clé à remettre", "Un écran"):
        assert words in page
    assert "Première visite" in page
    assert "à accueillir" in page
    assert "tick-box" in page
    assert page.count("<h1") == 1


def test_the_sheet_never_prints_a_code(space: Space, her: Client) -> None:
    door = make_room(space, access_type=AccessType.CODE, access_code="48-12-A")
    make_booking(door, make_person(email=None, phone="06 12 34 56 78"))

    page = text_of(her.get(reverse("admin:coworking_space_sheet", args=[space.pk])))

    assert "Code à donner de vive voix" in page
    assert "48-12-A" not in page


def test_the_code_is_masked_in_lists(space: Space, her: Client) -> None:
    make_room(space, access_type=AccessType.CODE, access_code="48-12-A")

    for address in (
        DAY,
        reverse("admin:coworking_room_changelist"),
        reverse("admin:coworking_space_rooms", args=[space.pk]),
        reverse("admin:coworking_space_week", args=[space.pk]),
    ):
        assert "48-12-A" not in text_of(her.get(address))


def test_the_sheet_says_what_closes_and_what_still_waits(space: Space, her: Client, alice: Person) -> None:
    start, end = paris("2026-12-04 13:00"), paris("2026-12-04 19:00")
    room = make_room(space, needs_approval=True)
    make_booking(room, wish=half_day(date(2026, 12, 4), Period.MORNING))
    actions.close_space(space=space, room=None, start=start, end=end, reason="Inventaire", by=alice, at=NOW)

    page = text_of(her.get(reverse("admin:coworking_space_sheet", args=[space.pk]), {"jour": "2026-12-04"}))

    assert "Inventaire." in page
    assert "Une demande attend encore une réponse." in page
    assert "Personne n’a réservé" in page


def test_a_booking_over_midnight_is_on_both_sheets(alice: Person, client_for: Any) -> None:
    space = make_space(animators=(alice,), opening_hours="24/7")
    room = make_room(space, mode=BookingMode.FREE, max_minutes=2000)
    night = replace(hours("22:00", "23:00"), ends_at=paris("2026-12-02 02:00"))
    make_booking(room, make_person("Nuit Blanche"), night)
    her = client_for(alice)
    address = reverse("admin:coworking_space_sheet", args=[space.pk])

    assert "Nuit Blanche" in text_of(her.get(address, {"jour": "2026-12-01"}))
    assert "Nuit Blanche" in text_of(her.get(address, {"jour": "2026-12-02"}))
    assert "Nuit Blanche" not in text_of(her.get(address, {"jour": "2026-12-03"}))


# --- The week ---


def test_the_week_names_who_has_each_room_and_offers_what_is_left(space: Space, her: Client) -> None:
    room = make_room(space, name="Bureau fermé")
    make_booking(room, make_person("Léa Fontaine"))

    page = text_of(her.get(reverse("admin:coworking_space_week", args=[space.pk]), {"semaine": "2026-W49"}))

    assert "Léa Fontaine" in page
    assert f"salle={room.pk}&amp;jour=2026-12-02&amp;periode=morning" in page
    assert f"salle={room.pk}&amp;jour=2026-12-01&amp;periode=afternoon" not in page


def test_the_week_of_one_room_leaves_the_others_out(space: Space, her: Client) -> None:
    first, second = make_room(space, name="Salle rouge"), make_room(space, name="Salle verte")
    make_booking(first, make_person("Chez Rouge"))
    make_booking(second, make_person("Chez Vert"))
    address = reverse("admin:coworking_space_week", args=[space.pk])

    page = text_of(her.get(address, {"semaine": "2026-W49", "salle": first.pk}))

    assert "Chez Rouge" in page
    assert "Chez Vert" not in page
    assert her.get(address, {"salle": make_room().pk}).status_code == 404
    assert her.get(address, {"salle": "x"}).status_code == 404


def test_a_room_out_of_service_still_shows_who_has_it(space: Space, her: Client, alice: Person) -> None:
    room = make_room(space)
    make_booking(room, make_person("Encore Là"))
    room.is_active = False
    actions.change_room(room=room, by=alice, at=NOW)

    page = text_of(her.get(reverse("admin:coworking_space_week", args=[space.pk]), {"semaine": "2026-W49"}))

    assert "Encore Là" in page
    assert "hors service" in page


@pytest.mark.parametrize("week", ["", "2026-W99", "n’importe quoi", "2026-W00"])
def test_a_week_that_is_none_shows_this_one(space: Space, room: Room, her: Client, week: str) -> None:
    page = text_of(her.get(reverse("admin:coworking_space_week", args=[space.pk]), {"semaine": week}))

    assert "lundi 30 novembre" in page.replace("\u00a0", " ")
