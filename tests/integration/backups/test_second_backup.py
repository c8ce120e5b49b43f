"""Backups of objects: whole to the last byte, and a second one holds what the store holds now."""

import dataclasses
import io
import wave
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest

from shared.media.isolation.sandbox import Sandbox
from shared.services.operations import backups
from shared.services.resources import Resources
from shared.services.steps import redaction
from shared.storage.local_store import LocalStore
from shared.storage.recordings import RECORDING, Recordings
from shared.vault.keystore import KeyStore
from shared.vault.sealing import Subject
from tests.fakes.media_files import wav
from tests.fakes.speech import FakeTranscriber
from tests.integration.api_client import app_of, caller_of
from tests.integration.sessions import bench_with, row, work
from tests.servers import Office

NAME = "practice/session/recording"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "backup"
    folder.mkdir()
    return folder


def stored(store: LocalStore, content: bytes) -> LocalStore:
    with store.create(NAME) as write:
        write(content)
    return store


def content_of(folder: Path) -> bytes:
    with LocalStore(folder / backups.OBJECTS).open(NAME) as source:
        return bytes(source.read_at(0, source.size))


@pytest.mark.parametrize("size", [0, 1, 2**20 - 1, 2**20, 2**20 + 1, 5 * 2**19])
def test_an_object_of_any_size_is_backed_up_and_returned_to_its_last_byte(
    tmp_path: Path, folder: Path, size: int
) -> None:
    content = (bytes(range(251)) * (size // 251 + 1))[:size]
    backups.copy_objects(stored(LocalStore(tmp_path / "store"), content), folder)
    assert content_of(folder) == content
    assert backups.verify_objects(folder) == 1
    returned = LocalStore(tmp_path / "returned")
    backups.return_objects(folder, returned)
    with returned.open(NAME) as source:
        assert source.read_at(0, size + 1) == content


def test_a_second_backup_replaces_an_object_that_kept_its_size(tmp_path: Path, folder: Path) -> None:
    store = stored(LocalStore(tmp_path / "store"), b"said in confidence")
    backups.copy_objects(store, folder)
    backups.copy_objects(stored(store, b".................."), folder)
    assert content_of(folder) == b".................."
    assert backups.verify_objects(folder) == 1


def test_a_second_backup_mends_a_damaged_copy(tmp_path: Path, folder: Path) -> None:
    store = stored(LocalStore(tmp_path / "store"), b"words")
    backups.copy_objects(store, folder)
    stored(LocalStore(folder / backups.OBJECTS), b"wards")
    with pytest.raises(backups.BackupDamaged):
        backups.verify_objects(folder)
    backups.copy_objects(store, folder)
    assert content_of(folder) == b"words"


def test_a_bad_copy_is_noticed(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The listing tells of the source, not of the copy."""
    copy = backups._copy

    def badly(source: LocalStore, target: LocalStore, name: str) -> str:
        digest = copy(source, target, name)
        stored(target, b"wards")
        return digest

    monkeypatch.setattr(backups, "_copy", badly)
    backups.copy_objects(stored(LocalStore(tmp_path / "store"), b"words"), folder)
    with pytest.raises(backups.BackupDamaged):
        backups.verify_objects(folder)


def test_a_second_copy_of_the_keys_forgets_what_was_destroyed(tmp_path: Path) -> None:
    keys, practice, subject = KeyStore.initialise(tmp_path / "keys"), uuid4(), uuid4()
    keys.create(practice, subject)
    backups.copy_keys(tmp_path / "keys", tmp_path / "copy")
    assert list((tmp_path / "copy").rglob(f"{subject}.key"))
    keys.destroy(subject)
    backups.copy_keys(tmp_path / "keys", tmp_path / "copy")
    assert not list((tmp_path / "copy").rglob(f"{subject}.key"))


def loudest(recordings: Recordings, session: Subject, start: int, end: int) -> int:
    """The largest sample between two seconds of a recording at 16 kHz."""
    with recordings.open(session, RECORDING) as source:
        data = bytes(source.read_at(0, source.size))
    with wave.open(io.BytesIO(data)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
    return int(np.abs(samples[start * 16_000 : end * 16_000].astype(int)).max())


def test_sound_taken_off_the_record_is_gone_from_the_next_backup(
    resources: Resources, office: Office, folder: Path
) -> None:
    with Sandbox() as sandbox:
        clinic = dataclasses.replace(resources, decoder=sandbox)
        call = caller_of(app_of(clinic), clinic, office)
        session_id = UUID(call.upload(office.patient_id, wav(60.0)).json["id"])
        bench = bench_with(clinic, transcriber=FakeTranscriber("sometimes i feel low"))
        work(bench, session_id)
        store = LocalStore(Path(resources.settings.storage_url.removeprefix("file://")))
        for start, end in ((0.0, 5.0), (20.0, 40.0)):
            ranges = {"ranges": [{"start": start, "end": end}]}
            assert call("POST", f"/api/sessions/{session_id}/off-the-record", json=ranges).status_code == 202
            redaction.redact(bench, session_id)
            work(bench, session_id)
            backups.copy_objects(store, folder)
    session = Subject(row(clinic, session_id).practice_id, session_id)
    copied = Recordings(LocalStore(folder / backups.OBJECTS), resources.vault.keys)
    assert loudest(copied, session, 45, 55) > 0
    assert loudest(copied, session, 20, 40) == 0
