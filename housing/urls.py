"""Public addresses."""

from django.urls import URLPattern, URLResolver

app_name = "housing"
urlpatterns: list[URLPattern | URLResolver] = []
