"""Every public address. French, stable: the outside relies on them (design, section 4)."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.static import serve

from orne_accueil.accounts.views import unsubscribe

urlpatterns = [
    path("", include("orne_accueil.portal.urls")),
    path("", include("coworking.urls")),
    path("compte/", include("orne_accueil.accounts.urls")),
    path("courriers/desinscription/<str:token>/", unsubscribe, name="unsubscribe"),
    path("admin/", admin.site.urls),
]

if settings.DEBUG or settings.DEMO:  # in production, the TLS front or the media store gives the photos
    urlpatterns += [path("media/<path:path>", serve, {"document_root": settings.MEDIA_ROOT})]
