"""The territory, to look at: it comes from the official files, and spaces write their own landmarks."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from orne_accueil.common.admin import ReadOnlyAdmin
from orne_accueil.common.text import NBSP

from .models import Commune, Epci, Landmark
from .rules import search_key


class FoldedSearch(ReadOnlyAdmin):
    """Search on the compared name: « sees » finds Sées."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, search_key(search_term))


@admin.register(Epci)
class EpciAdmin(ReadOnlyAdmin):
    list_display = ["name", "kind", "siren"]
    list_filter = ["kind"]
    search_fields = ["name", "siren"]


@admin.register(Commune)
class CommuneAdmin(FoldedSearch):
    list_display = ["name", "code_insee", "epci", "population"]
    list_filter = ["epci"]
    list_select_related = ["epci"]
    search_fields = ["folded_name", "code_insee", "postal_codes"]
    fields = [
        "name", "official_name", "code_insee", "siren", "epci", "postal_codes", "population", "latitude", "longitude",
        "mairie_address", "mairie_phone", "mairie_website", "hours",
    ]  # fmt: skip

    @admin.display(description="horaires de la mairie")
    def hours(self, commune: Commune) -> str:
        """As the public page says them."""
        return "\n".join(f"{line.days}{NBSP}: {line.hours}" for line in commune.hours_lines)


@admin.register(Landmark)
class LandmarkAdmin(FoldedSearch):
    list_display = ["name", "kind", "key", "commune"]
    list_filter = ["kind"]
    list_select_related = ["commune"]
    search_fields = ["folded_name", "key"]
