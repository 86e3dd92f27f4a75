"""Every public address. French, stable: the outside relies on them (design, section 4)."""

from django.contrib import admin
from django.urls import include, path

from orne_accueil.accounts.views import unsubscribe

urlpatterns = [
    path("", include("orne_accueil.portal.urls")),
    path("", include("coworking.urls")),
    path("compte/", include("orne_accueil.accounts.urls")),
    path("courriers/desinscription/<str:token>/", unsubscribe, name="unsubscribe"),
    path("admin/", admin.site.urls),
]
