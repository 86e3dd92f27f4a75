"""One user of the embedded engines: starts them, says so, keeps them until its standard input closes."""

import sys
from pathlib import Path

from orne_accueil import embedded


def main(data_dir: Path) -> None:
    import psycopg

    address = embedded.postgres_url(data_dir)
    broker = embedded.redis_url(data_dir)
    with psycopg.connect(address.replace("postgres://", "postgresql://")) as connection:
        (version,) = connection.execute("SHOW server_version").fetchone()
    print("ready", version, broker, flush=True)  # noqa: T201 - to the test that waits for it
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
