"""« Un bureau, quand, où ? » : what is found, what is said when nothing is, and what bad input gets."""

import html
import re
from datetime import time
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from coworking import actions
from coworking.enums import BookingMode, Period, RoomKind
from coworking.models import Equipment, Space
from orne_accueil.common import clock
from orne_accueil.territory.enums import LandmarkKind
from orne_accueil.territory.models import Landmark
from tests.factories import make_commune, make_person
from tests.factories_coworking import NOW, TUESDAY, half_day, hours, make_booking, make_room, make_space

pytestmark = pytest.mark.django_db

SEARCH = "/espaces/"


@pytest.fixture(autouse=True)
def a_week_before(clock_at: Any) -> None:
    clock_at("2026-11-24 10:00")


@pytest.fixture
def argentan() -> Space:
    commune = make_commune("Argentan", code_insee="14006", latitude=48.7443, longitude=-0.0202)
    return make_space(commune=commune, name="EPN d’Argentan", slug="argentan")


@pytest.fixture
def sees() -> Space:
    commune = make_commune("Sées", code_insee="14464", latitude=48.6047, longitude=0.1722)
    return make_space(commune=commune, name="EPN de Sées", slug="sees")


def text_of(answer: Any) -> str:
    """What one reads, in one line, no-break spaces as spaces."""
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", answer.content.decode(), flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def search(client: Client, **asked: Any) -> Any:
    return client.get(SEARCH, {"date": TUESDAY.isoformat(), "moment": "apres-midi"} | asked)


# --- What is found ---


def test_free_rooms_come_nearest_first_and_lead_to_the_filled_form(
    client: Client, argentan: Space, sees: Space
) -> None:
    near, far = make_room(argentan, name="Bureau près"), make_room(sees, name="Bureau loin")
    answer = search(client, ou="argentan")
    text = text_of(answer)
    assert "2 salles libres dans 2 lieux" in text
    assert "Mardi 1er décembre, l’après-midi, près d’Argentan" in text
    assert "Sées, à 21 km d’Argentan" in text
    assert text.index("Bureau près") < text.index("Bureau loin")
    assert "Mardi 1er décembre, de 13 h 30 à 18 h" in text
    link = f"/espaces/argentan/reserver/?room={near.pk}&amp;date=2026-12-01&amp;period=afternoon"
    assert link in answer.content.decode()
    assert f"room={far.pk}" in answer.content.decode()


def test_the_map_says_what_the_list_says(client: Client, argentan: Space) -> None:
    make_room(argentan)
    points = search(client, ou="argentan").context["points"]
    assert [(point["title"], point.get("mark")) for point in points] == [("Argentan", None), ("1. EPN d’Argentan", "1")]


def test_a_station_is_a_place_and_the_distance_says_so(client: Client, sees: Space) -> None:
    make_room(sees)
    commune = make_commune("Surdon")
    Landmark.objects.create(
        kind=LandmarkKind.STATION, key="surdon", name="Surdon", commune=commune, latitude=48.66, longitude=0.11
    )
    assert "de la gare de Surdon" in text_of(search(client, ou="gare de surdon"))


def test_two_times_find_the_half_day_that_holds_them(client: Client, argentan: Space) -> None:
    room = make_room(argentan)
    answer = client.get(SEARCH, {"date": "2026-12-01", "de": "14:00", "a": "16:00"})
    assert f"room={room.pk}&amp;date=2026-12-01&amp;period=afternoon" in answer.content.decode()


def test_a_half_day_finds_the_booth_lent_for_an_hour_at_a_time(client: Client, argentan: Space) -> None:
    booth = make_room(argentan, kind=RoomKind.BOOTH, mode=BookingMode.FREE, max_minutes=60)
    make_booking(booth, wish=hours("13:30", "14:30"))
    answer = search(client)
    assert "entre 14 h 30 et 18 h" in text_of(answer)
    assert "starts_at=14%3A30&amp;ends_at=15%3A30" in answer.content.decode()


def test_what_is_taken_closed_or_too_small_is_left_out(client: Client, argentan: Space) -> None:
    taken = make_room(argentan, name="Prise", capacity=4)
    make_booking(taken)
    make_room(argentan, name="Petite", capacity=1)
    free = make_room(argentan, name="Grande", capacity=4)
    actions.close_space(
        space=argentan,
        room=make_room(argentan, name="En travaux", capacity=8),
        start=clock.at_local(TUESDAY, time(0)),
        end=clock.at_local(TUESDAY, time(23)),
        reason="Travaux",
        by=make_person(),
        at=NOW,
    )
    text = text_of(search(client, personnes="3"))
    assert "1 salle libre dans 1 lieu" in text
    assert free.name in text
    assert not {"Prise", "Petite", "En travaux"} & set(text.split())


def test_equipment_and_kind_filter(client: Client, argentan: Space) -> None:
    screen = Equipment.objects.create(name="écran", slug="ecran")
    desk, office = make_room(argentan, name="Table"), make_room(argentan, name="Cocon", kind=RoomKind.OFFICE)
    office.equipment.add(screen)
    assert "Table" not in text_of(search(client, equipement="ecran"))
    assert "Cocon" not in text_of(search(client, type="bureau"))
    assert {desk.name, office.name} == {"Table", "Cocon"}


def test_english_values_of_an_old_link_are_understood(client: Client, argentan: Space) -> None:
    make_room(argentan)
    assert "l’après-midi" in text_of(search(client, moment="afternoon", type="desk"))


def test_without_a_day_the_next_working_day_is_meant(client: Client, argentan: Space, clock_at: Any) -> None:
    make_room(argentan)
    clock_at("2026-11-27 10:00")  # a Friday
    assert "Lundi 30 novembre, toute la journée" in text_of(client.get(SEARCH, {"ou": "argentan"}))


def test_nothing_asked_shows_every_space_with_those_booked_elsewhere(client: Client, argentan: Space) -> None:
    make_space(name="Ailleurs", is_bookable=False, external_url="https://exemple.test/")
    make_space(name="Caché", is_published=False)
    text = text_of(client.get(SEARCH))
    assert "EPN d’Argentan" in text
    assert "se réserve ailleurs" in text
    assert "Caché" not in text


# --- Nothing is found ---


def test_a_public_holiday_is_named(client: Client, argentan: Space) -> None:
    make_room(argentan)
    text = text_of(search(client, date="2026-12-25"))
    assert "Rien n’est libre" in text
    assert "Le lieu est fermé vendredi 25 décembre (Noël)." in text
    assert "Lundi 28 décembre : 1 salle libre" in text


def test_a_closure_gives_its_reason(client: Client, argentan: Space) -> None:
    make_room(argentan)
    start, end = clock.day_bounds(TUESDAY)
    actions.close_space(space=argentan, room=None, start=start, end=end, reason="Inventaire", by=make_person(), at=NOW)
    assert "EPN d’Argentan est fermé ce jour-là : Inventaire." in text_of(search(client))


def test_taken_rooms_lead_to_the_other_half_day(client: Client, argentan: Space) -> None:
    make_booking(make_room(argentan))
    answer = search(client, ou="argentan", rayon="10")
    assert "1 salle est déjà réservée." in text_of(answer)
    step = next(step for step in answer.context["steps"] if step.label.startswith("Matin"))
    assert "1 salle libre dans 1 lieu" in text_of(client.get(SEARCH + step.url))


def test_too_far_leads_to_a_wider_circle(client: Client, argentan: Space, sees: Space) -> None:
    make_room(sees)
    answer = search(client, ou="argentan", rayon="10")
    assert "Le lieu le plus proche est plus loin : EPN de Sées, à 21 km." in text_of(answer)
    step = next(step for step in answer.context["steps"] if "km" in step.label)
    assert "1 salle libre dans 1 lieu" in text_of(client.get(SEARCH + step.url))


def test_beyond_the_horizon_is_said(client: Client, argentan: Space) -> None:
    make_room(argentan, horizon_days=5)
    assert "on y réserve 5 jours à l’avance au plus" in text_of(search(client))


# --- Bad input ---

BAD = [
    ({"date": "2026-02-30"}, "Ce jour n’existe pas"),
    ({"date": "hier"}, "Ce jour n’existe pas"),
    ({"date": "2026-11-23"}, "Ce jour est déjà passé"),
    ({"date": "9999-12-31"}, "Ce jour est trop loin"),
    ({"date": "0001-01-01"}, "Ce jour est déjà passé"),
    ({"moment": "nuit"}, "Choisissez un moment dans la liste"),
    ({"de": "16:00", "a": "14:00"}, "L’heure de départ doit venir après l’heure d’arrivée"),
    ({"de": "14:00"}, "Jusqu’à quelle heure ?"),
    ({"de": "25:00", "a": "26:00"}, "Cette heure ne se lit pas"),
    ({"moment": "heures"}, "À partir de quelle heure ?"),
    ({"date": "2027-03-28", "de": "02:30", "a": "04:00"}, "Cette heure n’existe pas"),
    ({"date": "2027-10-31", "de": "01:00", "a": "02:30"}, "Cette heure existe deux fois"),
    ({"type": "château"}, "Choisissez un type de salle dans la liste"),
    ({"personnes": "beaucoup"}, "Écrivez un nombre de personnes"),
    ({"personnes": "0"}, "Une personne au moins"),
    ({"personnes": "9" * 400}, "500 personnes au plus"),
    ({"rayon": "dix"}, "Écrivez un nombre de kilomètres"),
    ({"rayon": "-3"}, "1 kilomètre au moins"),
    ({"rayon": "100000"}, "200 kilomètres au plus"),
    ({"ou": "", "rayon": "10"}, "Près de quelle commune ?"),
    ({"ou": "Zanzibar"}, "Nous ne connaissons pas « Zanzibar »"),
    ({"ou": "a" * 500}, "Un nom de commune ou de gare suffit"),
    ({"ou": "Argentan\x00"}, "caractère nul"),
    ({"equipement": "licorne"}, "Cet équipement n’est dans aucune salle"),
]


@pytest.mark.parametrize(("asked", "sentence"), BAD)
def test_bad_input_is_explained_at_its_field_and_kept(
    client: Client, argentan: Space, asked: dict[str, str], sentence: str
) -> None:
    make_room(argentan)
    answer = search(client, **({"ou": "argentan"} | asked))
    body, text = answer.content.decode(), text_of(answer)
    assert answer.status_code == 200
    assert sentence in text
    assert "<title>Erreur" in body
    assert 'aria-invalid="true"' in body or "field-in-error" in body
    if "ou" not in asked:
        assert 'value="argentan"' in body
    assert "salle libre" not in text


def test_what_a_date_field_cannot_hold_is_shown_as_typed(client: Client) -> None:
    body = search(client, date="30 février", rayon="dix").content.decode()
    assert re.search(r'<input type="text" name="date" value="30 février"', body)
    assert re.search(r'<input type="text" name="rayon" value="dix"', body)


def test_an_ambiguous_place_is_proposed_without_losing_the_rest(client: Client) -> None:
    make_commune("Saint-Germain-du-Corbéis", code_insee="14397")
    make_commune("Saint-Germain-le-Vieux", code_insee="14398")
    body = search(client, ou="saint germain", personnes="3").content.decode()
    assert 'type="radio" name="ou"' in body
    assert "Saint-Germain-le-Vieux" in body
    assert re.search(r'name="personnes" value="3"', body)


def test_the_last_place_sent_wins(client: Client, argentan: Space) -> None:
    make_room(argentan)
    answer = client.get("/espaces/?ou=zanz&ou=Argentan&date=2026-12-01")
    assert "près d’Argentan" in text_of(answer)


@pytest.mark.parametrize(
    "query", ["page=99999999999999999999", "page=abc", "ou=%00", "date=%FF%FE", "moment=", "a=%F0%9F%92%A9"]
)
def test_nothing_in_the_address_breaks_the_page(client: Client, argentan: Space, query: str) -> None:
    make_room(argentan)
    assert client.get(f"/espaces/?{query}").status_code == 200


# --- What it costs, what it leaves behind ---


@pytest.mark.parametrize("count", [1, 20])
def test_a_search_takes_the_same_queries_for_1_room_and_20(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, argentan: Space, count: int
) -> None:
    for _ in range(count):
        space = make_space(commune=argentan.commune)
        make_booking(make_room(space, units=2))
    client.get(SEARCH)
    with django_assert_num_queries(8):
        # equipment; the place (names, then its row); rooms, their equipment; units and occupations; closures; elsewhere
        answer = search(client, ou="argentan")
    assert len(answer.context["page"].object_list) == min(count, 20)


def test_an_empty_answer_asks_at_most_a_few_searches_more(
    client: Client, django_assert_max_num_queries: Any, argentan: Space
) -> None:
    make_booking(make_room(argentan, capacity=4), wish=half_day(period=Period.DAY))
    with django_assert_max_num_queries(8 + 5 * 4):
        search(client, ou="argentan", rayon="10", personnes="2", type="bureau")


@pytest.mark.parametrize("path", ["/", "/espaces/", "/espaces/?ou=argentan", "/espaces/argentan/"])
def test_reading_sets_no_cookie(client: Client, argentan: Space, path: str) -> None:
    make_room(argentan)
    answer = client.get(path)
    assert answer.status_code == 200
    assert not answer.cookies


def test_the_home_page_asks_the_same_question(client: Client, argentan: Space) -> None:
    body = client.get("/").content.decode()
    for name in ("ou", "date", "moment", "type"):
        assert f'name="{name}"' in body
    assert 'action="/espaces/"' in body
    assert 'value="2026-11-25"' in body


def test_the_twenty_first_space_is_on_the_second_page_with_its_rank(client: Client, argentan: Space) -> None:
    for _ in range(21):
        make_room(make_space(commune=argentan.commune))
    first = search(client, ou="argentan")
    assert "Page 1 sur 2" in text_of(first)
    second = search(client, ou="argentan", page="2")
    assert [group.rank for group in second.context["groups"]] == [21]
    assert [point.get("mark") for point in second.context["points"]] == [None, "21"]
