"""Resumable uploads where recordings lie on S3: pieces that are joined, against a real server."""

import dataclasses
import hashlib
import io
import json
import math
import random
import threading
import tracemalloc
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import httpx2
import psutil
import pytest
from redis import Redis
from sqlalchemy import text

from api.uploads.tus import CONTENT_TYPE
from shared.domain.errors import NotFound, TooLarge
from shared.services.accounts import accounts
from shared.services.lifecycle import deletion
from shared.services.operations import reconciliation
from shared.services.operations.reconciliation import Places
from shared.services.resources import Resources
from shared.services.uploads import resumable, tus_patch
from shared.storage import s3_pieces
from shared.storage.objects import PIECE
from shared.storage.opening import open_store
from shared.storage.recordings import RECORDING, Recordings
from shared.storage.s3 import S3Store
from shared.vault.sealing import Subject
from tests.database import everything
from tests.integration.api_client import Caller, app_of, caller_of, tone
from tests.integration.resumable import TUS, ask, begun, metadata, send
from tests.integration.server import Server, running_server
from tests.s3 import BUCKET, CREDENTIALS, LEAST_PART, access_to, running_s3
from tests.servers import Office
from tests.waiting import wait_for

MIB = 1024 * 1024
CONTENT = tone(3)


@pytest.fixture(scope="module")
def s3_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_s3(tmp_path_factory.mktemp("s3") / "s3.log", environment={LEAST_PART: "1"}) as url:
        yield url


@pytest.fixture
def there(resources: Resources, store: S3Store) -> Resources:
    return dataclasses.replace(resources, recordings=Recordings(store, resources.vault.keys))


@pytest.fixture
def call(there: Resources, office: Office) -> Caller:
    return caller_of(app_of(there), there, office)


def kinds(store: S3Store) -> list[str]:
    """The names' last parts, a piece's without its random word."""
    names = (found.name.rpartition("/")[2] for found in store.list())
    return sorted(name.partition(PIECE)[0] + (PIECE if PIECE in name else "") for name in names)


def read(store: S3Store, name: str) -> bytes:
    with store.open(name) as source:
        return source.read_at(0, source.size)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_and_whoever_dies_the_whole_is_what_was_noted_and_what_came_after(
    store: S3Store, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(s3_pieces, "PIECE_BYTES", 1000)
    chance = random.Random(seed)
    noted, pieces = b"", []
    for _ in range(8):
        content = noted[: max(0, len(noted) - chance.choice((0, 0, 36, 700)))]
        with store.append("a/recording", len(content), fresh=False, pieces=pieces) as end:
            for _ in range(chance.randrange(6)):
                block = chance.randbytes(chance.choice((1, 10, 300, 2500)))
                end.write(block)
                content += block
                if chance.random() < 0.7:
                    noted, pieces = content, end.sync()
                    end.settled()
            assert end.head(20) == content[:20]
        # and its process is gone: what it did not note is lost
    with store.append("a/recording", len(noted), fresh=False, pieces=pieces) as end:
        end.write(b"the end")
        end.complete(lambda: None)
    assert read(store, "a/recording") == noted + b"the end"
    store.discard_pieces("a/recording")
    assert [found.name for found in store.list()] == ["a/recording"]


def test_a_writer_that_was_overtaken_changes_nothing_and_takes_its_pieces_away(
    store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_pieces, "PIECE_BYTES", 1000)
    with store.append("a/recording", 0, fresh=False, pieces=[]) as first:
        first.write(b"noted")
        pieces = first.sync()
        first.settled()
        with store.append("a/recording", 5, fresh=True, pieces=pieces) as second:
            first.write(bytes(2500))
            second.write(b" and gone on with")
            first.sync()
            first.withdraw()
            second.complete(lambda: None)
    assert read(store, "a/recording") == b"noted and gone on with"
    store.discard_pieces("a/recording")
    assert len(list(store.list())) == 1


def test_whoever_was_overtaken_at_the_very_end_makes_no_object(store: S3Store) -> None:
    def overtaken() -> None:
        raise tus_patch.Overtaken("Another goes on.")

    for size in (10, s3_pieces.PIECE_BYTES + 10):
        with store.append("a/recording", 0, fresh=False, pieces=[]) as end:
            end.write(bytes(size))
            with pytest.raises(tus_patch.Overtaken):
                end.complete(overtaken)
        with pytest.raises(NotFound):
            read(store, "a/recording")
    assert store.sweep_partials(-1) == 0, "the multipart upload was aborted"


def test_dribs_become_few_pieces_and_what_they_replace_is_removed(
    store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_pieces, "PIECE_BYTES", 100_000)
    most, pieces = 0, []
    for count in range(60):
        with store.append("a/recording", 10 * count, fresh=False, pieces=pieces) as end:
            end.write(b"0123456789")
            pieces = end.sync()
            end.settled()
        most = max(most, len(pieces))
    assert most <= math.log2(60) + 1
    assert sorted(f"recording{PIECE}{piece.partition('-')[0]}" for piece in pieces) == sorted(
        found.name.rpartition("/")[2] for found in store.list()
    )


def test_an_upload_in_parts_takes_little_memory(store: S3Store) -> None:
    block = random.Random(1).randbytes(MIB)
    with store.append("warm", 0, fresh=False, pieces=[]) as end:
        end.write(b"x")
        end.sync()
    tracemalloc.start()
    with store.append("a/recording", 0, fresh=False, pieces=[]) as end:
        for _ in range(41):
            end.write(block)
        end.complete(lambda: None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * s3_pieces.PIECE_BYTES, "41 MiB went through"
    assert hashlib.sha256(read(store, "a/recording")).digest() == hashlib.sha256(block * 41).digest()


def test_a_recording_that_came_in_parts_is_heard_and_its_pieces_are_gone(
    call: Caller, store: S3Store, office: Office
) -> None:
    address = begun(call, len(CONTENT), office.patient_id)
    for begin in range(0, len(CONTENT), 30_000):
        assert kinds(store) in ([], [f"{RECORDING}{PIECE}"] * len(kinds(store)))
        assert send(call, address, begin, CONTENT[begin : begin + 30_000]).status_code == 204
    assert kinds(store) == [RECORDING]
    session_id = address.rpartition("/")[2]
    assert call("GET", f"/api/sessions/{session_id}/audio").data == CONTENT
    session = call("GET", f"/api/sessions/{session_id}").json
    assert session["audio_sha256"] == hashlib.sha256(CONTENT).hexdigest()


def test_another_process_goes_on_and_no_plaintext_is_in_the_bucket(
    call: Caller, store: S3Store, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = begun(call, 5_000_000, office.patient_id)
    send(call, address, 0, b"CANARY_what_was_said" * 5000)
    monkeypatch.setattr(resumable, "_hashes", resumable.RunningHashes())
    send(call, address, 100_000, b"CANARY_what_was_said")
    assert ask(call, address).headers["Upload-Offset"] == "100020"
    assert b"CANARY" not in b"".join(read(store, found.name) for found in store.list())


def test_what_is_given_up_or_refused_leaves_nothing(call: Caller, store: S3Store, office: Office) -> None:
    address = begun(call, len(CONTENT), office.patient_id)
    send(call, address, 0, CONTENT[:50_000])
    assert kinds(store)
    assert call("DELETE", address, headers=TUS).status_code == 204
    assert kinds(store) == []
    words = b"just words, no sound. " * 5000
    address = begun(call, len(words), office.patient_id)
    send(call, address, 0, words[:70_000])
    assert send(call, address, 70_000, words[70_000:]).status_code == 415
    assert kinds(store) == []


def test_a_part_that_turns_out_too_long_is_taken_back(
    call: Caller, there: Resources, store: S3Store, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after some of it was made safe, and pieces were united with those of before."""
    monkeypatch.setattr(tus_patch, "SAFE_SECONDS", 0.0)
    address = begun(call, len(CONTENT), office.patient_id)
    send(call, address, 0, CONTENT[:1000])
    upload_id = UUID(address.rpartition("/")[2])

    def too_much(write: Callable[[bytes], None]) -> None:
        write(bytes(70_000))
        write(bytes(70_000))

    with pytest.raises(TooLarge):
        resumable.receive(there, office.caller, upload_id, 1000, too_much)
    assert ask(call, address).headers["Upload-Offset"] == "1000"
    assert send(call, address, 1000, CONTENT[1000:]).status_code == 204
    assert call("GET", f"/api/sessions/{upload_id}/audio").data == CONTENT


def test_a_limit_that_is_reached_at_the_end_leaves_the_upload_open(
    there: Resources, store: S3Store, office: Office
) -> None:
    one = dataclasses.replace(there, settings=dataclasses.replace(there.settings, uploads_per_hour=1))
    call = caller_of(app_of(one), one, office)
    first, second = (begun(call, len(CONTENT), office.patient_id) for _ in range(2))
    assert send(call, first, 0, CONTENT).status_code == 204
    assert send(call, second, 0, CONTENT).status_code == 429
    with Redis.from_url(there.settings.redis_url) as redis:
        redis.flushall()  # an hour later
    offset = int(ask(call, second).headers["Upload-Offset"])
    assert 0 < offset < len(CONTENT)
    assert send(call, second, offset, CONTENT[offset:]).status_code == 204
    assert kinds(store) == [RECORDING, RECORDING]


def test_expired_uploads_are_erased_and_pieces_that_a_crash_left_are_found(
    call: Caller, there: Resources, store: S3Store, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    expired = begun(call, len(CONTENT), office.patient_id)
    send(call, expired, 0, CONTENT[:50_000])
    with everything(there) as db:
        db.execute(text("UPDATE uploads SET expires_at = now()"))
    assert resumable.sweep(there.database) == 1
    with everything(there) as db:
        db.execute(text("UPDATE erasures SET due_at = now(), last_at = now()"))
    assert deletion.erase_due(there.database, there.recordings, there.vault.keys) == 1
    assert kinds(store) == []
    with monkeypatch.context() as dying:  # between the promise and the end of the request
        dying.setattr(S3Store, "discard_pieces", lambda *_: None)
        whole, under_way = (begun(call, len(CONTENT), office.patient_id) for _ in range(2))
        send(call, whole, 0, CONTENT)
        send(call, under_way, 0, CONTENT[:100])
    assert kinds(store) == [RECORDING, *[f"{RECORDING}{PIECE}"] * 2]
    places = Places(there.database, store, there.vault.keys)
    assert reconciliation.reconcile(places, grace_seconds=3600, remove=True).removed == 0
    assert reconciliation.reconcile(places, grace_seconds=-3600, remove=True).removed == 1
    assert send(call, under_way, 100, CONTENT[100:]).status_code == 204
    assert kinds(store) == [RECORDING, RECORDING]


def test_a_killed_api_loses_nothing_that_it_had_told_of(
    there: Resources, environment: dict[str, str], office: Office, tmp_path: Path
) -> None:
    """Gunicorn's worker dies in the middle of a PATCH; the client asks, and goes on from there."""
    out = io.BytesIO()
    with wave.open(out, "wb") as recording:
        recording.setparams((1, 2, 16_000, 0, "NONE", ""))
        recording.writeframes(random.Random(2).randbytes(20 * MIB))
    content = out.getvalue()
    caller = office.caller
    _, key = accounts.create_key(there, caller.practice_id, caller.therapist_id, None)
    with running_s3(tmp_path / "s3.log", first_port=19000) as url:
        store = open_store(f"s3://{BUCKET}/killed", access_to(url))
        own = {**CREDENTIALS, "STORAGE_URL": f"s3://{BUCKET}/killed", "SESSIONSCRIBE_S3_ENDPOINT": url}
        headers = {**TUS, "Authorization": f"Bearer {key}"}
        with (
            running_server({**environment, **own}, tmp_path / "api.log") as api,
            httpx2.Client(
                base_url=f"http://127.0.0.1:{api.port}", headers=headers, timeout=60, trust_env=False
            ) as client,
        ):
            wanted = {"Upload-Length": str(len(content)), "Upload-Metadata": metadata(office.patient_id)}
            address = client.post("/api/uploads", headers=wanted).headers["Location"]
            assert patch(client, address, 0, iter([content[: 3 * MIB]]), 3 * MIB) == 204
            told: list[int] = []
            with pytest.raises(httpx2.TransportError):
                body = dying_body(content[3 * MIB :], client, address, told, api)
                patch(client, address, 3 * MIB, body, len(content) - 3 * MIB)
            wait_for(lambda: is_back(client), 60)
            offset = int(client.head(address).headers["Upload-Offset"])
            assert 3 * MIB < told[-1] <= offset < len(content)
            assert patch(client, address, offset, iter([content[offset:]]), len(content) - offset) == 204
            session_id = UUID(address.rpartition("/")[2])
            told_of = client.get(f"/api/sessions/{session_id}").json()
            assert told_of["audio_sha256"] == hashlib.sha256(content).hexdigest()
            stored = Recordings(store, there.vault.keys)
            with stored.open(Subject(caller.practice_id, session_id), RECORDING) as source:
                assert all(
                    source.read_at(at, MIB) == content[at : at + MIB] for at in range(0, len(content), MIB)
                )
        assert [found.name.rpartition("/")[2] for found in store.list()] == [RECORDING]
    assert "storage_refused" not in json.dumps((tmp_path / "api.log").read_text())


def patch(client: httpx2.Client, address: str, offset: int, body: Iterator[bytes], length: int) -> int:
    own = {"Upload-Offset": str(offset), "Content-Type": CONTENT_TYPE, "Content-Length": str(length)}
    return client.patch(address, content=body, headers=own).status_code


def dying_body(
    content: bytes, client: httpx2.Client, address: str, told: list[int], api: Server
) -> Iterator[bytes]:
    """The body, in the midst of which the process that reads it is killed, once something of it is safe."""
    told.append(int(client.head(address).headers["Upload-Offset"]))
    sent = 10 * MIB
    yield content[:sent]
    with httpx2.Client(base_url=client.base_url, headers=client.headers, trust_env=False) as other:
        while told[-1] == told[0]:
            yield content[sent : sent + 1024]  # what comes slowly is made safe every few seconds
            sent += 1024
            told.append(int(other.head(address).headers["Upload-Offset"]))
            threading.Event().wait(0.1)
    for worker in psutil.Process(api.process.pid).children():
        worker.kill()
    yield content[sent:]


def is_back(client: httpx2.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx2.TransportError:
        return False
