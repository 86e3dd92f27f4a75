"""/donnees/espaces.geojson: the published spaces as points, cacheable."""

import json

import pytest
from django.test import Client

from coworking import actions
from coworking.models import Space
from tests.factories import make_commune
from tests.factories_coworking import NOW, make_space

pytestmark = pytest.mark.django_db

ADDRESS = "/donnees/espaces.geojson"


def test_published_spaces_are_points_with_what_the_page_says(client: Client) -> None:
    commune = make_commune("Argentan", code_insee="14006", latitude=48.74, longitude=-0.02)
    make_space(commune=commune, name="EPN d’Argentan", slug="argentan", labels=["P@T"], phone="0233000061")
    make_space(name="Caché", is_published=False)
    answer = client.get(ADDRESS)
    collection = json.loads(answer.content)
    assert answer.headers["Content-Type"] == "application/geo+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert collection["licence"] == "Licence Ouverte 2.0"
    (feature,) = collection["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [-0.02, 48.74]}
    properties = feature["properties"]
    assert properties["name"] == "EPN d’Argentan"
    assert properties["url"] == "http://testserver/espaces/argentan/"
    assert properties["code_insee"] == "14006"
    assert properties["labels"] == ["P@T"]
    assert "external_url" not in properties


def test_it_is_read_again_only_when_it_changed(client: Client) -> None:
    space = make_space()
    etag = client.get(ADDRESS).headers["ETag"]
    assert client.get(ADDRESS, headers={"If-None-Match": etag}).status_code == 304
    space = Space.objects.get(pk=space.pk)
    space.phone = "0233000061"
    actions.save_space(space=space, changed=["phone"], by=None, at=NOW)
    assert client.get(ADDRESS, headers={"If-None-Match": etag}).status_code == 200


def test_an_empty_install_has_an_empty_collection(client: Client) -> None:
    assert json.loads(client.get(ADDRESS).content)["features"] == []
