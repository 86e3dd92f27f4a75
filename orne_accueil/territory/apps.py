from django.apps import AppConfig


class TerritoryConfig(AppConfig):
    name = "orne_accueil.territory"
    label = "territory"
    verbose_name = "Territoire"
