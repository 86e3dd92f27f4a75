"""The pages of the communes and their open data, as a visitor and a cache see them."""

import gzip
import json

import pytest
from django.test import Client

from orne_accueil.territory.actions import load_territory
from orne_accueil.territory.models import Commune
from tests.factories import make_commune, make_epci
from tests.factories_territory import (
    ARGENTAN,
    ORNE,
    STATION,
    feature,
    make_space_landmark,
    make_station,
    official_folder,
)

pytestmark = pytest.mark.django_db

NBSP = "\u00a0"


def text_of(response) -> str:
    return response.content.decode().replace(NBSP, " ")


@pytest.fixture
def argentan(db: None) -> Commune:
    epci = make_epci(name="Terres d’Argentan Interco")
    return make_commune(
        "Argentan",
        code_insee="61006",
        epci=epci,
        population=13_527,
        mairie_address="Place du Docteur-Couinaud, 61200 Argentan",
        mairie_phone="02 33 36 40 00",
        mairie_website="https://www.argentan.fr/",
        mairie_hours=[["lundi", "vendredi", [["08:30:00", "12:00:00"], ["13:30:00", "17:30:00"]]]],
    )


# --- One commune ---


def test_a_commune_shows_its_mairie(client, argentan):
    page = text_of(client.get("/communes/61006/"))

    assert "<h1>Argentan</h1>" in page
    assert "Communauté de communes Terres d’Argentan Interco" in page
    assert 'href="tel:+33233364000"' in page
    assert 'href="https://www.argentan.fr/"' in page
    assert "Du lundi au vendredi : 8 h 30 – 12 h, 13 h 30 – 17 h 30" in page
    assert "Licence Ouverte 2.0" in page
    assert 'href="/espaces/?ou=Argentan"' in page


def test_a_commune_says_how_far_its_station_and_its_space_are(client, argentan):
    make_station("Surdon", latitude=48.67887, longitude=0.12219, lines=["Paris – Granville"])
    make_space_landmark("EPN de Sées", latitude=48.60555, longitude=0.17205, url="/espaces/epn-de-sees/")

    page = text_of(client.get("/communes/61006/"))

    assert "Gare de Surdon" in page
    assert "À 13 km, environ 20 min en voiture (estimation)" in page
    assert '<a href="/espaces/epn-de-sees/">EPN de Sées</a>' in page


def test_a_commune_with_its_own_station_and_space_says_so(client, argentan):
    make_station("Argentan", commune=argentan)
    make_space_landmark("EPN d’Argentan", commune=argentan)

    page = text_of(client.get("/communes/61006/"))

    assert page.count("Dans la commune") == 2
    assert "en voiture (estimation)" not in page


def test_a_commune_says_what_is_not_known(client):
    make_commune("Bourg", code_insee="61999", population=1)

    page = text_of(client.get("/communes/61999/"))

    assert "Aucun espace de travail n’est encore enregistré ici." in page
    assert "Les gares ne sont pas encore connues ici." in page
    assert "Horaires non communiqués" in page
    assert "Pas de site connu" in page
    assert "1 habitant<" in page


def test_neighbours_are_sorted_by_distance(client, argentan):
    make_commune("Loin", latitude=48.9, longitude=-0.02)
    make_commune("Près", latitude=48.76, longitude=-0.02)

    page = text_of(client.get("/communes/61006/"))

    assert page.index("Près") < page.index("Loin")


@pytest.mark.parametrize("code", ["61999", "6100", "abcde", "61006%00", "argentan"])
def test_an_unknown_commune_is_a_404_in_our_clothes(client, argentan, code):
    response = client.get(f"/communes/{code}/")

    assert response.status_code == 404
    assert "Télétravail" in text_of(response)


def test_one_commune_takes_three_queries_however_many_there_are(client, argentan, django_assert_num_queries):
    make_station("Argentan", commune=argentan)
    make_space_landmark(commune=argentan)
    with django_assert_num_queries(3):
        client.get("/communes/61006/")

    for _ in range(20):
        make_station(commune=make_commune(epci=make_epci()))
    with django_assert_num_queries(3):
        client.get("/communes/61006/")


# --- The list ---


def test_the_list_opens_on_the_epci_with_their_number_of_communes(client, argentan):
    make_commune(epci=argentan.epci)

    page = text_of(client.get("/communes/"))

    assert "Terres d’Argentan Interco" in page
    assert f'href="/communes/?epci={argentan.epci.siren}"' in page
    assert "2 communes" in page


def test_an_empty_install_says_so(client):
    assert "Pas encore de commune" in text_of(client.get("/communes/"))


@pytest.mark.parametrize("typed", ["argentan", "ARGENTAN", "Argentan (61200)"])
def test_a_name_typed_in_full_opens_its_page(client, argentan, typed):
    response = client.get("/communes/", {"q": typed})

    assert (response.status_code, response.url) == (302, "/communes/61006/")


@pytest.mark.parametrize(
    ("asked", "heading"),
    [
        ({"q": "argan"}, "1 commune pour « argan »"),  # a typo is proposed, never opened
        ({"q": "zzzz"}, "Aucune commune pour « zzzz »"),
        ({"gare": "5"}, "1 commune à 5 km au plus d’une gare"),
        ({"q": "argentan", "gare": "5"}, "1 commune pour « argentan » à 5 km au plus d’une gare"),
        ({"q": "61200"}, "2 communes pour « 61200 »"),
    ],
)
def test_the_list_says_what_it_answers(client, argentan, asked, heading):
    make_commune("Bourg", latitude=48.2, longitude=0.9)
    make_station("Argentan", commune=argentan)

    response = client.get("/communes/", asked)

    assert f"<h2>{heading}</h2>" in text_of(response)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"gare": "3"}, "Choisissez une distance dans la liste."),
        ({"gare": "x"}, "Choisissez une distance dans la liste."),
        ({"epci": "999"}, "Choisissez une communauté de communes dans la liste."),
    ],
)
def test_an_impossible_filter_is_said_in_the_page_and_its_title(client, argentan, asked, message):
    page = text_of(client.get("/communes/", asked))

    assert message in page
    assert "<title>Erreur : " in page


@pytest.mark.parametrize(
    "asked", [{"q": "\x00"}, {"page": "zz", "gare": "5"}, {"page": "99", "gare": "5"}, {"q": "x" * 101}]
)
def test_nonsense_in_the_address_never_breaks_the_list(client, argentan, asked):
    make_station(commune=argentan)

    assert client.get("/communes/", asked).status_code == 200


@pytest.mark.parametrize(
    ("asked", "queries"),
    [({}, 2), ({"gare": "20"}, 4), ({"q": "bourg"}, 4), ({"q": "zzzz"}, 2), ({"gare": "20", "q": "bourg"}, 4)],
)
def test_the_list_takes_a_known_number_of_queries(client, django_assert_num_queries, asked, queries):
    for rank in range(2):
        make_station(commune=make_commune(f"Bourg {rank}", epci=make_epci()))
    with django_assert_num_queries(queries):
        client.get("/communes/", asked)

    for rank in range(2, 20):
        make_station(commune=make_commune(f"Bourg {rank}", epci=make_epci()))
    with django_assert_num_queries(queries):
        client.get("/communes/", asked)


def test_a_long_list_is_shown_page_by_page_and_keeps_its_question(client):
    for rank in range(41):
        make_commune(f"Bourg {rank:02}")
    make_station("Bourg")

    page = text_of(client.get("/communes/?gare=5"))

    assert "41 communes" in page
    assert "Page 1 sur 2" in page
    assert "gare=5&amp;page=2" in page


# --- Suggestions ---


def test_suggestions_answer_in_json_with_one_query(client, argentan, django_assert_num_queries):
    make_station("Argentan", commune=argentan, lines=["Paris – Granville"])

    with django_assert_num_queries(1):
        response = client.get("/communes/suggestions/", {"q": "argent"})

    assert response.json() == {
        "suggestions": [
            {"label": "Argentan", "detail": "61200", "value": "Argentan", "url": "/communes/61006/"},
            {"label": "Gare d’Argentan", "detail": "Paris – Granville", "value": "Gare d’Argentan", "url": ""},
        ]
    }
    assert response["Cache-Control"] == "public, max-age=600"
    assert not response.cookies


def test_suggestions_may_leave_the_stations_out(client, argentan):
    make_station("Argentan", commune=argentan)

    response = client.get("/communes/suggestions/", {"q": "argent", "seulement": "communes"})

    assert [each["label"] for each in response.json()["suggestions"]] == ["Argentan"]


@pytest.mark.parametrize("q", ["", " ", "\x00", "%", "x" * 5000])
def test_suggestions_of_nothing_are_none(client, argentan, q):
    assert client.get("/communes/suggestions/", {"q": q}).json() == {"suggestions": []}


# --- Contours ---


@pytest.fixture
def contours(tmp_path, db: None) -> None:
    load_territory(official_folder(tmp_path, communes=[ARGENTAN], stations=[STATION], contours=[feature("61006")]))


def test_contours_are_published_with_their_source_and_licence(client, contours):
    response = client.get("/donnees/communes.geojson")

    collection = response.json()
    assert response["Content-Type"] == "application/geo+json"
    assert response["Cache-Control"] == "public, max-age=86400"
    assert collection["licence"] == "Licence Ouverte 2.0"
    assert collection["features"][0]["properties"] == {"code": "61006", "nom": "Argentan", "epci": "200068450"}
    assert not response.cookies


def test_contours_are_compressed_for_who_reads_gzip(client, contours):
    plain = client.get("/donnees/communes.geojson")
    packed = client.get("/donnees/communes.geojson", headers={"Accept-Encoding": "gzip, br"})

    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert "Content-Encoding" not in plain
    assert "Accept-Encoding" in packed["Vary"]


@pytest.mark.parametrize("header", ["ETag", "Last-Modified"])
def test_unchanged_contours_are_not_sent_again(client, contours, django_assert_num_queries, header):
    first = client.get("/donnees/communes.geojson")
    asked = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}[header]

    with django_assert_num_queries(1):
        again = client.get("/donnees/communes.geojson", headers={asked: first[header]})

    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]


def test_changed_contours_are_sent_again(client, contours, tmp_path):
    first = client.get("/donnees/communes.geojson")
    load_territory(official_folder(tmp_path, communes=[ARGENTAN | {"nom": "Argentan-sur-Orne"}]))

    again = client.get("/donnees/communes.geojson", headers={"If-None-Match": first["ETag"]})

    assert again.status_code == 200
    assert again.json()["features"][0]["properties"]["nom"] == "Argentan-sur-Orne"


def test_before_any_load_the_contours_are_an_empty_collection_that_nobody_keeps(client):
    response = client.get("/donnees/communes.geojson")

    assert response.json()["features"] == []
    assert response["Cache-Control"] == "no-store"


def test_the_contours_of_the_orne_weigh_under_40_kb(client):
    load_territory(ORNE)

    response = client.get("/donnees/communes.geojson", headers={"Accept-Encoding": "gzip"})

    assert len(json.loads(gzip.decompress(response.content))["features"]) == 381
    assert len(response.content) < 40_000


# --- Every address ---


@pytest.mark.parametrize(
    "address", ["/communes/", "/communes/61006/", "/communes/suggestions/", "/donnees/communes.geojson"]
)
def test_public_addresses_are_for_reading_only_and_set_no_cookie(argentan, address):
    client = Client(enforce_csrf_checks=True)

    assert client.get(address).status_code == 200
    assert client.head(address).status_code == 200
    assert not client.cookies
    assert client.post(address).status_code in (403, 405)
