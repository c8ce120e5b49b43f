"""Versions of keys: today's files stay readable, later versions are told apart, processes notice them."""

import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.storage.local_store import LocalStore
from shared.storage.recordings import RECORDING, Recordings
from shared.vault import census, durable, frames, keyring, rotation
from shared.vault.frames import TamperedObject
from shared.vault.keyring import Key, KeyDamaged, KeyRing, KeyStoreError
from shared.vault.keystore import KeyStore, practice_aad, subject_aad
from shared.vault.sealing import Sealed, Subject, Vault, key_version

Change = Callable[[KeyRing], KeyRing]
VERSIONED = b"\x02"  # how a value begins that names the version of its key


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore.initialise(tmp_path / "keys")


@pytest.fixture
def subject(keys: KeyStore) -> Subject:
    subject = Subject(uuid4(), uuid4())
    keys.create(subject.practice_id, subject.id)
    return subject


def change_subject(keys: KeyStore, subject: Subject, change: Change) -> None:
    """What a rotation of the subject's key does to its file."""
    ring = change(keys.ring(subject.practice_id, subject.id))
    wrapping = keys.practice_ring(subject.practice_id).current
    aad = subject_aad(subject.practice_id, subject.id)
    durable.replace(keys.subject_path(subject.id), keyring.wrap(wrapping, ring.pack(), aad))


def change_practice(keys: KeyStore, subject: Subject, change: Change) -> None:
    """What a rotation of the practice's key does to its file."""
    ring = change(keys.practice_ring(subject.practice_id))
    aad = practice_aad(subject.practice_id)
    durable.replace(
        keys.practice_path(subject.practice_id), keyring.wrap(keys.roots.current, ring.pack(), aad)
    )


def test_files_of_releases_without_versions_are_read(tmp_path: Path) -> None:
    folder, practice, subject = tmp_path / "keys", uuid4(), uuid4()
    root, own, seals = (bytes([n]) * 32 for n in (1, 2, 3))

    def old_file(path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o600)

    def wrapped(wrapping: bytes, key: bytes, aad: bytes) -> bytes:
        return b"SSK1" + bytes(12) + AESGCM(wrapping).encrypt(bytes(12), key, aad)

    old_file(folder / "root.key", root)
    old_file(folder / "pepper.key", bytes(32))
    old_file(folder / "practices" / f"{practice}.key", wrapped(root, own, b"practice:" + practice.bytes))
    old_file(
        folder / "subjects" / subject.hex[:2] / f"{subject}.key",
        wrapped(own, seals, b"subject:" + practice.bytes + subject.bytes),
    )
    assert KeyStore(folder).key(practice, subject) == seals


def test_what_no_rotation_touched_is_written_as_the_previous_release_reads_it(
    keys: KeyStore, subject: Subject, tmp_path: Path
) -> None:
    assert {path.read_bytes()[:4] for path in keys.folder.rglob("*s/**/*.key")} == {b"SSK1"}
    assert Vault(keys).seal(subject, "kind", "words").data[:1] == b"\x01"
    store = LocalStore(tmp_path / "recordings")
    with Recordings(store, keys).create(subject, RECORDING) as write:
        write(b"sound")
    (path,) = (tmp_path / "recordings").rglob(RECORDING)
    assert path.read_bytes()[:4] == b"SSF1"


def test_a_later_version_seals_and_earlier_ones_open_until_they_go(keys: KeyStore, subject: Subject) -> None:
    vault = Vault(keys)
    before = vault.seal(subject, "kind", "old words")
    change_subject(keys, subject, KeyRing.with_next)
    after = vault.seal(subject, "kind", "new words")
    assert [key_version(before), key_version(after)] == [1, 2]
    assert [vault.open(subject, "kind", one) for one in (before, after)] == ["old words", "new words"]
    change_subject(keys, subject, KeyRing.with_current_alone)
    assert vault.open(subject, "kind", after) == "new words"
    with pytest.raises(TamperedObject, match="version of its key that is gone"):
        vault.open(subject, "kind", before)


def test_a_recording_names_the_version_that_it_is_under(
    keys: KeyStore, subject: Subject, tmp_path: Path
) -> None:
    recordings = Recordings(LocalStore(tmp_path / "recordings"), keys)

    def put(kind: str, sound: bytes) -> None:
        with recordings.create(subject, kind) as write:
            write(sound)

    def get(kind: str) -> bytes:
        with recordings.open(subject, kind) as source:
            return source.read_at(0, source.size)

    put("one", b"before" * 20_000)
    change_subject(keys, subject, KeyRing.with_next)
    put("two", b"after" * 20_000)
    assert (get("one"), get("two")) == (b"before" * 20_000, b"after" * 20_000)
    change_subject(keys, subject, KeyRing.with_current_alone)
    assert get("two") == b"after" * 20_000
    with pytest.raises(TamperedObject):
        get("one")


def test_an_upload_goes_on_under_the_version_with_which_it_began(
    keys: KeyStore, subject: Subject, tmp_path: Path
) -> None:
    recordings = Recordings(LocalStore(tmp_path / "recordings"), keys)
    with recordings.append(subject, RECORDING, [], [], fresh=False) as end:
        end.write(b"first")
        laid = end.close()
    change_subject(keys, subject, KeyRing.with_next)
    with recordings.append(subject, RECORDING, laid.segments, [], fresh=False) as end:
        end.write(b" second")
        end.finish(lambda: None)
    with recordings.open(subject, RECORDING) as source:
        assert source.read_at(0, 100) == b"first second"
    with recordings.append(subject, "another", [], [], fresh=False) as end:
        end.write(b"third")
        end.finish(lambda: None)
    change_subject(keys, subject, KeyRing.with_current_alone)
    with recordings.open(subject, "another") as source:
        assert source.read_at(0, 100) == b"third"


def test_a_process_that_keeps_a_practices_key_in_memory_notices_a_new_version(
    keys: KeyStore, subject: Subject
) -> None:
    running = KeyStore(keys.folder)
    key = running.key(subject.practice_id, subject.id)
    change_practice(keys, subject, KeyRing.with_next)
    change_subject(keys, subject, lambda ring: ring)  # wraps it under the new version
    assert running.key(subject.practice_id, subject.id) == key
    change_practice(keys, subject, KeyRing.with_current_alone)
    other = uuid4()
    running.create(subject.practice_id, other)
    assert KeyStore(keys.folder).key(subject.practice_id, other) == running.key(subject.practice_id, other)


def test_a_key_made_while_a_version_is_replaced_is_under_the_new_one(
    keys: KeyStore, subject: Subject
) -> None:
    running, other = KeyStore(keys.folder), uuid4()
    running.key(subject.practice_id, subject.id)
    change_practice(keys, subject, KeyRing.with_next)
    running.create(subject.practice_id, other)
    assert keyring.wrapped_under(keys.subject_path(other).read_bytes()) == 2


def test_the_version_in_a_key_file_is_authenticated() -> None:
    ring = KeyRing.new().with_next()
    wrapped = bytearray(keyring.wrap(Key(2, bytes(32)), ring.pack(), b"place"))
    assert KeyRing.unpack(keyring.unwrap(Key(2, bytes(32)), bytes(wrapped), b"place")) == ring
    wrapped[7] ^= 1
    with pytest.raises(KeyDamaged):
        keyring.unwrap(Key(3, bytes(32)), bytes(wrapped), b"place")


@pytest.mark.parametrize("content", [b"", bytes(31), bytes(35), bytes(37)], ids=len)
def test_a_ring_of_another_length_is_damaged(content: bytes) -> None:
    with pytest.raises(KeyDamaged):
        KeyRing.unpack(content)


def test_a_value_that_claims_version_1_in_the_new_form_does_not_open(
    keys: KeyStore, subject: Subject
) -> None:
    sealed = Vault(keys).seal(subject, "kind", "words")
    with pytest.raises(TamperedObject):
        Vault(keys).open(subject, "kind", Sealed(b"\x02\x00\x00\x00\x01" + sealed.data[1:]))


def test_a_destroyed_key_takes_along_what_writers_that_died_left_of_it(
    keys: KeyStore, subject: Subject
) -> None:
    path = keys.subject_path(subject.id)
    left = path.with_name(f".{path.name}.0123456789abcdef")
    left.write_bytes(path.read_bytes())
    keys.destroy(subject.id)
    assert not list(path.parent.iterdir())


def test_a_backup_needs_no_right_to_write_into_the_key_store(
    keys: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(rotation.os, "access", lambda *_: False)
        with rotation.kept_off(keys.folder):
            assert not (keys.folder / rotation.LOCK).exists()
    with rotation.alone(keys.folder), pytest.raises(KeyStoreError), rotation.alone(keys.folder):
        pass
    with rotation.kept_off(keys.folder), rotation.kept_off(keys.folder):
        pass


def test_the_census_counts_by_version_and_tells_what_is_left_and_damaged(
    keys: KeyStore, subject: Subject
) -> None:
    second, stranger = uuid4(), Subject(uuid4(), uuid4())
    keys.create(subject.practice_id, second)
    keys.create(stranger.practice_id, stranger.id)
    change_practice(keys, subject, KeyRing.with_next)
    change_subject(keys, subject, lambda ring: ring)
    found = census.take(keys)
    assert (dict(found.practices), dict(found.subjects)) == ({1: 2}, {1: 2, 2: 1})
    assert (found.left, found.rotating) == (1, (subject.practice_id,))
    keys.subject_path(second).write_bytes(b"damaged")
    found = census.take(keys)
    assert (found.left, found.damaged) == (0, (f"subjects/{second.hex[:2]}/{second}.key",))


@pytest.mark.parametrize("form", [b"\x00", b"\x02", b"\x03", b"\xff"])
@pytest.mark.parametrize("rest", [0, 1, 3, 4, 5, 40])
def test_a_value_of_no_known_form_has_no_version(form: bytes, rest: int) -> None:
    """Of the form with a version, too, unless something follows that version."""
    later = form == VERSIONED and rest > 4
    sealed = Sealed(form + b"\x07" * rest)
    if later:
        assert key_version(sealed) == 0x07070707
    else:
        with pytest.raises(TamperedObject):
            key_version(sealed)


def test_the_first_version_is_never_written_as_a_number() -> None:
    with pytest.raises(TamperedObject):
        key_version(Sealed(VERSIONED + (1).to_bytes(4, "big") + bytes(40)))


def test_an_object_without_a_whole_version_is_under_the_first() -> None:
    versioned = frames.new_header(b"SSF1", b"SSF3", 7)
    assert len(versioned) == len(frames.new_header(b"SSF1", b"SSF3", 1)) == frames.HEADER_BYTES
    assert frames.key_version(versioned) == 7
    assert frames.key_version(frames.new_header(b"SSF1", b"SSF3", 1)) == 1
    assert frames.key_version(frames.new_header(b"SSF1", b"SSF3", 2**32 - 1)) == 2**32 - 1
    assert frames.key_version(versioned[:-1]) == 1
    assert frames.key_version(b"SSF2" + versioned[4:]) == 1


def test_the_pepper_is_that_of_the_folder(keys: KeyStore) -> None:
    assert len(keys.pepper) == 32
    assert keys.pepper == KeyStore(keys.folder).pepper == keys.peppers.current.secret


def test_what_is_no_key_of_a_subject_is_none(keys: KeyStore, subject: Subject) -> None:
    folder = keys.subject_path(subject.id).parent
    (folder / "notes.key").write_bytes(b"x")
    (folder / ".half.key").write_bytes(b"x")
    assert list(keys.subject_files()) == [keys.subject_path(subject.id)]
    assert [one.subject_id for one in keys.list()] == [subject.id]


def test_a_practice_of_another_process_is_known_when_it_is_met(keys: KeyStore) -> None:
    other, practice_id, subject_id = KeyStore(keys.folder), uuid4(), uuid4()
    other.create(practice_id, subject_id)
    assert keys.key(practice_id, subject_id) == other.key(practice_id, subject_id)


def test_the_key_of_a_practice_is_read_from_the_disk_and_that_of_subjects_under_it_from_memory(
    keys: KeyStore, subject: Subject
) -> None:
    before = keys.practice_ring(subject.practice_id)
    change_practice(KeyStore(keys.folder), subject, KeyRing.with_next)
    assert keys.practice_ring(subject.practice_id).current != before.current
    keys.practice_path(subject.practice_id).unlink()
    assert keys.key(subject.practice_id, subject.id)  # its wrapping is in memory


def test_the_lock_makes_the_folder_that_is_missing(keys: KeyStore) -> None:
    shutil.rmtree(keys.folder)
    with keys.locked():
        assert keys.folder.stat().st_mode & 0o777 == 0o700
