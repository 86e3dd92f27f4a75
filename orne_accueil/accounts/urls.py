"""/compte/… : django-allauth's addresses, and ours beside them."""

from django.urls import include, path

urlpatterns = [
    path("", include("allauth.urls")),
]
