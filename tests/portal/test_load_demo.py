"""Where the demonstration may be loaded: nowhere by accident."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from orne_accueil.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("options", [(), ("--force",)])
def test_the_command_loads_nothing_outside_the_demonstration(options: tuple[str, ...]) -> None:
    call_command("load_territory", stdout=StringIO())

    with pytest.raises(CommandError, match="make demo"):
        call_command("load_demo", *options)

    assert not User.objects.exists()


def test_the_command_tells_what_it_did() -> None:
    call_command("load_territory", stdout=StringIO())
    output = StringIO()

    with override_settings(DEMO=True):
        call_command("load_demo", stdout=output)

    assert "23 espaces" in output.getvalue()


def test_without_communes_the_command_says_what_to_do_first() -> None:
    with override_settings(DEMO=True), pytest.raises(CommandError, match="load_territory"):
        call_command("load_demo")
