#!/usr/bin/env python
"""Django's command line for orne_accueil."""

import os
import sys

# They read the settings and touch no data: no engine is started for them.
WITHOUT_ENGINES = {"help", "version", "--help", "-h", "--version", "collectstatic", "findstatic"}


def main() -> None:
    """Run the command. A setting or an engine that fails is one line, not a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orne_accueil.settings.dev")
    if len(sys.argv) < 2 or sys.argv[1] in WITHOUT_ENGINES:
        os.environ.setdefault("ORNE_WITHOUT_ENGINES", "1")
    if sys.argv[1:2] != ["runserver"]:
        os.environ.setdefault("ORNE_PROCESS", "command")  # no web page's statement timeout

    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.core.management.base import CommandParser, handle_default_options

    parser = CommandParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--settings")
    parser.add_argument("--pythonpath")
    handle_default_options(parser.parse_known_args(sys.argv[1:])[0])

    try:
        settings.configured or settings.INSTALLED_APPS  # noqa: B018 - reading one loads them all
    except ImproperlyConfigured as error:
        raise SystemExit(f"Erreur : {error}") from None
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
