"""Values settled before the first migration."""

from django.db import models


class OrganisationKind(models.TextChoices):
    """Who takes part in the welcome, as the founding note names them."""

    COMMUNE = "commune", "Commune"
    CDC = "cdc", "Communauté de communes ou d’agglomération"
    DEPARTEMENT = "departement", "Département"
    REGION = "region", "Région"
    CHAMBER = "chamber", "Chambre consulaire"
    ECHANGEUR = "echangeur", "Échangeur"
    EPN = "epn", "Structure d’un EPN"
    TIERS_LIEU = "tiers_lieu", "Tiers-lieu"
    SCHOOL = "school", "École ou organisme de formation"
    ASSOCIATION = "association", "Association"
    ESTATE_AGENCY = "estate_agency", "Agence immobilière"
    NOTARY = "notary", "Étude de notaire"
    LANDLORD = "landlord", "Bailleur social"
    COMPANY = "company", "Entreprise"
    EDITOR = "editor", "Éditeur du service"
    OTHER = "other", "Autre"
