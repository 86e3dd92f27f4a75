"""Addresses of the portal."""

from django.urls import URLPattern, URLResolver, path

from .views import communes, data, health, home, pages

app_name = "portal"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("mentions-legales/", pages.legal, name="legal"),
    path("accessibilite/", pages.accessibility, name="accessibility"),
    path("donnees-personnelles/", pages.privacy, name="privacy"),
    path("composants/", pages.gallery, name="gallery"),
    path("composants/feuille-du-jour/", pages.sample_day_sheet, name="gallery-day-sheet"),
    path("sante/", health.health, name="health"),
    path("sante/pret/", health.ready, name="ready"),
    path("communes/", communes.communes, name="communes"),
    path("communes/suggestions/", communes.suggestions, name="commune-suggestions"),
    path("communes/<str:code_insee>/", communes.commune, name="commune"),
    path("donnees/communes.geojson", data.communes_geojson, name="communes-geojson"),
]
