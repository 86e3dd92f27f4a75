"""The reference's two addresses."""

from datetime import date

from django.urls import path, register_converter

from . import views


class DayConverter:
    """An ISO day in an address."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        return value.isoformat()


register_converter(DayConverter, "day")

urlpatterns = [
    path("sites/<int:site>/<day:monday>/", views.week),
    path("book/", views.book),
]
