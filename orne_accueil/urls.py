"""Every public address. French, stable: the outside relies on them (design, section 4)."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("orne_accueil.portal.urls")),
    path("", include("coworking.urls")),
    path("compte/", include("orne_accueil.accounts.urls")),
    path("admin/", admin.site.urls),
]
