"""When to try again, and the sentences that say why a message waits."""

from datetime import timedelta
from typing import Any

import pytest

from orne_accueil.outbox import rules
from orne_accueil.outbox.enums import State

from .conftest import AT

DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("attempts", "age", "relay_down", "delay"),
    [
        (1, timedelta(), False, timedelta(seconds=10)),
        (2, timedelta(), False, timedelta(minutes=1)),
        (6, timedelta(), False, timedelta(hours=4)),
        (60, timedelta(), False, timedelta(hours=4)),
        (7, DAY - SECOND, False, timedelta(hours=4)),
        (7, DAY, False, None),
        (7, DAY, True, timedelta(seconds=30)),
        (1, 5 * DAY - SECOND, True, timedelta(seconds=30)),
        (1, 5 * DAY, True, None),
    ],
)
def test_backoff(attempts: int, age: timedelta, relay_down: bool, delay: timedelta | None) -> None:
    again = rules.next_attempt(attempts=attempts, first_attempt_at=AT - age, at=AT, relay_down=relay_down)
    assert again == (None if delay is None else AT + delay)


def explained(**changed: Any) -> str:
    facts: dict[str, Any] = {
        "state": State.PENDING,
        "at": AT,
        "send_after": AT,
        "next_attempt_at": AT,
        "expires_at": None,
        "sent_at": None,
        "attempts": 0,
        "last_error": "",
    }
    return rules.explain(**facts | changed).replace("\u00a0", " ")


LATER = AT + timedelta(hours=8)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"send_after": LATER}, "Attend son heure : le mardi 1er décembre à 18 h."),
        ({}, "Doit partir dans quelques secondes. S’il reste ici, le programme qui envoie est arrêté."),
        (
            {"attempts": 2, "next_attempt_at": LATER, "last_error": "Le serveur dort."},
            "Nouvel essai le mardi 1er décembre à 18 h, après 2 sans succès. Le serveur dort.",
        ),
        (
            {"state": State.SENDING, "next_attempt_at": LATER},
            "Envoi en cours. S’il s’interrompt, il reprend le mardi 1er décembre à 18 h.",
        ),
        (
            {"state": State.SENDING},
            "L’envoi a été interrompu : il reprend au prochain passage, avec le même Message-ID.",
        ),
        ({"state": State.SENT, "sent_at": AT}, "Parti le mardi 1er décembre à 10 h."),
        (
            {"state": State.EXPIRED, "expires_at": AT},
            "N’est pas parti à temps et ne vaut plus rien depuis le mardi 1er décembre à 10 h.",
        ),
        (
            {"state": State.DROPPED, "last_error": "Ce qu’il disait n’est plus vrai."},
            "N’est pas parti. Ce qu’il disait n’est plus vrai.",
        ),
        (
            {"state": State.FAILED, "last_error": "« 550 inconnue »."},
            "N’est pas parti, et ne sera pas réessayé sans vous. « 550 inconnue ».",
        ),
    ],
)
def test_why(changed: dict[str, Any], sentence: str) -> None:
    assert explained(**changed) == sentence


@pytest.mark.parametrize("state", State.values)
def test_every_state_has_its_sentence(state: str) -> None:
    assert explained(state=state).endswith(".")
