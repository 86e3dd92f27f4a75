"""Exports spaces in the national « Lieux de médiation numérique » format."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from coworking.models import Space
from coworking.selectors import national_lines


class Command(BaseCommand):
    help = (
        "Écrit les espaces publiés au format national « Lieux de médiation numérique » (CSV, UTF-8), "
        "dans un fichier ou sur la sortie."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", metavar="FICHIER.csv")
        parser.add_argument("--all", action="store_true", help="Aussi les espaces que le public ne voit pas.")

    def handle(self, *args: Any, file: Path | None, **options: Any) -> None:
        lines = national_lines(Space.objects.all() if options["all"] else None)
        if file is None:
            self.stdout.write("".join(lines), ending="")
            return
        try:
            # Whole or not at all: whoever reads the file meanwhile reads the previous one.
            draft = file.with_name(f".{file.name}.part")
            with draft.open("w", encoding="utf-8", newline="") as output:
                output.writelines(lines)
            draft.replace(file)
        except OSError as error:
            raise CommandError(f"Impossible d’écrire {file} ({error.strerror}).") from error
