from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "orne_accueil.common"
    label = "common"
    verbose_name = "Socle"
