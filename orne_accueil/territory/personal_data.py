"""The territory holds nothing about anybody: public places and official files."""

from orne_accueil.common.personal_data import nothing_personal

from .models import Commune, Contour, DataFile, Epci, Landmark, NearestLandmark

OFFICIAL = "Données officielles publiées, tant qu’elles le sont."

for model in (Epci, Commune, Contour, DataFile, Landmark, NearestLandmark):
    nothing_personal(model, why=OFFICIAL)
