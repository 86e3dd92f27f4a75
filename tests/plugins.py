"""Detectors of the whole suite: loaded by conftest, they fail whichever test trips them.

- a socket to anything but loopback or a local file: the suite needs no network;
- a template that shows a variable nobody gave it;
- warnings are errors and the order is random: pyproject.toml says so.
"""

import inspect
import ipaddress
import os
import shutil
import socket
from collections.abc import Iterator
from typing import Any

import pytest

# --- No network ---


class NetworkRefused(RuntimeError):
    """A test tried to reach another machine."""


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a path: a Unix socket
    host = address[0]
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Refuse every connection and every name lookup that leaves this machine."""
    patch = pytest.MonkeyPatch()

    def guarded(name: str) -> None:
        original = getattr(socket.socket, name)

        def call(self: socket.socket, address: Any, *rest: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address):
                raise NetworkRefused(f"A test tried to reach {address!r}.")
            return original(self, address, *rest)

        patch.setattr(socket.socket, name, call)

    guarded("connect")
    guarded("connect_ex")
    lookup = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in (None, socket.gethostname()) and not _is_local((name, 0)):
            raise NetworkRefused(f"A test tried to look up {name!r}.")
        return lookup(host, *args, **kwargs)

    patch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield
    patch.undo()


# --- Every variable of a template exists ---


class UndefinedVariable(AssertionError):
    """A template showed a variable that its context does not hold."""


class _Shout(str):
    """Django asks for string_if_invalid % variable wherever one is missing: this one raises."""

    __slots__ = ()

    def __contains__(self, key: object) -> bool:
        return key == "%s"

    def __mod__(self, variable: object) -> str:
        if _from_a_library():
            return ""
        raise UndefinedVariable(f"Undefined template variable: {variable}")


def _from_a_library() -> bool:
    """Whether the template being rendered is not ours: Django's and allauth's lean on silent variables."""
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name == "render_annotated":
            origin = getattr(frame.f_locals.get("self"), "origin", None)
            return f"{os.sep}site-packages{os.sep}" in str(getattr(origin, "name", ""))
        frame = frame.f_back
    return False


@pytest.fixture(autouse=True, scope="session")
def undefined_variables_raise() -> Iterator[None]:
    """A missing variable is an error in our templates. `{% if x %}` and `{{ x|default:… }}` stay allowed."""
    from django.conf import settings
    from django.template import defaultfilters, engines
    from django.template.base import FilterExpression

    resolve = FilterExpression.resolve

    def lenient_resolve(self: Any, context: Any, ignore_failures: bool = False) -> Any:
        has_default = bool(self.filters) and self.filters[0][0] is defaultfilters.default
        return resolve(self, context, ignore_failures or has_default)

    patch = pytest.MonkeyPatch()
    shout = _Shout("%s")
    patch.setattr(engines["django"].engine, "string_if_invalid", shout)
    # A test that changes DEBUG or TEMPLATES has the engine built anew, from the settings: it must shout too.
    patch.setitem(settings.TEMPLATES[0]["OPTIONS"], "string_if_invalid", shout)
    patch.setattr(FilterExpression, "resolve", lenient_resolve)
    yield
    patch.undo()


# --- No silent skip of the browser ---


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Chromium the browser journeys are skipped, with the reason; ORNE_REQUIRE_BROWSER=1 (CI) fails them."""
    if shutil.which("chromium") or os.environ.get("ORNE_REQUIRE_BROWSER") == "1":
        return
    reason = "Chromium is not installed: `make test` installs it as root on Debian, or install the package chromium"
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=reason))
