"""The admin shows the territory and changes nothing."""

import pytest

from tests.factories import make_commune, make_epci
from tests.factories_territory import make_station

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client_for, coordinator):
    """A browser signed in as the coordinator, in front of two communes and a station."""
    sees = make_commune("Sées", code_insee="61464", postal_codes=["61500"], epci=make_epci())
    make_commune("Argentan", code_insee="61006")
    make_station("Sées", commune=sees)
    return client_for(coordinator)


@pytest.mark.parametrize("asked", ["sees", "SÉES", "61464", "61500"])
def test_a_commune_is_found_as_people_type_it(staff, asked):
    page = staff.get("/admin/territory/commune/", {"q": asked}).content.decode()

    assert "Sées" in page
    assert "Argentan" not in page


@pytest.mark.parametrize("model", ["commune", "epci", "landmark"])
def test_nothing_of_the_territory_is_typed_in_the_admin(staff, model):
    assert staff.get(f"/admin/territory/{model}/").status_code == 200
    assert staff.get(f"/admin/territory/{model}/add/").status_code == 403


@pytest.mark.parametrize("model", ["commune", "epci", "landmark"])
def test_every_row_can_be_looked_at_and_not_saved(staff, model):
    from django.apps import apps

    address = f"/admin/territory/{model}/{apps.get_model('territory', model).objects.first().pk}/change/"

    assert staff.get(address).status_code == 200
    assert staff.post(address, {"name": "Ailleurs"}).status_code == 403
    assert staff.post(address.replace("change", "delete"), {"post": "yes"}).status_code == 403
