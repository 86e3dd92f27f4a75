"""Writes reproducible volume data, for benchmarks."""

from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from coworking.management.seed import Volume, seed
from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError
from orne_accueil.common.text import NBSP

LATER = {"listings": "logements", "searches": "recherches enregistrées"}


class Command(BaseCommand):
    help = (
        "Écrit des données de volume, reproductibles, pour les mesures : à densité égale, 10 000 réservations donnent "
        "60 salles sur un an, 1 000 000 en donnent 600 sur dix ans."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bookings", type=_count, default=10_000, metavar="N", help="réservations (10 000)")
        parser.add_argument("--rooms", type=_count, metavar="N", help="salles (selon la densité)")
        parser.add_argument("--spaces", type=_count, metavar="N", help="espaces (un pour trois salles)")
        parser.add_argument(
            "--years", type=_count, metavar="N", help="années d’histoire (1, ou 10 à partir de 100 000)"
        )
        parser.add_argument("--seed", type=int, default=61, metavar="N", help="graine du hasard (61)")
        for name, words in LATER.items():
            parser.add_argument(f"--{name}", type=int, default=0, metavar="N", help=f"{words} : pas encore")
        parser.add_argument("--yes-i-know", action="store_true", help="Écrire aussi dans une base de production.")

    def handle(self, *args: Any, **options: Any) -> None:
        for name, words in LATER.items():
            if options[name]:
                raise CommandError(f"--{name}{NBSP}: pas encore, les {words} n’existent pas.")
        if not options["yes_i_know"] and not _is_safe():
            raise CommandError(
                "Cette base n’est ni de développement ni de test : des données inventées s’y mêleraient aux vraies. "
                "Si c’est bien ce que vous voulez, ajoutez --yes-i-know."
            )
        start = perf_counter()
        wanted = {name: options[name] for name in ("rooms", "spaces", "years", "seed")}
        say = self.stdout.write if options["verbosity"] else lambda text: None
        try:
            seed(Volume.of(options["bookings"], **wanted), at=clock.now(), say=say)
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        say(f"Écrit et analysé en {perf_counter() - start:.0f}{NBSP}s.")


def _is_safe() -> bool:
    name = str(connection.settings_dict["NAME"])
    return bool(settings.DEBUG) or name.startswith(("test_", "bench_"))


def _count(text: str) -> int:
    number = int(text.replace("_", ""))
    if number < 1:
        raise ValueError
    return number
