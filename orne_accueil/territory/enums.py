"""Values settled before the first migration."""

from django.db import models


class EpciKind(models.TextChoices):
    """The four sorts of intercommunal body with its own taxes, as INSEE abbreviates them."""

    CC = "CC", "communauté de communes"
    CA = "CA", "communauté d’agglomération"
    CU = "CU", "communauté urbaine"
    METROPOLE = "METRO", "métropole"


CONTOURS_FILE = "communes.geojson"


class LandmarkKind(models.TextChoices):
    """What one wants to live near: each commune knows its nearest one of each kind."""

    STATION = "station", "gare"
    SPACE = "space", "espace de travail"
