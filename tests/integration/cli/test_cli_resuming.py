"""Uploads of the command line to a real server, over a connection that breaks."""

import hashlib
import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from cli.http import tus_upload
from cli.http.client import Api
from cli.http.refusals import CallFailed
from cli.http.retrying import Patience
from cli.http.uploads import send_recording
from shared.services.access.caller import Scope
from shared.services.accounts import accounts
from shared.services.resources import Resources
from tests.database import everything
from tests.integration.api_client import tone
from tests.integration.server import running_server
from tests.servers import Office
from tests.waiting import wait_for

CUT_AFTER = 400_000


class BreakingProxy:
    """Hands bytes on to the server; cuts a connection of the first ``cuts`` that carry much."""

    def __init__(self, port: int, cuts: int) -> None:
        self._server = ("127.0.0.1", port)
        self.cuts = cuts
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self._server)
                for call in (
                    lambda a=client, b=server: self._out(a, b),
                    lambda a=client, b=server: _copy(b, a),
                ):
                    threading.Thread(target=call, daemon=True).start()

    def _out(self, client: socket.socket, server: socket.socket) -> None:
        if _copy(client, server, CUT_AFTER if self.cuts else None):
            self.cuts -= 1
            for one in (client, server):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


def _copy(source: socket.socket, target: socket.socket, most: int | None = None) -> bool:
    """Whether it was too much; else both ends are closed."""
    copied = 0
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
            copied += len(data)
            if most is not None and copied > most:
                return True
    for one in (source, target):
        one.close()
    return False


@contextmanager
def breaking(port: int, cuts: int) -> Iterator[BreakingProxy]:
    proxy = BreakingProxy(port, cuts)
    thread = threading.Thread(target=proxy.run)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.listener.shutdown(socket.SHUT_RDWR)
        proxy.listener.close()
        thread.join()


@pytest.fixture
def port(environment: dict[str, str], tmp_path: Path) -> Iterator[int]:
    with running_server(environment, tmp_path / "api.log") as server:
        yield server.port


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "long.wav"
    path.write_bytes(tone(60))  # 1.9 MB
    return path


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tus_upload, "LEAST_BYTES", 1_000_000)


def test_an_upload_is_gone_on_with_where_its_connection_broke(
    port: int, resources: Resources, office: Office, recording: Path
) -> None:
    _, key = accounts.create_key(resources, office.caller.practice_id, office.caller.therapist_id)
    seen: list[int] = []
    with breaking(port, cuts=3) as proxy, Api(proxy.url, key) as api:
        fields = {"patient_id": str(office.patient_id), "speakers": "1"}
        patience = Patience(30, on_trouble=lambda: wait_for(lambda: nobody_writes(resources)))
        session = send_recording(api, recording, fields, patience, seen.append)
        assert proxy.cuts == 0
        assert len(list(api.listing("/api/sessions/", {}))) == 1
    content = recording.read_bytes()
    assert session["audio_sha256"] == hashlib.sha256(content).hexdigest()
    assert seen[-1] == len(content)
    began_again = [after for before, after in itertools.pairwise(seen) if after < before]
    assert len(began_again) == 3
    assert all(at > CUT_AFTER / 2 for at in began_again), "it began anew, and did not go on"


def nobody_writes(resources: Resources) -> bool:
    """Whether the server has noticed that the connection broke."""
    with everything(resources) as db:
        return not db.execute(text("SELECT count(*) FROM uploads WHERE writer IS NOT NULL")).scalar_one()


def test_a_key_for_uploads_alone_is_enough(
    port: int, resources: Resources, office: Office, recording: Path
) -> None:
    caller = office.caller
    _, key = accounts.create_key(resources, caller.practice_id, caller.therapist_id, {Scope.SESSIONS_WRITE})
    with Api(f"http://127.0.0.1:{port}", key) as api:
        fields = {"patient_id": str(office.patient_id)}
        assert set(send_recording(api, recording, fields, Patience(1), lambda _: None)) == {"id"}


def test_what_the_server_refuses_is_not_tried_again(
    port: int, resources: Resources, office: Office, tmp_path: Path
) -> None:
    _, key = accounts.create_key(resources, office.caller.practice_id, office.caller.therapist_id)
    words = tmp_path / "words.wav"
    words.write_bytes(b"just words " * 150_000)
    with Api(f"http://127.0.0.1:{port}", key) as api, pytest.raises(CallFailed) as refusal:
        send_recording(api, words, {"patient_id": str(office.patient_id)}, Patience(30), lambda _: None)
    assert refusal.value.status == 415


def test_where_the_storage_takes_no_parts_the_recording_is_sent_whole(
    port: int, resources: Resources, office: Office, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, key = accounts.create_key(resources, office.caller.practice_id, office.caller.therapist_id)

    def cannot(*_: object) -> None:
        raise CallFailed("No parts here.", status=409, code="resumable_not_supported")

    with Api(f"http://127.0.0.1:{port}", key) as api:
        monkeypatch.setattr(api, "headers_of", cannot)
        fields = {"patient_id": str(office.patient_id)}
        session = send_recording(api, recording, fields, Patience(1), lambda _: None)
    assert session["audio_bytes"] == recording.stat().st_size
