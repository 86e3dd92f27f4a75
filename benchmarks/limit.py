"""The limit: raw inserts under the same constraint, a commit each, and nothing else."""

import itertools
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg

from .load import Measure

INSERT = "INSERT INTO limit_booking VALUES (%s, tstzrange(%s, %s), true)"
_hours = itertools.count()


def inserts(url: str, clients: int, *, seconds: float) -> Measure:
    """As many inserts as these connections can commit in that time."""
    measure = Measure("insertions nues", clients, seconds)
    start = threading.Barrier(clients + 1)
    times: list[float] = []

    def client(slots: Iterator[tuple[int, datetime]]) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            start.wait()
            deadline = time.perf_counter() + seconds
            while (began := time.perf_counter()) < deadline:
                unit, hour = next(slots)
                connection.execute(INSERT, [unit, hour, hour + timedelta(hours=1)])
                times.append((time.perf_counter() - began) * 1000)

    threads = [threading.Thread(target=client, args=(_free(number),), daemon=True) for number in range(clients)]
    for thread in threads:
        thread.start()
    start.wait()
    for thread in threads:
        thread.join()
    measure.times = times
    return measure


def _free(client: int) -> Iterator[tuple[int, datetime]]:
    """Hours of years to come, over fifty units of this client's own."""
    first = datetime(2100, 1, 1, tzinfo=UTC) + timedelta(hours=next(_hours) * 100_000)
    for number in itertools.count():
        yield client * 50 + number % 50, first + timedelta(hours=number)
