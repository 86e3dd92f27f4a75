"""Imports spaces from a file in the national « Lieux de médiation numérique » format."""

from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from coworking.actions import ImportReport, import_spaces
from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError
from orne_accueil.common.text import NBSP


class Command(BaseCommand):
    help = (
        "Importe les espaces d’un fichier CSV au format national « Lieux de médiation numérique ». "
        "Chaque ligne refusée est dite, avec son numéro et pourquoi, et le reste est importé. "
        "Relancer l’import ne change que ce qui a changé ; ce que l’équipe a modifié est gardé."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FICHIER.csv")
        parser.add_argument(
            "--strict",
            action="store_true",
            help="Finir en échec (code 1) si une ligne a été refusée : pour une tâche planifiée.",
        )

    def handle(self, *args: Any, file: Path, strict: bool, **options: Any) -> None:
        start = perf_counter()
        try:
            report = import_spaces(file.read_bytes(), by=None, at=clock.now())
        except OSError as error:
            raise CommandError(f"Impossible de lire {file} ({error.strerror}).") from error
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        self._tell(report, file, perf_counter() - start, loud=options["verbosity"] > 0)
        if strict and report.refused:
            raise CommandError(f"{len(report.refused)} ligne(s) refusée(s).")

    def _tell(self, report: ImportReport, file: Path, seconds: float, *, loud: bool) -> None:
        if loud:
            self.stdout.write(f"{file.name}{NBSP}: {report.encoding}, séparateur {report.separator}.")
        for refusal in report.refused:
            self.stdout.write(self.style.ERROR(f"Refusée. {refusal}"))
        if not loud:
            return
        for note in [*report.blocked, *report.kept, *report.notices]:
            self.stdout.write(str(note))
        self.stdout.write(self.style.SUCCESS(f"{report.summary} ({seconds:.1f}{NBSP}s)"))
