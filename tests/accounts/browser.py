"""What a person does at the door, for the tests of several files."""

import re
from typing import Any

from django.core import mail
from django.http import HttpResponse
from django.test import Client

from orne_accueil.accounts.models import User

LOGIN = "/compte/login/"
ASK = "/compte/login/code/"
CONFIRM = "/compte/login/code/confirm/"


def code_sent_to(email: str) -> str:
    """The eight figures of the last mail to that address."""
    letter = next(letter for letter in reversed(mail.outbox) if email.lower() in letter.to[0])
    found = re.search(r"(\d{4})\s(\d{4})", letter.subject)
    assert found is not None, f"no code in « {letter.subject} »"
    return found.expand(r"\1\2")


def ask_code(client: Client, email: str, **extra: str) -> Any:
    return client.post(ASK, {"email": email} | extra)


def sign_in_by_code(client: Client, email: str, **extra: str) -> HttpResponse:
    ask_code(client, email, **extra)
    return client.post(CONFIRM, {"code": code_sent_to(email)} | extra)


def signed_in_as(client: Client) -> User | None:
    key = client.session.get("_auth_user_id")
    return User.objects.get(pk=key) if key else None
