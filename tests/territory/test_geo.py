"""Kilometres on the globe, and what is said of them."""

import pytest
from django.db.models import FloatField, Value

from orne_accueil.territory.geo import GreatCircleKm, drive_label, drive_minutes, great_circle_km
from orne_accueil.territory.models import Commune
from tests.factories import make_commune

ALENCON = (48.43011, 0.08261)
ARGENTAN = (48.74405, -0.01662)
PARIS = (48.8566, 2.3522)
LONDON = (51.5074, -0.1278)


@pytest.mark.parametrize(
    ("here", "there", "km"),
    [
        (ARGENTAN, ARGENTAN, 0),
        (PARIS, LONDON, 343.6),
        (ALENCON, ARGENTAN, 35.7),
        ((0, 0), (0, 1), 111.195),
        ((0, 0), (1, 0), 111.195),
        ((90, 0), (-90, 0), 20015.1),
        ((0, 179.5), (0, -179.5), 111.195),  # across the date line
        ((0, 0), (0, 180), 20015.1),  # antipodes: the sine may pass 1 by rounding
    ],
)
def test_great_circle_agrees_with_known_distances(here, there, km):
    assert great_circle_km(*here, *there) == pytest.approx(km, rel=2e-3, abs=1e-6)


@pytest.mark.django_db
@pytest.mark.parametrize("there", [ARGENTAN, PARIS, LONDON, (-48.0, -179.9), (90.0, 0.0)])
def test_the_database_and_python_agree_on_a_distance(there):
    make_commune("Alençon", latitude=ALENCON[0], longitude=ALENCON[1])

    km = Commune.objects.annotate(km=GreatCircleKm("latitude", "longitude", *there)).get().km

    assert km == pytest.approx(great_circle_km(*ALENCON, *there), abs=1e-6)


@pytest.mark.django_db
def test_within_km_filters_and_sorts_in_the_database():
    make_commune("Loin", latitude=48.1, longitude=0.9)
    make_commune("Là", latitude=ARGENTAN[0], longitude=ARGENTAN[1])
    make_commune("Près", latitude=48.75, longitude=-0.02)

    near = Commune.objects.annotate(km=GreatCircleKm("latitude", "longitude", *ARGENTAN)).filter(km__lte=10)

    assert [commune.name for commune in near.order_by("km")] == ["Là", "Près"]


@pytest.mark.django_db
def test_an_expression_may_stand_for_any_argument():
    make_commune("Là", latitude=ARGENTAN[0], longitude=ARGENTAN[1])
    latitude = Value(ALENCON[0], output_field=FloatField())

    km = Commune.objects.annotate(km=GreatCircleKm("latitude", "longitude", latitude, ALENCON[1])).get().km

    assert km == pytest.approx(35.7, rel=2e-3)


@pytest.mark.parametrize(
    ("km", "minutes"),
    [(0, 0), (0.49, 0), (0.5, 5), (3.52, 5), (3.53, 10), (10, 15), (10.58, 20), (35, 50), (100, 145)],
)
def test_a_drive_is_estimated_in_steps_of_five_minutes(km, minutes):
    assert drive_minutes(km) == minutes


@pytest.mark.parametrize(
    ("km", "label"),
    [
        (0.1, ""),
        (10, "environ 15\u00a0min en voiture (estimation)"),
        (42, "environ 1\u00a0h en voiture (estimation)"),
        (100, "environ 2\u00a0h\u00a025 en voiture (estimation)"),
    ],
)
def test_an_estimate_says_that_it_is_one(km, label):
    assert drive_label(km) == label
