"""A worker with one more task, which writes what its database connection was told into a file."""

import os
from pathlib import Path

from django.db import connection

from orne_accueil.celery import app


@app.task(name="tests.probe_timeouts")
def probe_timeouts(path: str) -> None:
    values = []
    with connection.cursor() as cursor:
        for name in ("statement_timeout", "lock_timeout"):
            cursor.execute(f"SHOW {name}")
            values.append(cursor.fetchone()[0])
    draft = Path(path).with_suffix(".draft")
    draft.write_text(f"{os.getpid()} {' '.join(values)}")
    draft.rename(path)
