"""What the buttons of mails do: free a place, answer a request, without signing in, once."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from coworking import actions, notifications
from coworking.enums import BookingState
from coworking.models import Booking, Room
from orne_accueil.accounts.models import Person
from orne_accueil.common.links import make_token
from tests.coworking.test_pages_search import text_of
from tests.factories_coworking import NOW, make_booking, make_room, make_space

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_week_before(clock_at: Any) -> None:
    clock_at("2026-11-24 10:00")


@pytest.fixture
def booking(alice: Person) -> Booking:
    space = make_space(name="EPN d’Argentan", slug="argentan", phone="02 33 00 00 61")
    return make_booking(make_room(space, name="Bureau fermé"), alice, note="Une prise, merci.")


@pytest.fixture
def request_of_alice(alice: Person, bob: Person) -> Booking:
    space = make_space(name="EPN d’Argentan", slug="argentan", animators=(bob,))
    room = make_room(space, name="Bureau fermé", needs_approval=True)
    return make_booking(room, alice, note="Une prise, merci.")


def path_of(url: str) -> str:
    return url.removeprefix("http://testserver")


def release_path(booking: Booking) -> str:
    return path_of(notifications.release_url(booking))


def decide_path(booking: Booking, person: Person) -> str:
    return path_of(notifications.decide_url(booking, person))


def state_of(booking: Booking) -> str:
    return Booking.objects.get(pk=booking.pk).state


# --- Freeing ---


def test_get_shows_and_does_nothing(client: Client, booking: Booking) -> None:
    for _ in range(2):  # mail scanners follow links
        answer = client.get(release_path(booking))
        assert "Libérer votre place ?" in text_of(answer)
        assert "mardi 1er décembre, de 13 h 30 à 18 h" in text_of(answer)
    assert state_of(booking) == BookingState.CONFIRMED


def test_post_frees_and_a_second_one_says_so(client: Client, booking: Booking) -> None:
    address = release_path(booking)
    assert "Votre place est libérée" in text_of(client.post(address, {"reason": "Grippe"}))
    freed = Booking.objects.get()
    assert (freed.state, freed.reason, freed.ended_by) == (BookingState.CANCELLED, "Grippe", booking.person)
    for again in (client.get(address), client.post(address)):
        assert again.status_code == 200
        assert "C’était déjà fait" in text_of(again)
        assert "annulée depuis mardi 24 novembre à 10 h" in text_of(again)
    assert Booking.objects.get().revision == freed.revision


def test_an_empty_post_frees_too(client: Client, booking: Booking) -> None:
    client.post(release_path(booking))
    assert state_of(booking) == BookingState.CANCELLED


def test_the_place_is_free_for_somebody_else_at_once(client: Client, booking: Booking) -> None:
    client.post(release_path(booking))
    assert make_booking(booking.room).state == BookingState.CONFIRMED


def test_past_the_limit_it_says_to_call(client: Client, booking: Booking, clock_at: Any) -> None:
    Room.objects.update(change_limit_minutes=120)
    address = release_path(booking)
    clock_at("2026-12-01 12:30")
    answer = client.post(address)
    assert "Trop tard pour libérer en ligne" in text_of(answer)
    assert 'href="tel:0233000061"' in answer.content.decode()
    assert state_of(booking) == BookingState.CONFIRMED


def test_once_begun_it_says_so(client: Client, booking: Booking, clock_at: Any) -> None:
    address = release_path(booking)
    clock_at("2026-12-01 14:00")
    assert "La réservation a commencé" in text_of(client.get(address))


def test_once_over_the_link_has_expired(client: Client, booking: Booking, clock_at: Any) -> None:
    address = release_path(booking)
    clock_at("2026-12-01 19:00")
    answer = client.get(address)
    assert answer.status_code == 410
    assert "Ce lien a expiré" in text_of(answer)


def test_a_link_cut_or_forged_helps_and_frees_nothing(client: Client, booking: Booking, bob: Person) -> None:
    good = release_path(booking)
    forged = make_token("another.purpose", str(booking.reference), expires_at=booking.ends_at)
    for address in (good[:-6] + "/", "/liberer/abc/", f"/liberer/{forged}/", "/liberer/%00/"):
        answer = client.post(address)
        assert answer.status_code == 404, address
        assert "Ce lien n’est pas reconnu" in text_of(answer)
    assert client.post(decide_path(booking, bob).replace("repondre", "liberer")).status_code == 404
    assert state_of(booking) == BookingState.CONFIRMED


def test_a_booking_that_is_gone_is_nowhere(client: Client, booking: Booking) -> None:
    address = release_path(booking)
    Booking.objects.all().delete()
    assert client.get(address).status_code == 404


# --- Answering ---


def test_the_animator_reads_the_request(client: Client, request_of_alice: Booking, bob: Person) -> None:
    text = text_of(client.get(decide_path(request_of_alice, bob)))
    for words in (
        "Alice Martin demande Bureau fermé",
        "Une prise, merci.",
        "première visite",
        "jeudi 26 novembre à 10 h",
    ):
        assert words in text
    assert state_of(request_of_alice) == BookingState.PENDING


def test_she_accepts(client: Client, request_of_alice: Booking, bob: Person) -> None:
    answer = client.post(decide_path(request_of_alice, bob), {"decision": "accept"})
    assert "C’est accepté" in text_of(answer)
    booking = Booking.objects.get()
    assert (booking.state, booking.decided_by) == (BookingState.CONFIRMED, bob)


def test_she_refuses_with_a_reason_only(client: Client, request_of_alice: Booking, bob: Person) -> None:
    address = decide_path(request_of_alice, bob)
    answer = client.post(address, {"decision": "refuse", "reason": "  "})
    assert answer.status_code == 422
    assert "Dites pourquoi" in text_of(answer)
    assert state_of(request_of_alice) == BookingState.PENDING
    answer = client.post(address, {"decision": "refuse", "reason": "Conseil municipal."})
    assert "C’est refusé" in text_of(answer)
    booking = Booking.objects.get()
    assert (booking.state, booking.reason) == (BookingState.REFUSED, "Conseil municipal.")


@pytest.mark.parametrize("data", [{}, {"decision": "peut-être"}])
def test_no_answer_is_no_answer(client: Client, request_of_alice: Booking, bob: Person, data: dict[str, str]) -> None:
    assert client.post(decide_path(request_of_alice, bob), data).status_code == 422
    assert state_of(request_of_alice) == BookingState.PENDING


def test_a_second_answer_says_what_the_first_was(
    client: Client, request_of_alice: Booking, bob: Person, chloe: Person
) -> None:
    actions.add_animator(space=request_of_alice.room.space, person=chloe, by=None, at=NOW)
    client.post(decide_path(request_of_alice, bob), {"decision": "accept"})
    late = decide_path(request_of_alice, chloe)
    assert "Elle est confirmée depuis mardi 24 novembre à 10 h, par Bob Leroy" in text_of(client.get(late))
    answer = client.post(late, {"decision": "refuse", "reason": "Non."})
    assert answer.status_code == 409
    assert "n’attend plus de réponse" in text_of(answer)
    assert state_of(request_of_alice) == BookingState.CONFIRMED


def test_whoever_no_longer_runs_the_space_has_no_say(
    client: Client, request_of_alice: Booking, bob: Person, chloe: Person, coordinator: Person
) -> None:
    address = decide_path(request_of_alice, bob)
    actions.remove_animator(space=request_of_alice.room.space, person=bob, by=coordinator, at=NOW)
    actions.add_animator(space=make_space(), person=chloe, by=None, at=NOW)
    for other in (
        address,
        decide_path(request_of_alice, chloe),
        decide_path(request_of_alice, request_of_alice.person),
    ):
        assert client.get(other).status_code == 404
        assert client.post(other, {"decision": "accept"}).status_code == 404
    assert client.get(decide_path(request_of_alice, coordinator)).status_code == 200
    assert state_of(request_of_alice) == BookingState.PENDING


def test_a_token_without_a_person_has_no_say(client: Client, request_of_alice: Booking) -> None:
    for detail in ("", "alice", "99999999"):
        token = make_token(
            notifications.DECIDE,
            str(request_of_alice.reference),
            expires_at=NOW + timedelta(days=2),
            detail=detail,
        )
        assert client.post(f"/repondre/{token}/", {"decision": "accept"}).status_code == 404
    assert state_of(request_of_alice) == BookingState.PENDING


def test_links_are_sent_with_csrf(booking: Booking) -> None:
    assert Client(enforce_csrf_checks=True).post(release_path(booking)).status_code == 403
