"""The API as it runs: gunicorn with threads, the real decoder, real sockets."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from shared.services.accounts import accounts
from shared.services.resources import Resources
from tests.fakes.marked_recordings import PROTECTED, recording
from tests.fakes.media_files import HONEST, encode, honest, lying_flac, playlists, wav_header
from tests.integration.api_client import left_behind, tone
from tests.integration.server import running_server
from tests.servers import Office
from tests.waiting import wait_for

CANARY = b"CANARY_spoken_words_"
LIMIT = 4 * 1024 * 1024


class Live:
    """A server, a key for it, and how to upload."""

    def __init__(self, port: int, key: str, patient_id: UUID, pid: int) -> None:
        self.address = ("127.0.0.1", port)
        self.url = f"http://127.0.0.1:{port}"
        self.key = key
        self.path = f"/api/sessions/upload?patient_id={patient_id}"
        self.pid = pid

    def upload(self, content: bytes, name: str, media_type: str) -> httpx2.Response:
        """One recording by multipart."""
        return httpx2.post(
            self.url + self.path,
            headers={"Authorization": f"Bearer {self.key}"},
            files={"file": (name, content, media_type)},
            timeout=60,
            trust_env=False,
        )

    def begin(self, framing: str) -> socket.socket:
        """A connection on which an upload's headers and the file part's head have been sent."""
        connection = socket.create_connection(self.address, timeout=30)
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.key}\r\n"
            f"Content-Type: multipart/form-data; boundary=x-x\r\n{framing}\r\n\r\n"
        )
        connection.sendall(head.encode())
        return connection


PART = (
    b'--x-x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'
    b"Content-Type: audio/wav\r\n\r\n"
)
END = b"\r\n--x-x--\r\n"


@pytest.fixture
def live(environment: dict[str, str], resources: Resources, office: Office, tmp_path: Path) -> Iterator[Live]:
    _, key = accounts.create_key(resources, office.caller.practice_id, office.caller.therapist_id)
    settings = {"SESSIONSCRIBE_MAX_UPLOAD_BYTES": str(LIMIT), "SESSIONSCRIBE_UPLOADS_PER_HOUR": "100"}
    with running_server({**environment, **settings}, tmp_path / "api.log", threads=4) as server:
        yield Live(server.port, key, office.patient_id, server.process.pid)
    assert CANARY not in (tmp_path / "api.log").read_bytes()


def test_real_recordings_of_every_kind_are_accepted(live: Live) -> None:
    for label, (extension, *_) in HONEST.items():
        answer = live.upload(honest(label, seconds=1), f"a{extension}", "audio/mpeg")
        assert answer.status_code == 202, (label, answer.text)
    answer = live.upload(honest("m4a", seconds=1), "a.mp3", "audio/mpeg")
    assert answer.status_code == 202, answer.text


HOSTILE = {
    "header and zeros": (lambda: honest("m4a")[:48] + bytes(20_000), "not_audio"),
    "playlist": (lambda: playlists("file:///etc/passwd")["hls"] + b"#\n" * 1000, "not_audio"),
    "html": (lambda: b"<html><body>" + CANARY * 100, "not_audio"),
    "encrypted": (lambda: recording("mp4", "aac", options=PROTECTED), "encrypted"),
    "silent film": (lambda: encode("mp4", "aac", picture=True, sound=False) + bytes(1024), "no_audio_stream"),
    "a hundred hours": (lambda: lying_flac(3, 100 * 3600 * 16_000), "too_long"),
    "a hertz": (lambda: wav_header(1, 1), "sample_rate_out_of_range"),
    "nine channels": (lambda: wav_header(16_000, 9), "too_many_channels"),
}


def test_what_is_no_recording_for_us_is_a_415_that_says_why(live: Live, resources: Resources) -> None:
    for label, (make, code) in HOSTILE.items():
        answer = live.upload(make(), "a.wav", "audio/wav")
        assert (answer.status_code, answer.json()["code"]) == (415, code), (label, answer.text)
        assert CANARY.decode() not in answer.text
    assert left_behind(resources) == []


@pytest.mark.parametrize("framing", ["Transfer-Encoding: chunked", f"Content-Length: {LIMIT + 900_000}"])
def test_too_much_is_refused_while_it_streams(live: Live, resources: Resources, framing: str) -> None:
    piece = bytes(64 * 1024)
    chunked = framing.startswith("Transfer")
    with live.begin(framing) as connection:
        sent = 0
        try:
            for data in [PART + tone(), *[piece] * 2000]:
                connection.sendall(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
                sent += len(data)
                if not chunked and sent > LIMIT + 600_000:
                    break  # the rest never comes, and must not be waited for
        except OSError:
            assert chunked  # only the endless body is cut off
        answer = _answer_on(connection)
    assert answer.startswith(b"HTTP/1.1 413"), answer[:200]
    assert b"recording_too_large" in answer
    assert sent < 40 * 1024 * 1024
    assert left_behind(resources) == []


def test_a_declared_length_over_the_limit_is_refused_unread(live: Live) -> None:
    with live.begin(f"Content-Length: {LIMIT * 10}") as connection:
        assert _answer_on(connection).startswith(b"HTTP/1.1 413")


def test_who_asks_before_sending_is_told_to_send_only_what_is_wanted(live: Live) -> None:
    body = PART + tone(2) + END
    ask = "\r\nExpect: 100-continue"
    for length, told in ((LIMIT * 10, b"HTTP/1.1 413"), (len(body), b"HTTP/1.1 100")):
        with live.begin(f"Content-Length: {length}{ask}") as connection:
            assert connection.recv(12, socket.MSG_WAITALL) == told
            if length == len(body):
                connection.sendall(body)
                answer = _answer_on(connection)
                assert answer.startswith(b" Continue\r\n\r\nHTTP/1.1 202 "), answer
                assert answer.count(b"HTTP/1.1 100") == 0


def _answer_on(connection: socket.socket) -> bytes:
    answer = b""
    try:
        while b"\r\n\r\n" not in answer or b"}" not in answer:
            if not (data := connection.recv(65536)):
                break
            answer += data
    except ConnectionResetError:
        pass
    return answer


def test_a_chunked_body_without_a_length_is_accepted(live: Live) -> None:
    with live.begin("Transfer-Encoding: chunked") as connection:
        for data in (PART, tone(2), END):
            connection.sendall(b"%x\r\n%b\r\n" % (len(data), data))
        connection.sendall(b"0\r\n\r\n")
        assert _answer_on(connection).startswith(b"HTTP/1.1 202")


def test_a_client_that_goes_away_leaves_nothing(live: Live, resources: Resources) -> None:
    for framing in ("Content-Length: 1000000", "Transfer-Encoding: chunked"):
        with live.begin(framing) as connection:
            data = PART + tone()[:20_000]
            connection.sendall(data if "Length" in framing else b"%x\r\n%b\r\n" % (len(data), data))
            wait_for(lambda: left_behind(resources), 60)
        wait_for(lambda: not left_behind(resources), 60)


def test_no_file_of_the_server_holds_plaintext_during_an_upload(live: Live, resources: Resources) -> None:
    plaintext = CANARY * 150_000  # three megabytes: past every spooling limit and read-ahead
    with live.begin("Content-Length: 4000000") as connection:
        connection.sendall(PART + tone()[:44] + plaintext)
        wait_for(lambda: sum(Path(path).stat().st_size for path in left_behind(resources)) > 500_000, 60)
        contents = [_content(path) for path in _open_files(live.pid)]
        assert any(len(content) > 500_000 for content in contents)  # the store's own, being written
        assert not any(CANARY in content for content in contents)


def _open_files(pid: int) -> list[Path]:
    """Every regular file that the server or a child of it has open, also deleted ones."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    folders = [Path(f"/proc/{process}/fd") for process in [str(pid), *children]]
    return [link for folder in folders for link in folder.iterdir() if link.is_file()]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_refused_upload_does_not_poison_the_connection(live: Live) -> None:
    with httpx2.Client(base_url=live.url, trust_env=False) as client:
        headers = {"Authorization": f"Bearer {live.key}"}
        files = {"file": ("a.exe", bytes(30_000), "audio/wav")}
        assert client.post(live.path, headers=headers, files=files).status_code == 400
        answer = client.get("/api/whoami", headers=headers)
        assert (answer.status_code, json.loads(answer.text)["role"]) == (200, "therapist")


def test_twenty_requests_with_one_key_make_one_session(live: Live, resources: Resources) -> None:
    content, headers = tone(2), {"Authorization": f"Bearer {live.key}", "Idempotency-Key": "one-of-twenty"}

    def send(_: int) -> httpx2.Response:
        return httpx2.post(
            live.url + live.path,
            headers=headers,
            files={"file": ("a.wav", content, "audio/wav")},
            timeout=60,
            trust_env=False,
        )

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(send, range(20)))
    accepted = [answer for answer in answers if answer.status_code == 202]
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert {answer.json()["id"] for answer in accepted} == {send(0).json()["id"]}
    assert sum("Idempotent-Replayed" not in answer.headers for answer in accepted) == 1
    assert len(left_behind(resources)) == 2  # one recording and its key
