"""The suite's own detectors, seen red."""

import socket

import pytest
from django.template import engines

from tests.plugins import NetworkRefused, UndefinedVariable


def render(source, **context):
    return engines["django"].from_string(source).render(context)


def test_another_machine_is_refused():
    with socket.socket() as client, pytest.raises(NetworkRefused):
        client.connect(("192.0.2.1", 80))


def test_a_name_lookup_is_refused():
    with pytest.raises(NetworkRefused):
        socket.create_connection(("example.org", 80))


def test_loopback_is_allowed():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


def test_an_undefined_variable_raises():
    with pytest.raises(UndefinedVariable, match="absent"):
        render("{{ absent }}")


def test_an_undefined_attribute_raises():
    with pytest.raises(UndefinedVariable, match=r"present\.absent"):
        render("{{ present.absent }}", present={})


@pytest.mark.parametrize("source", ["{% if absent %}x{% endif %}", "{{ absent|default:'' }}"])
def test_an_optional_variable_is_allowed(source):
    assert render(source) == ""
