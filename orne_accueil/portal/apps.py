from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class PortalConfig(AppConfig):
    name = "orne_accueil.portal"
    label = "portal"
    verbose_name = "Portail"
    default = True


class BackOfficeConfig(admin_apps.AdminConfig):
    """Django's admin application, with our site as its default."""

    default_site = "orne_accueil.portal.back_office.BackOffice"
    default = False
