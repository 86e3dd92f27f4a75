"""Loads communes, EPCI, stations and contours from the official files."""

from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from orne_accueil.common import clock
from orne_accueil.common.errors import DomainError
from orne_accueil.common.text import NBSP
from orne_accueil.territory.actions import LoadReport, load_territory
from orne_accueil.territory.official_files import FilesRefused

DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / "data"


class Command(BaseCommand):
    help = (
        "Charge les communes, les EPCI, les gares et les contours depuis les fichiers officiels d’un dossier "
        "(communes_*.csv, communes_*.geojson, gares_*.csv). Rien n’est chargé si une ligne est en défaut."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder",
            nargs="?",
            type=Path,
            default=DEFAULT_FOLDER,
            metavar="DIR",
            help="Le dossier des fichiers (par défaut, ceux de l’Orne).",
        )

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        start = perf_counter()
        self.stdout.write(f"Lecture de {folder} …")
        try:
            report = load_territory(folder, at=clock.now())
        except FilesRefused as refusal:
            for problem in refusal.problems:
                self.stderr.write(str(problem))
            self._refuse(refusal)
        except DomainError as refusal:
            self._refuse(refusal)
        else:
            self._tell(report, perf_counter() - start)

    def _refuse(self, refusal: DomainError) -> None:
        self.stderr.write(self.style.ERROR(str(refusal)))
        raise SystemExit(1)

    def _tell(self, report: LoadReport, seconds: float) -> None:
        for what, count in report.counts.items():
            parts = [
                f"{figure} {one if figure == 1 else many}"
                for figure, one, many in [
                    (count.created, "ajout", "ajouts"),
                    (count.updated, "mise à jour", "mises à jour"),
                    (count.removed, "retrait", "retraits"),
                    (count.unchanged, "sans changement", "sans changement"),
                ]
                if figure
            ]
            self.stdout.write(f"  {what}{NBSP}: {', '.join(parts) or 'aucun changement'}")
        for remark in report.remarks:
            self.stdout.write(f"  À noter{NBSP}: {remark}")
        total = f"{report.changes} changements" if report.changes > 1 else f"{report.changes} changement"
        self.stdout.write(self.style.SUCCESS(f"Territoire chargé{NBSP}: {total}, {seconds:.1f} s."))
