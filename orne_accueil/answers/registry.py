"""Which models wait for an answer, under which policy, and who acts when nobody does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.core.exceptions import ImproperlyConfigured

from .models import Answerable
from .rules import Policy


class Handler(Protocol):
    """What a step does: tell somebody, or close the request. Runs inside the sweep's transaction, row locked.

    It may call actions, which must then not insist on opening the outermost transaction (`durable`).
    """

    def __call__(self, row: Any, /, *, at: Any) -> object: ...


@dataclass(frozen=True)
class Registration:
    """`lock` takes what the domain's writers take first (a space's advisory lock), before the row itself."""

    model: type[Answerable]
    policy: Policy
    handlers: Mapping[str, Handler]
    lock: Callable[[Any], object] | None = None
    select_related: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return str(self.model._meta.verbose_name)


_registrations: dict[type[Answerable], Registration] = {}


def register(
    model: type[Answerable],
    policy: Policy,
    handlers: Mapping[str, Handler],
    *,
    lock: Callable[[Any], object] | None = None,
    select_related: tuple[str, ...] = (),
) -> None:
    """Say who acts for a model, in AppConfig.ready(): every step of its policy needs its handler, by name.

    A model whose requests carry a limit also needs the handler that the policy names `closing`.
    """
    if model.policy != policy:
        raise ImproperlyConfigured(f"{model._meta.label}.policy is another policy than {policy.kind}.")
    if missing := policy.names - handlers.keys():
        raise ImproperlyConfigured(f"{model._meta.label} has no handler for {', '.join(sorted(missing))}.")
    _registrations[model] = Registration(model, policy, dict(handlers), lock, select_related)


def registration_of(model: type[Answerable]) -> Registration:
    """Under which policy a model stands. Raises ImproperlyConfigured when it was never registered."""
    try:
        return _registrations[model]
    except KeyError:
        raise ImproperlyConfigured(
            f"{model._meta.label} waits for answers and is under no policy: call answers.registry.register."
        ) from None


def registrations() -> list[Registration]:
    """Every registration, by model label."""
    return sorted(_registrations.values(), key=lambda registration: registration.model._meta.label)
