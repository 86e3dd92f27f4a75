"""The demo's mail server: takes every message on loopback and keeps it in a folder that /demo/courrier/ shows.

python -m orne_accueil.portal.demo.smtp_sink PORT FOLDER
"""

import asyncio
import itertools
import os
import signal
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from orne_accueil.common.clock import now

HOST = "127.0.0.1"
KEPT = 500
"""How many messages stay in the folder: the oldest go."""

LARGEST = 10 * 1024 * 1024


class Sink:
    """Writes each message as one .eml file; names sort by arrival."""

    def __init__(self, folder: Path, *, kept: int = KEPT) -> None:
        self._folder = folder
        self._kept = kept
        self._numbers = itertools.count(1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        try:
            name = self.store(envelope.content)
        except OSError as error:
            return f"452 4.3.1 {error.strerror}"
        return f"250 2.0.0 Ok: {name}"

    def store(self, content: bytes) -> str:
        """Write the message whole or not at all, and return its name. A reader never sees half of one."""
        name = f"{now():%Y%m%dT%H%M%S}-{next(self._numbers):06}-{os.getpid()}"
        draft = self._folder / f".{name}.draft"
        draft.write_bytes(content)
        draft.replace(self._folder / f"{name}.eml")
        self._forget_oldest()
        return name

    def _forget_oldest(self) -> None:
        for path in sorted(self._folder.glob("*.eml"))[: -self._kept]:
            path.unlink(missing_ok=True)


async def serve(port: int, folder: Path) -> None:
    """Listen until SIGTERM or SIGINT."""
    folder.mkdir(parents=True, exist_ok=True)
    for draft in folder.glob(".*.draft"):  # a kill -9 in the middle of one
        draft.unlink(missing_ok=True)
    sink = Sink(folder)
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)

    def conversation() -> SMTP:
        return SMTP(sink, data_size_limit=LARGEST, enable_SMTPUTF8=True, loop=loop)

    async with await loop.create_server(conversation, HOST, port):
        await stopped.wait()


def main(port: int, folder: Path) -> None:
    """Run the server; one clear line and code 1 when the port is taken or the folder cannot be written."""
    try:
        asyncio.run(serve(port, folder))
    except OSError as error:
        print(  # noqa: T201  # a command's own words
            f"Le courrier de la démonstration ne peut pas démarrer (port {port}, dossier {folder}) : {error.strerror}.",
            file=sys.stderr,
        )
        raise SystemExit(1) from error


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
