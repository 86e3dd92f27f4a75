"""/mon-espace/: the next booking first, what is over folded, the doors of a post."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from coworking import actions
from coworking.enums import Period
from coworking.models import Room
from orne_accueil.accounts.models import Person
from tests.conftest import ClientFor
from tests.coworking.test_pages_search import text_of
from tests.factories import make_mandate
from tests.factories_coworking import NOW, half_day, make_booking, make_room, make_space

pytestmark = pytest.mark.django_db

MY_SPACE = "/mon-espace/"


@pytest.fixture(autouse=True)
def a_week_before(clock_at: Any) -> None:
    clock_at("2026-11-24 10:00")


@pytest.fixture
def room() -> Room:
    return make_room(make_space(name="EPN d’Argentan"), name="Bureau fermé", units=3)


def test_a_visitor_is_sent_to_the_door_and_back(client: Client) -> None:
    assert client.get(MY_SPACE).headers["Location"] == "/compte/login/?next=/mon-espace/"


def test_the_next_booking_comes_first_with_its_gestures(client_for: ClientFor, alice: Person, room: Room) -> None:
    later = make_booking(room, alice, half_day(date(2026, 12, 3)))
    sooner = make_booking(room, alice, half_day(date(2026, 12, 2), Period.MORNING))
    answer = client_for(alice).get(MY_SPACE)
    text, body = text_of(answer), answer.content.decode()
    assert text.index("Mercredi 2 décembre, de 9 h à 12 h 30") < text.index("Jeudi 3 décembre, de 13 h 30 à 18 h")
    for booking in (sooner, later):
        for page in ("", "modifier/", "annuler/"):
            assert f'"/mon-espace/reservations/{booking.reference}/{page}"' in body
    assert f"/mon-espace/reservations/{sooner.reference}/agenda.ics" in body


def test_only_mine_are_there(client_for: ClientFor, alice: Person, david: Person, room: Room) -> None:
    make_booking(room, david, half_day(date(2026, 12, 3)))
    make_booking(room, alice, half_day(date(2026, 12, 4)))
    text = text_of(client_for(alice).get(MY_SPACE))
    assert "Vendredi 4 décembre" in text
    assert "Jeudi 3 décembre" not in text


def test_nothing_yet_leads_to_the_search(client_for: ClientFor, alice: Person) -> None:
    answer = client_for(alice).get(MY_SPACE)
    assert "Rien de réservé pour l’instant" in text_of(answer)
    assert 'href="/espaces/"' in answer.content.decode()


def test_what_is_over_is_folded_with_its_end(client_for: ClientFor, alice: Person, room: Room) -> None:
    booking = make_booking(room, alice)
    actions.cancel_booking(booking=booking, by=alice, at=NOW)
    text = text_of(client_for(alice).get(MY_SPACE))
    assert "Avant (1)" in text
    assert "Bureau fermé, EPN d’Argentan, annulée" in text


def test_her_account_is_one_click_away(client_for: ClientFor, alice: Person) -> None:
    body = client_for(alice).get(MY_SPACE).content.decode()
    for address in ("/compte/profil/", "/compte/courriers/", "/compte/sessions/", "/compte/"):
        assert f'href="{address}"' in body


def test_a_post_opens_its_door(
    client_for: ClientFor, alice: Person, bob: Person, chloe: Person, coordinator: Person, room: Room
) -> None:
    actions.add_animator(space=room.space, person=bob, by=None, at=NOW)
    make_mandate(chloe)
    doors = {person: client_for(person).get(MY_SPACE).content.decode() for person in (alice, bob, chloe, coordinator)}
    assert "Mes lieux, côté animation" not in doors[alice]
    assert "Mes lieux, côté animation" in doors[bob]
    assert "Mes lieux, côté animation" in doors[coordinator]
    assert 'href="/mairie/"' in doors[chloe]
    assert 'href="/mairie/"' not in doors[bob]


@pytest.mark.parametrize("count", [1, 20])
def test_the_page_takes_the_same_queries_for_1_booking_and_20(
    client_for: ClientFor, alice: Person, django_assert_num_queries: Any, count: int
) -> None:
    for number in range(count):
        make_booking(make_room(name=f"Salle {number}"), alice)
    client = client_for(alice)
    client.get(MY_SPACE)
    with django_assert_num_queries(7):  # session, who; coming, past; animator, mandates, delegations
        client.get(MY_SPACE)
