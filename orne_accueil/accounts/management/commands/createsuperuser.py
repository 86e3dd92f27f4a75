"""The coordinator creates herself: an address, a name, and a password if she wants one."""

import getpass
import os
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from orne_accueil.accounts import actions
from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError


class Command(BaseCommand):
    """Replaces Django's: our accounts have no user name, and a Person behind them.

    Without a password she signs in with a code sent to her address. `--noinput` takes the password from
    DJANGO_SUPERUSER_PASSWORD, if set.
    """

    help = "Crée le compte de la coordination : adresse, nom, mot de passe facultatif."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", help="Son adresse e-mail.")
        parser.add_argument("--name", help="Son prénom et son nom.")
        parser.add_argument("--noinput", "--no-input", action="store_false", dest="interactive")

    def handle(self, *args: Any, email: str | None, name: str | None, interactive: bool, **options: Any) -> None:
        if interactive:
            email = email or self.ask("Adresse e-mail")
            name = name or self.ask("Prénom et nom")
            password = self.ask_password(email)
        else:
            password = os.environ.get("DJANGO_SUPERUSER_PASSWORD")
        if not email or not name:
            raise CommandError("Donnez --email et --name.")
        try:
            person = actions.create_coordinator(email=email, name=name, password=password, at=clock.now())
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        how = "son mot de passe ou un code" if password else "un code reçu par courrier"
        self.stdout.write(f"{person.display_name} coordonne désormais, et se connecte à /compte/login/ avec {how}.")

    def ask(self, question: str) -> str:
        while not (answer := input(f"{question}\u00a0: ").strip()):
            pass
        return answer

    def ask_password(self, email: str) -> str | None:
        """Twice the same, or nothing at all."""
        while True:
            password = getpass.getpass("Mot de passe (vide pour s’en passer)\u00a0: ")
            if not password:
                return None
            try:
                validate_password(password)
            except ValidationError as error:
                self.stderr.write("\n".join(error.messages))
                continue
            if getpass.getpass("Encore une fois\u00a0: ") == password:
                return password
            self.stderr.write("Les deux diffèrent.")
