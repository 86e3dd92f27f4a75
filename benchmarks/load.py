"""The load: clients that keep their connection and their session, each in its thread, for a bounded time."""

import itertools
import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

HOST = "bench.example"
CSRF = "c" * 32
"""Any secret of 32 letters is one that Django could have drawn: cookie and field must agree, and they do."""
TIMEOUT = 20.0


@dataclass(frozen=True)
class Request:
    """What one client sends, ready as bytes, and the status that means that it worked."""

    content: bytes
    expected: int = 200


def get(path: str, session: str, *, compressed: bool = False) -> Request:
    encoding = "Accept-Encoding: gzip\r\n" if compressed else ""
    return Request(f"GET {path} HTTP/1.1\r\n{_headers(session)}{encoding}\r\n".encode())


def post(path: str, session: str, body: str) -> Request:
    body = f"csrfmiddlewaretoken={CSRF}&{body}"
    head = (
        f"POST {path} HTTP/1.1\r\n{_headers(session)}Origin: https://{HOST}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return Request((head + body).encode(), expected=302)


def _headers(session: str) -> str:
    return (
        f"Host: {HOST}\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 127.0.0.1\r\nUser-Agent: bench\r\n"
        f"Connection: keep-alive\r\nCookie: __Host-sessionid={session}; __Host-csrftoken={CSRF}\r\n"
    )


@dataclass
class Measure:
    """What one run of the load found. Times in milliseconds."""

    name: str
    clients: int
    seconds: float
    times: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: int = 0
    web_ms: float = 0.0
    """Processor of the web processes, in all."""
    database_ms: float = 0.0
    """Processor of PostgreSQL's, in all."""

    @property
    def per_second(self) -> float:
        return len(self.times) / self.seconds

    @property
    def p50(self) -> float:
        return statistics.median(self.times) if self.times else 0.0

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.times, n=20)[-1] if len(self.times) > 1 else self.p50


class Connection:
    """One keep-alive connection, opened again when the server closes it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None

    def send(self, request: Request) -> int:
        """Send a request and read the whole answer; its status."""
        for attempt in (0, 1):
            try:
                return self._exchange(request)
            except (ConnectionError, EOFError):
                self.close()
                if attempt:
                    raise
        raise AssertionError("unreachable")

    def _exchange(self, request: Request) -> int:
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(request.content)
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._receive()
        head = received[:end].lower()
        missing = _length(head) - (len(received) - end - 4)
        while missing > 0:
            missing -= len(self._receive())
        if b"connection: close" in head:
            self.close()
        return int(head[9:12])

    def _receive(self) -> bytes:
        assert self.socket is not None
        part = self.socket.recv(262_144)
        if not part:
            raise EOFError
        return part

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def _length(head: bytes) -> int:
    _, found, rest = head.partition(b"content-length:")
    if not found:
        raise RuntimeError(f"an answer without its length: {head[:200]!r}")
    return int(rest.split(b"\r\n", 1)[0])


def run(
    name: str, port: int, requests: Sequence[Iterator[Request]], *, seconds: float, warm_up: float = 0.3
) -> Measure:
    """One client per iterator, all starting together after a warm-up, for that long or until requests run out."""
    measure = Measure(name, clients=len(requests), seconds=seconds)
    start = threading.Barrier(len(requests) + 1)
    results: list[tuple[list[float], Counter[int], int, float]] = []

    def client(mine: Iterator[Request]) -> None:
        connection = Connection(port)
        times: list[float] = []
        statuses: Counter[int] = Counter()
        failures = 0
        _until(time.perf_counter() + warm_up, connection, mine)
        start.wait()
        deadline = time.perf_counter() + seconds
        for request in mine:
            began = time.perf_counter()
            if began >= deadline:
                break
            try:
                status = connection.send(request)
            except OSError:
                failures += 1
                connection.close()
                continue
            ended = time.perf_counter()
            statuses[status] += 1
            if status == request.expected:
                times.append((ended - began) * 1000)
            else:
                failures += 1
        results.append((times, statuses, failures, time.perf_counter()))
        connection.close()

    threads = [threading.Thread(target=client, args=(mine,), daemon=True) for mine in requests]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    measure.seconds = max(ended for *_, ended in results) - began
    for times, statuses, failures, _ in results:
        measure.times += times
        measure.statuses += statuses
        measure.failures += failures
    return measure


def _until(deadline: float, connection: Connection, requests: Iterator[Request]) -> None:
    while time.perf_counter() < deadline:
        request = next(requests, None)
        if request is None:
            return
        connection.send(request)


def forever(make: Callable[[int], Request], count: int) -> Iterator[Request]:
    """The same requests round and round, made once."""
    return itertools.cycle([make(number) for number in range(count)])
