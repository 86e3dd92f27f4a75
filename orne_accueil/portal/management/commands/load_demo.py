"""Loads the demonstration: the Orne's EPN with made-up rooms, accounts, and a life around today."""

from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError
from orne_accueil.common.text import NBSP
from orne_accueil.portal.demo.load import load_demo


class Command(BaseCommand):
    help = (
        "Charge la démonstration : espaces, salles, comptes et réservations inventés. Relancée, elle garde ce qui a "
        "été fait et avance ses propres dates jusqu’à aujourd’hui."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="Aussi hors de la démonstration, en développement seulement."
        )

    def handle(self, *args: Any, force: bool, **options: Any) -> None:
        if not settings.DEMO and not (force and settings.DEBUG):
            raise CommandError(
                "Les comptes de la démonstration ont un mot de passe connu de tous : ils ne se chargent que par "
                "make demo, ou avec --force en développement."
            )
        start = perf_counter()
        try:
            report = load_demo(at=clock.now())
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        if options["verbosity"]:
            self.stdout.write(
                f"{report.spaces} espaces, {report.rooms} salles, {report.people} personnes{NBSP}; réservations"
                f"{NBSP}: {report.bookings.made} créées, {report.bookings.moved} avancées, "
                f"{report.bookings.standing} en place ({perf_counter() - start:.1f}{NBSP}s)."
            )
