"""Addresses of the portal."""

from django.urls import URLPattern, URLResolver, path

from .views import communes, data, health

app_name = "portal"
urlpatterns: list[URLPattern | URLResolver] = [
    path("sante/", health.health, name="health"),
    path("sante/pret/", health.ready, name="ready"),
    path("communes/", communes.communes, name="communes"),
    path("communes/suggestions/", communes.suggestions, name="commune-suggestions"),
    path("communes/<str:code_insee>/", communes.commune, name="commune"),
    path("donnees/communes.geojson", data.communes_geojson, name="communes-geojson"),
]
