from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "orne_accueil.places"
    label = "places"
    verbose_name = "Places limitées"
