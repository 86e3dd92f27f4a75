"""What the database refuses, and the sentence that says so."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from orne_accueil.common.db import constraints_as_errors
from orne_accueil.common.errors import DomainError
from orne_accueil.territory.models import Commune, Epci, Landmark, NearestLandmark
from tests.factories import make_commune, make_epci
from tests.factories_territory import make_station

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"code_insee": "6100"}, "commune_code_insee_well_formed"),
        ({"code_insee": "6100A"}, "commune_code_insee_well_formed"),
        ({"code_insee": "2C001"}, "commune_code_insee_well_formed"),
        ({"latitude": 90.01}, "commune_latitude_between_minus_90_and_90"),
        ({"latitude": -90.01}, "commune_latitude_between_minus_90_and_90"),
        ({"latitude": float("nan")}, "commune_latitude_between_minus_90_and_90"),
        ({"longitude": 180.01}, "commune_longitude_between_minus_180_and_180"),
        ({"longitude": float("-inf")}, "commune_longitude_between_minus_180_and_180"),
        ({"population": -1}, "commune_population_not_negative"),
        ({"name": "…"}, "commune_name_given"),
    ],
)
def test_a_commune_out_of_bounds_is_refused_in_french(wrong, constraint):
    with pytest.raises(DomainError) as refusal, constraints_as_errors():
        make_commune(**{"name": "Argentan"} | wrong)

    assert refusal.value.code == constraint
    assert refusal.value.message.endswith(".")


@pytest.mark.parametrize(
    "right",
    [
        {"code_insee": "2A004"},
        {"code_insee": "97411"},
        {"latitude": 90},
        {"latitude": -90},
        {"longitude": 180},
        {"longitude": -180},
        {"population": 0},
    ],
)
def test_a_commune_at_its_bounds_is_accepted(right):
    assert make_commune("Argentan", **right).pk


def test_two_communes_never_share_a_code():
    make_commune(code_insee="61006")

    with pytest.raises(DomainError, match="déjà ce code INSEE"), constraints_as_errors():
        make_commune(code_insee="61006")


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [({"siren": "12345678"}, "epci_siren_has_nine_digits"), ({"kind": "XX"}, "epci_kind_known")],
)
def test_a_malformed_epci_is_refused_in_french(wrong, constraint):
    with pytest.raises(DomainError) as refusal, constraints_as_errors():
        make_epci(**wrong)

    assert refusal.value.code == constraint


def test_two_stations_never_share_a_key_but_a_space_may():
    row = {"key": "87444539", "name": "Argentan", "latitude": 48.7, "longitude": 0.0}
    Landmark.objects.create(kind="station", **row)
    Landmark.objects.create(kind="space", **row)

    with pytest.raises(DomainError, match="déjà cette clé"), constraints_as_errors():
        Landmark.objects.create(kind="station", **row)


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"kind": "bar"}, "landmark_kind_known"),
        ({"key": ""}, "landmark_key_and_name_given"),
        ({"name": ""}, "landmark_key_and_name_given"),
        ({"latitude": 91}, "landmark_latitude_between_minus_90_and_90"),
        ({"longitude": 181}, "landmark_longitude_between_minus_180_and_180"),
    ],
)
def test_a_landmark_out_of_bounds_is_refused_in_french(wrong, constraint):
    row = {"kind": "station", "key": "a", "name": "Argentan", "latitude": 48.7, "longitude": 0.0}
    with pytest.raises(DomainError) as refusal, constraints_as_errors():
        Landmark.objects.create(**row | wrong)

    assert refusal.value.code == constraint


def test_a_commune_has_one_nearest_landmark_of_a_kind():
    commune = make_commune()
    station = make_station(commune=commune)

    with pytest.raises(IntegrityError, match="nearestlandmark_one_per_commune_and_kind"):
        NearestLandmark.objects.create(commune=commune, kind="station", landmark=station, km=0)


def test_the_form_of_the_admin_says_the_same_sentence_as_the_database():
    commune = Commune(code_insee="6100", name="X", folded_name="x", population=-1, latitude=0, longitude=0)

    with pytest.raises(ValidationError) as refusal:
        commune.validate_constraints()

    assert "La population ne peut pas être négative." in refusal.value.messages


def test_the_compared_name_follows_the_name():
    commune = make_commune("Saint-Céneri-le-Gérei")
    assert commune.folded_name == "saint ceneri le gerei"

    commune.name = "Sées"
    commune.save()
    commune.refresh_from_db()

    assert commune.folded_name == "sees"


@pytest.mark.parametrize(
    ("phone", "code", "link"),
    [
        ("02 33 36 40 00", "61006", "+33233364000"),
        ("02 62 40 00 00", "97411", "0262400000"),
        ("+33 2 33 36 40 00", "61006", "+33233364000"),
        ("3939", "61006", "3939"),
        ("", "61006", ""),
    ],
)
def test_a_telephone_dials_the_mairie(phone, code, link):
    assert Commune(code_insee=code, mairie_phone=phone).phone_link == link


@pytest.mark.parametrize(
    ("population", "label"),
    [(0, "0 habitant"), (1, "1 habitant"), (2, "2 habitants"), (25490, "25 490 habitants")],
)
def test_a_population_is_said_in_words(population, label):
    said = Commune(population=population).population_label

    assert said.replace("\u202f", " ").replace("\u00a0", " ") == label


def test_an_epci_says_what_it_is():
    epci = Epci(name="des Sources de l’Orne", kind="CC")

    assert (epci.short_name, epci.long_name, epci.bare_name) == (
        "CC des Sources de l’Orne",
        "Communauté de communes des Sources de l’Orne",
        "Sources de l’Orne",
    )
