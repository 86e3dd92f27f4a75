"""The demo's mail server and its pages, from the SMTP conversation to the frame."""

import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from orne_accueil.outbox import actions
from orne_accueil.outbox.models import Message
from orne_accueil.portal.demo.smtp_sink import Sink

from .conftest import AT
from .letters import Enclosing, write


@pytest.fixture
def demo(settings: Any, tmp_path: Path) -> Path:
    settings.DEMO = True
    settings.DATA_DIR = tmp_path
    folder = tmp_path / "courrier"
    folder.mkdir()
    return folder


def letter(to: str = "lea@exemple.test", subject: str = "Réservé", **headers: str) -> bytes:
    mail = EmailMessage()
    mail["To"], mail["Subject"], mail["From"] = to, subject, "orne@exemple.test"
    mail["Date"] = "Tue, 01 Dec 2026 10:00:00 -0000"
    for name, value in headers.items():
        mail[name] = value
    mail.set_content("Bonjour <b>Léa</b>")
    mail.add_alternative(
        "<html><head></head><body><script>alert(1)</script><b>Bonjour</b></body></html>", subtype="html"
    )
    mail.add_attachment(b"BEGIN:VCALENDAR", maintype="text", subtype="calendar", filename="réservation.ics")
    return bytes(mail)


# --- Pages ---


@pytest.mark.parametrize("address", ["", "un-nom/", "un-nom/html/", "un-nom/piece/0/"])
def test_outside_the_demo_there_is_nothing(client: Client, demo: Path, settings: Any, address: str) -> None:
    (demo / "un-nom.eml").write_bytes(letter())
    settings.DEMO = False
    assert client.get(f"/demo/courrier/{address}").status_code == 404
    settings.DEMO = True
    assert client.get(f"/demo/courrier/{address}").status_code == 200


def test_an_empty_demo_says_what_to_do(client: Client, demo: Path) -> None:
    demo.rmdir()
    assert "Aucun message pour le moment" in client.get("/demo/courrier/").content.decode()


def test_the_newest_message_comes_first_and_one_finds_a_recipient(client: Client, demo: Path) -> None:
    sink = Sink(demo)
    for to, subject in [("Léa <lea@exemple.test>", "Un"), ("luc@exemple.test", "Deux"), ("lea@exemple.test", "Trois")]:
        sink.store(letter(to, subject))
    shown = client.get("/demo/courrier/").context["messages_list"]
    assert [line.subject for line in shown] == ["Trois", "Deux", "Un"]
    shown = client.get("/demo/courrier/?a=LÉA").context["messages_list"]
    assert [line.subject for line in shown] == ["Trois", "Un"]
    assert "Aucun message pour ce destinataire" in client.get("/demo/courrier/?a=zoe").content.decode()


def test_a_message_shows_its_two_versions_and_its_attachment(client: Client, demo: Path) -> None:
    name = Sink(demo).store(letter())
    response = client.get(f"/demo/courrier/{name}/")
    page = response.content.decode()
    assert "Bonjour &lt;b&gt;Léa&lt;/b&gt;" in page
    assert "mardi 1er\u00a0décembre à\u00a011\u00a0h" in page
    assert "frame-src 'self'" in response["Content-Security-Policy"]
    frame = client.get(f"/demo/courrier/{name}/html/")
    assert "default-src 'none'" in frame["Content-Security-Policy"]
    assert "script-src" not in frame["Content-Security-Policy"]
    assert '<base target="_blank">' in frame.content.decode()
    attachment = client.get(f"/demo/courrier/{name}/piece/0/")
    assert attachment["Content-Disposition"].startswith("attachment")
    assert attachment.content == b"BEGIN:VCALENDAR"
    assert client.get(f"/demo/courrier/{name}/piece/1/").status_code == 404


@pytest.mark.parametrize("name", ["..%2Fsecret_key", "..", "absent", "a.b", "%00"])
def test_no_other_file_is_read(client: Client, demo: Path, name: str) -> None:
    (demo.parent / "secret_key.eml").write_bytes(letter())
    assert client.get(f"/demo/courrier/{name}/").status_code == 404


# --- The folder ---


def test_the_folder_keeps_the_newest(demo: Path) -> None:
    sink = Sink(demo, kept=3)
    names = [sink.store(letter(subject=str(number))) for number in range(5)]
    assert sorted(path.stem for path in demo.iterdir()) == names[2:]


def test_a_full_disk_is_said_to_the_sender(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        Sink(demo).store(letter())


# --- The process ---


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(port: int, folder: Path) -> list[str]:
    return [sys.executable, "-m", "orne_accueil.portal.demo.smtp_sink", str(port), str(folder)]


@pytest.fixture
def sink_process(demo: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    process = subprocess.Popen(command(port, demo), stderr=subprocess.PIPE)
    for _ in range(100):
        try:
            smtplib.SMTP("127.0.0.1", port, timeout=5).close()
            break
        except OSError:
            time.sleep(0.1)
    yield process, port
    process.kill()
    process.communicate()


@pytest.mark.django_db
def test_a_message_goes_from_the_outbox_to_the_page(
    client: Client, demo: Path, settings: Any, sink_process: tuple[subprocess.Popen[bytes], int]
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink_process[1]
    write(AT, Enclosing, data={"note": "À demain"})
    assert actions.deliver_due(AT) == 1
    [line] = client.get("/demo/courrier/").context["messages_list"]
    assert line.subject == "C’est réservé : Salle des marronniers"
    page = client.get(f"/demo/courrier/{line.name}/").content.decode()
    assert "À demain" in page
    assert "réservation.ics" in page
    assert Message.objects.get().message_id.strip("<>") in page


def test_it_stops_when_asked(sink_process: tuple[subprocess.Popen[bytes], int]) -> None:
    process, _ = sink_process
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0


def test_a_busy_port_is_one_clear_line(demo: Path, sink_process: tuple[subprocess.Popen[bytes], int]) -> None:
    second = subprocess.run(command(sink_process[1], demo), capture_output=True, text=True, timeout=30)
    assert second.returncode == 1
    assert second.stderr.startswith("Le courrier de la démonstration ne peut pas démarrer")
    assert len(second.stderr.strip().splitlines()) == 1


def test_an_unwritable_folder_is_one_clear_line(demo: Path) -> None:
    (demo / "fichier").touch()
    second = subprocess.run(command(free_port(), demo / "fichier"), capture_output=True, text=True, timeout=30)
    assert second.returncode == 1
    assert len(second.stderr.strip().splitlines()) == 1
