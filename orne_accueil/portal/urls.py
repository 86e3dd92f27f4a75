"""Addresses of the portal."""

from django.urls import URLPattern, URLResolver, path

from .views import communes, data, demo_mail, health, home, mairie, my_space, pages

app_name = "portal"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("mentions-legales/", pages.legal, name="legal"),
    path("accessibilite/", pages.accessibility, name="accessibility"),
    path("donnees-personnelles/", pages.privacy, name="privacy"),
    path("composants/", pages.gallery, name="gallery"),
    path("composants/feuille-du-jour/", pages.sample_day_sheet, name="gallery-day-sheet"),
    path("demo/courrier/", demo_mail.demo_mail, name="demo-mail"),
    path("demo/courrier/<slug:name>/", demo_mail.demo_mail_message, name="demo-mail-message"),
    path("demo/courrier/<slug:name>/html/", demo_mail.demo_mail_html, name="demo-mail-html"),
    path("demo/courrier/<slug:name>/piece/<int:number>/", demo_mail.demo_mail_attachment, name="demo-mail-attachment"),
    path("mon-espace/", my_space.my_space, name="my-space"),
    path("mairie/", mairie.index, name="mairie"),
    path("sante/", health.health, name="health"),
    path("sante/pret/", health.ready, name="ready"),
    path("communes/", communes.communes, name="communes"),
    path("communes/suggestions/", communes.suggestions, name="commune-suggestions"),
    path("communes/<str:code_insee>/", communes.commune, name="commune"),
    path("donnees/espaces.csv", data.spaces_csv, name="spaces-csv"),
    path("donnees/espaces.geojson", data.spaces_geojson, name="spaces-geojson"),
    path("donnees/communes.geojson", data.communes_geojson, name="communes-geojson"),
]
