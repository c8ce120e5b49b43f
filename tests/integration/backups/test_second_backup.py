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


def put(store: LocalStore, name: str, content: bytes = b"words") -> None:
    with store.create(name) as write:
        write(content)


def test_each_object_is_counted_and_what_can_be_made_again_is_left_out(tmp_path: Path, folder: Path) -> None:
    store = LocalStore(tmp_path / "store")
    for name in ("p/one/recording", "p/two/recording", "p/one/speech", "p/three/package"):
        put(store, name)
    assert backups.copy_objects(store, folder) == 2
    assert [found.name for found in LocalStore(folder / backups.OBJECTS).list()] == [
        "p/one/recording",
        "p/two/recording",
    ]
    assert backups.verify_objects(folder) == 2
    assert backups.return_objects(folder, LocalStore(tmp_path / "returned")) == 2


def test_an_object_that_is_erased_meanwhile_is_left_out_and_the_others_are_copied(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStore(tmp_path / "store")
    for name in ("p/one/recording", "p/two/recording", "p/three/recording"):
        put(store, name)
    listed = list(store.list())
    monkeypatch.setattr(store, "list", lambda: listed)
    store.delete(listed[1].name)
    assert backups.copy_objects(store, folder) == 2
    assert backups.verify_objects(folder) == 2


def test_a_listing_that_is_missing_or_damaged_and_a_missing_object_are_told(
    tmp_path: Path, folder: Path
) -> None:
    backups.copy_objects(stored(LocalStore(tmp_path / "store"), b"words"), folder)
    LocalStore(folder / backups.OBJECTS).delete(NAME)
    with pytest.raises(backups.BackupDamaged, match=f"{NAME} is missing or changed"):
        backups.verify_objects(folder)
    (folder / backups.LISTING).write_text("{")
    with pytest.raises(backups.BackupDamaged, match="cannot be read"):
        backups.verify_objects(folder)
    (folder / backups.LISTING).unlink()
    with pytest.raises(backups.BackupDamaged, match="is missing"):
        backups.verify_objects(folder)


def test_an_object_is_copied_again_only_where_it_changed(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stored(LocalStore(tmp_path / "store"), b"words")
    copied: list[str] = []
    real = backups._copy

    def copy(source: LocalStore, target: LocalStore, name: str) -> str:
        copied.append(name)
        return real(source, target, name)

    monkeypatch.setattr(backups, "_copy", copy)
    for content in (b"words", b"words", b"wards", b"longer words"):
        backups.copy_objects(stored(store, content), folder)
        assert content_of(folder) == content
        assert backups.verify_objects(folder) == 1
    assert len(copied) == 3


def test_copied_keys_are_whole_private_and_counted_though_one_is_destroyed_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, practice = KeyStore.initialise(tmp_path / "keys"), uuid4()
    for _ in range(2):
        keys.create(practice, uuid4())
    wanted = {path.relative_to(tmp_path / "keys") for path in (tmp_path / "keys").rglob("*.key")}
    target = tmp_path / "copy"
    target.mkdir(mode=0o755)
    assert backups.copy_keys(tmp_path / "keys", target) == len(wanted)
    assert {path.relative_to(target) for path in target.rglob("*") if path.is_file()} == wanted
    assert target.stat().st_mode & 0o777 == 0o700
    for name in wanted:
        assert (target / name).read_bytes() == (tmp_path / "keys" / name).read_bytes()
        assert (target / name).stat().st_mode & 0o777 == 0o600
    real, gone = backups.shutil.copyfile, min(wanted)

    def copyfile(source: Path, place: Path) -> object:
        if source == tmp_path / "keys" / gone:
            raise FileNotFoundError
        return real(source, place)

    monkeypatch.setattr(backups.shutil, "copyfile", copyfile)
    backups.copy_keys(tmp_path / "keys", tmp_path / "later")
    later = {path.relative_to(tmp_path / "later") for path in (tmp_path / "later").rglob("*.key")}
    assert later == wanted - {gone}


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
