from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "orne_accueil.portal"
    label = "portal"
    verbose_name = "Portail"
