"""Distances on the globe, in Python and in SQL, without a GIS extension.

Against the WGS 84 ellipsoid a sphere is off by at most 0.56 %: 50 m on the 9 km between a village and its
station.
"""

from math import asin, ceil, cos, radians, sin, sqrt

from django.db.models import Expression, F, FloatField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import ASin, Cos, Least, Power, Radians, Sin, Sqrt

from orne_accueil.common.text import NBSP

EARTH_RADIUS_KM = 6371.0088  # mean radius R1 of the IUGG

ROAD_DETOUR = 1.3
ROAD_SPEED_KM_H = 55


def great_circle_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Kilometres between two positions in degrees, as the crow flies (haversine)."""
    half_chord = (
        sin(radians(lat2 - lat1) / 2) ** 2
        + cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(half_chord)))


def _number(value: str | float | Combinable) -> Combinable:
    if isinstance(value, str):
        return F(value)
    return value if isinstance(value, Combinable) else Value(float(value), output_field=FloatField())


def GreatCircleKm(  # named as the expression it builds
    lat1: str | float | Combinable,
    lon1: str | float | Combinable,
    lat2: str | float | Combinable,
    lon2: str | float | Combinable,
) -> Expression:
    """The same kilometres as an expression for annotate(), filter() and order_by().

    Each argument is a field's name, an expression, or a number of degrees:
    `communes.annotate(km=GreatCircleKm("latitude", "longitude", 48.744, -0.017)).filter(km__lte=10)`.
    """
    lat1, lon1, lat2, lon2 = (_number(value) for value in (lat1, lon1, lat2, lon2))
    half_chord = Power(Sin(Radians(lat2 - lat1) / 2.0), 2) + Cos(Radians(lat1)) * Cos(Radians(lat2)) * Power(
        Sin(Radians(lon2 - lon1) / 2.0), 2
    )
    angle = ASin(Least(Value(1.0, output_field=FloatField()), Sqrt(half_chord)))
    return Value(2 * EARTH_RADIUS_KM, output_field=FloatField()) * angle


def drive_minutes(km: float) -> int:
    """An *estimate* of the minutes by car for a distance as the crow flies: a multiple of 5, 0 within 500 m.

    Roads are taken as 1.3 times longer than the crow's flight, a usual detour index for road networks
    (F. Héran, « Des distances à vol d'oiseau aux distances réelles », Flux n° 76-77, 2009), and driven at
    55 km/h, our own assumption for the bocage's small roads, villages included. Nothing was measured: always
    show it with the word « estimation ».
    """
    if km < 0.5:
        return 0
    return 5 * ceil(round(km * ROAD_DETOUR / ROAD_SPEED_KM_H * 60 / 5, 9))


def drive_label(km: float) -> str:
    """« environ 15 min en voiture (estimation) », or an empty string when there is nothing to drive."""
    minutes = drive_minutes(km)
    if not minutes:
        return ""
    if minutes < 60:
        return f"environ {minutes}{NBSP}min en voiture (estimation)"
    hours, rest = divmod(minutes, 60)
    tail = f"{NBSP}{rest:02d}" if rest else ""
    return f"environ {hours}{NBSP}h{tail} en voiture (estimation)"
