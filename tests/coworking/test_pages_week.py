"""One space and its week: the table, what closes it, what it says of the place, what it costs."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from coworking import actions
from coworking.enums import AccessType, BookingMode, Label, Period, RoomKind
from coworking.models import Equipment, Space
from orne_accueil.accounts.models import Person
from orne_accueil.common import clock
from tests.conftest import ClientFor
from tests.coworking.test_pages_search import text_of
from tests.factories import make_commune, make_person
from tests.factories_coworking import NOW, TUESDAY, half_day, hours, make_booking, make_room, make_space

pytestmark = pytest.mark.django_db

WEEK = "/espaces/argentan/?semaine=2026-W49"


@pytest.fixture(autouse=True)
def a_week_before(clock_at: Any) -> None:
    clock_at("2026-11-24 10:00")


@pytest.fixture
def space() -> Space:
    return make_space(commune=make_commune("Argentan"), name="EPN d’Argentan", slug="argentan")


def close(space: Space, day: date, reason: str, room: Any = None) -> None:
    start, end = clock.day_bounds(day)
    actions.close_space(space=space, room=room, start=start, end=end, reason=reason, by=make_person(), at=NOW)


# --- The table ---


def test_a_free_half_day_is_a_link_with_its_whole_name(client: Client, space: Space) -> None:
    room = make_room(space, name="Bureau <vert>", units=2)
    body = client.get(WEEK).content.decode()
    link = (
        f'<a href="/espaces/argentan/reserver/?room={room.pk}&amp;date=2026-12-01&amp;period=morning">Réserver'
        '<span class="visually-hidden"> Bureau &lt;vert&gt;, mardi 1er\u00a0décembre, matin</span></a>'
        ' <span class="week-left">2\u00a0places</span>'
    )
    assert link in body
    assert "<vert>" not in body


def test_a_taken_half_day_says_so_and_never_by_whom(client: Client, space: Space, alice: Person) -> None:
    make_booking(make_room(space), alice, note="Une prise, merci.")
    body, text = client.get(WEEK).content.decode(), text_of(client.get(WEEK))
    assert text.count("réservé") == 1
    for secret in (alice.name, alice.email or "", "prise, merci"):
        assert secret not in body


def test_a_room_lent_by_the_hour_shows_its_free_stretches(client: Client, space: Space) -> None:
    room = make_room(space, name="Réunion", mode=BookingMode.FREE, max_minutes=60)
    make_booking(room, wish=hours("10:00", "11:00"))
    body, text = client.get(WEEK).content.decode(), text_of(client.get(WEEK))
    assert "Réserver Réunion, mardi 1er décembre, 9 h – 10 h" in text
    assert "Réserver Réunion, mardi 1er décembre, 11 h – 12 h 30" in text
    assert "date=2026-12-01&amp;starts_at=11:00&amp;ends_at=12:00" in body  # an hour at a time
    assert 'rowspan="2"' not in body  # no half-day to span here


def test_rooms_of_both_kinds_share_the_day(client: Client, space: Space) -> None:
    make_room(space, name="Table")
    make_room(space, name="Réunion", mode=BookingMode.FREE)
    body = client.get(WEEK).content.decode()
    assert body.count('scope="rowgroup"') == 5
    assert body.count('<td role="cell" rowspan="2">') == 5


def test_every_header_has_its_scope_and_the_table_its_caption(client: Client, space: Space) -> None:
    make_room(space)
    body = client.get(WEEK).content.decode()
    table = body[body.index("<table") : body.index("</table>")]
    assert table.count("<th ") == table.count("scope=")
    assert "<caption" in table
    assert "Ce qui est libre, du 30\u00a0novembre au 6\u00a0décembre 2026" in table


def test_past_days_and_plainly_closed_weekends_are_left_out(client: Client, space: Space, clock_at: Any) -> None:
    make_room(space)
    clock_at("2026-12-02 10:00")
    text = text_of(client.get("/espaces/argentan/"))
    assert "Mardi 1er décembre" not in text
    assert "Mercredi 2 décembre aujourd’hui" in text
    assert "Samedi 5 décembre" not in text


def test_a_half_day_may_be_taken_until_two_hours_after_it_began(client: Client, space: Space, clock_at: Any) -> None:
    make_room(space, name="Table")
    clock_at("2026-12-02 10:30")
    assert "Réserver Table, mercredi 2 décembre, matin" in text_of(client.get("/espaces/argentan/"))
    clock_at("2026-12-02 11:30")
    assert "Réserver Table, mercredi 2 décembre, matin" not in text_of(client.get("/espaces/argentan/"))


def test_a_public_holiday_and_a_closure_give_their_reason(client: Client, space: Space) -> None:
    room = make_room(space, name="Table")
    make_room(space, name="Bureau")
    close(space, date(2026, 12, 23), "Inventaire")
    close(space, date(2026, 12, 24), "Peinture.", room)
    text = text_of(client.get("/espaces/argentan/?semaine=2026-W52"))
    assert "Vendredi 25 décembre Fermé : jour férié (Noël)" in text
    assert "Mercredi 23 décembre Fermé : Inventaire" in text
    assert "fermé : Peinture" in text
    assert "Réserver Bureau, jeudi 24 décembre, matin" in text


def test_too_soon_and_too_far_are_told_apart_from_taken(client: Client, space: Space, clock_at: Any) -> None:
    make_room(space, notice_minutes=3 * 1440, horizon_days=4)
    clock_at("2026-11-30 08:00")
    text = text_of(client.get(WEEK))
    assert "trop tard en ligne" in text
    assert "pas encore ouvert" in text
    assert "réservé" not in text


def test_the_night_clocks_change_keeps_its_week(client: Client) -> None:
    space = make_space(slug="nuit", opening_hours="24/7")
    make_room(space, name="Table", mode=BookingMode.FREE, max_minutes=1440)
    text = text_of(client.get("/espaces/nuit/?semaine=2026-W48"))
    assert "Réserver Table" in text


# --- Which week ---


@pytest.mark.parametrize(
    ("asked", "words", "notice"),
    [
        ("2026-W49", "du 30 novembre au 6 décembre 2026", ""),
        ("2026-W53", "du 28 décembre au 3 janvier 2027", ""),
        ("2026-W47", "du 23 au 29 novembre 2026", "Cette semaine est passée"),
        ("2026-W54", "du 23 au 29 novembre 2026", "n’existe pas dans le calendrier"),
        ("9999-W52", "du 23 au 29 novembre 2026", "trop loin"),
        ("0000-W01", "du 23 au 29 novembre 2026", "n’existe pas"),
        ("demain\x00", "du 23 au 29 novembre 2026", "n’existe pas"),
        ("", "du 23 au 29 novembre 2026", ""),
    ],
)
def test_the_week_asked_for_or_this_one(client: Client, space: Space, asked: str, words: str, notice: str) -> None:
    make_room(space)
    answer = client.get("/espaces/argentan/", {"semaine": asked})
    assert answer.status_code == 200
    assert f"Semaine {words}" in text_of(answer)
    assert notice in text_of(answer)


def test_on_a_weekend_with_nothing_left_next_week_is_shown(client: Client, space: Space, clock_at: Any) -> None:
    make_room(space)
    clock_at("2026-11-28 10:00")
    assert "Semaine du 30 novembre" in text_of(client.get("/espaces/argentan/"))


def test_weeks_go_from_this_one_to_the_horizon(client: Client, space: Space) -> None:
    make_room(space, horizon_days=10)
    first = client.get("/espaces/argentan/").context
    assert (first["previous_week"], first["next_week"]) == ("", "/espaces/argentan/?semaine=2026-W49")
    last = client.get(WEEK).context
    assert (last["previous_week"], last["next_week"]) == ("/espaces/argentan/?semaine=2026-W48", "")
    assert "On réserve ici jusqu’au vendredi 4 décembre." in text_of(client.get(WEEK))


# --- What it says of the place ---


def test_the_place_is_described_with_the_rules_that_no_form_shows(client: Client) -> None:
    space = make_space(
        slug="complet",
        commune=make_commune("Argentan"),
        phone="0233000061",
        access_text="Porte de gauche.",
        labels=[Label.PAT, Label.ZNM],
        technology="fibre",
        down_mbps=420,
        up_mbps=210,
        measured_on=date(2025, 6, 3),
        measure_source="relevé de l’animatrice",
        opening_hours="Mo-Fr 09:00-12:30; Aug off",
    )
    room = make_room(space, kind=RoomKind.OFFICE, price_text="5 €", access_type=AccessType.CODE, access_code="4812A")
    room.equipment.add(Equipment.objects.create(name="écran", slug="ecran"))
    answer = client.get("/espaces/complet/")
    text = text_of(answer)
    for words in (
        "Du lundi au vendredi, de 9 h à 12 h 30",
        "Fermé en août.",
        "Fermé les jours fériés.",
        "Porte de gauche.",
        "téléformation (P@T)",
        "multiservices (ZNM)",
        "Fibre optique : 420 Mbit/s en réception et 210 Mbit/s à l’envoi",
        "Mesurée le 3 juin 2025, relevé de l’animatrice",
        "Cette mesure a plus d’un an",
        "Tarif : 5 €",
        "écran",
        "le jour même à 7 h",
    ):
        assert words in text.replace("Écran", "écran"), words
    assert 'href="tel:0233000061"' in answer.content.decode()
    assert f'href="/communes/{space.commune.code_insee}/">Argentan</a>' in answer.content.decode()
    assert "4812A" not in answer.content.decode()


def test_a_fresh_measure_has_no_warning(client: Client) -> None:
    make_space(slug="frais", down_mbps=100, measured_on=date(2026, 6, 3))
    assert "plus d’un an" not in text_of(client.get("/espaces/frais/"))


def test_a_space_without_rooms_says_so_kindly(client: Client, space: Space) -> None:
    text = text_of(client.get("/espaces/argentan/"))
    assert "1 place de la Mairie, 61200 Argentan" in text
    assert "Les salles arrivent" in text
    assert "<table" not in client.get("/espaces/argentan/").content.decode()


def test_a_space_booked_elsewhere_leads_there(client: Client) -> None:
    make_space(slug="ailleurs", name="La Manufacture", is_bookable=False, external_url="https://exemple.test/reserver")
    body = client.get("/espaces/ailleurs/").content.decode()
    assert 'href="https://exemple.test/reserver"' in body
    assert "Réserver chez La Manufacture" in body


def test_a_space_taken_offline_is_nowhere(client: Client) -> None:
    make_space(slug="cache", is_published=False)
    assert client.get("/espaces/cache/").status_code == 404


# --- What it costs ---


@pytest.mark.parametrize("count", [1, 20])
def test_the_week_takes_six_queries_whatever_the_bookings(
    client_for: ClientFor, alice: Person, django_assert_num_queries: Any, space: Space, count: int
) -> None:
    for number in range(count):
        room = make_room(space, name=f"Salle {number}", units=2)
        for offset in range(2):
            make_booking(room, wish=half_day(TUESDAY + timedelta(days=offset), Period.DAY))
    close(space, TUESDAY + timedelta(days=3), "Travaux")
    client = client_for(alice)
    client.get(WEEK)
    with django_assert_num_queries(6):  # session, account; space, rooms, closures, units with their occupations
        client.get(WEEK)


def test_a_room_that_takes_others_is_free_when_they_all_are(client: Client, space: Space) -> None:
    desks = make_room(space, name="Postes", units=2)
    make_room(space, name="Grande salle", includes=(desks,))
    make_booking(desks)
    text = text_of(client.get(WEEK))
    assert "Réserver Postes, mardi 1er décembre, après-midi 1 place" in text
    assert "Réserver Grande salle, mardi 1er décembre, matin" in text
    assert "Réserver Grande salle, mardi 1er décembre, après-midi" not in text


def test_there_is_no_cell_per_quarter_of_an_hour(client: Client, space: Space) -> None:
    """One cell per room and day where it is lent by the hour."""
    make_room(space, name="Réunion", mode=BookingMode.FREE)
    body = client.get(WEEK).content.decode()
    assert body.count("<td ") == 5


def test_a_photo_is_shown_with_its_author(client: Client) -> None:
    make_space(slug="vu", photo="spaces/vu.jpg", photo_credit="Léa Fontaine")
    body = client.get("/espaces/vu/").content.decode()
    assert '<img src="/media/spaces/vu.jpg" alt="" loading="lazy">' in body
    assert "Photo\u00a0: Léa Fontaine" in body
