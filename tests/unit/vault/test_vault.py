"""The key store and sealed values."""

from pathlib import Path
from uuid import uuid4

import pytest

from shared.db.tables.column_types import Encrypted
from shared.vault.frames import TamperedObject
from shared.vault.keystore import KeyDestroyed, KeyStore, KeyStoreError
from shared.vault.sealing import Sealed, Subject, Vault


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore.initialise(tmp_path / "keys")


@pytest.fixture
def subject(keys: KeyStore) -> Subject:
    subject = Subject(uuid4(), uuid4())
    keys.create(subject.practice_id, subject.id)
    return subject


def test_a_key_stays_the_same_when_created_again(keys: KeyStore, subject: Subject) -> None:
    before = keys.key(subject.practice_id, subject.id)
    keys.create(subject.practice_id, subject.id)
    assert keys.key(subject.practice_id, subject.id) == before


def test_two_processes_see_the_same_key(keys: KeyStore, subject: Subject, tmp_path: Path) -> None:
    other = KeyStore(tmp_path / "keys")
    assert other.key(subject.practice_id, subject.id) == keys.key(subject.practice_id, subject.id)


def test_a_destroyed_key_is_gone(keys: KeyStore, subject: Subject) -> None:
    keys.destroy(subject.id)
    with pytest.raises(KeyDestroyed):
        keys.key(subject.practice_id, subject.id)


def test_a_key_does_not_open_for_another_practice(keys: KeyStore, subject: Subject) -> None:
    stranger = uuid4()
    keys.create(stranger, uuid4())
    with pytest.raises(KeyStoreError):
        keys.key(stranger, subject.id)


def test_no_key_lies_on_disk_unwrapped(keys: KeyStore, subject: Subject, tmp_path: Path) -> None:
    key = keys.key(subject.practice_id, subject.id)
    stored = [path.read_bytes() for path in (tmp_path / "keys").rglob("*") if path.is_file()]
    assert not any(key in content for content in stored)


def test_key_files_are_closed_to_others(keys: KeyStore, subject: Subject, tmp_path: Path) -> None:
    modes = {path.stat().st_mode & 0o077 for path in (tmp_path / "keys").rglob("*.key")}
    assert modes == {0}


def test_a_root_key_that_others_may_read_is_refused(keys: KeyStore, tmp_path: Path) -> None:
    (tmp_path / "keys" / "root.key").chmod(0o644)
    with pytest.raises(KeyStoreError, match="chmod 600"):
        KeyStore(tmp_path / "keys")


def test_a_root_key_that_opens_nothing_is_refused(keys: KeyStore, subject: Subject, tmp_path: Path) -> None:
    (tmp_path / "keys" / "root.key").write_bytes(bytes(32))
    with pytest.raises(KeyStoreError, match=r"opens none of the practices' keys"):
        KeyStore(tmp_path / "keys")


def test_a_root_key_that_is_gone_is_not_made_anew_beside_keys_that_it_opens(
    keys: KeyStore, subject: Subject, tmp_path: Path
) -> None:
    (tmp_path / "keys" / "root.key").unlink()
    with pytest.raises(KeyStoreError, match=r"root\.key is missing"):
        KeyStore.initialise(tmp_path / "keys")
    assert not (tmp_path / "keys" / "root.key").exists()


def test_every_subjects_key_is_listed_once_until_it_is_destroyed(keys: KeyStore, subject: Subject) -> None:
    other = Subject(subject.practice_id, uuid4())
    keys.create(other.practice_id, other.id)
    assert sorted(found.subject_id for found in keys.list()) == sorted([subject.id, other.id])
    keys.destroy(other.id)
    assert [found.subject_id for found in keys.list()] == [subject.id]


def test_one_damaged_practice_key_does_not_close_the_store(
    keys: KeyStore, subject: Subject, tmp_path: Path
) -> None:
    other = Subject(uuid4(), uuid4())
    keys.create(other.practice_id, other.id)
    (tmp_path / "keys" / "practices" / f"{subject.practice_id}.key").write_bytes(b"damaged")
    assert KeyStore(tmp_path / "keys").key(other.practice_id, other.id)


def test_a_missing_key_store_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeyStoreError, match="sessionscribe setup"):
        KeyStore(tmp_path / "nowhere")


def test_a_sealed_value_opens_to_what_it_was(keys: KeyStore, subject: Subject) -> None:
    vault = Vault(keys)
    value = {"text": "what was said", "times": [0.5, 2]}
    assert vault.open(subject, "transcript", vault.seal(subject, "transcript", value)) == value


def test_a_sealed_value_shows_nothing_of_itself(keys: KeyStore, subject: Subject) -> None:
    sealed = Vault(keys).seal(subject, "transcript", "what was said")
    assert b"what was said" not in sealed.data
    assert "what" not in repr(sealed)


def test_a_value_moved_to_another_column_does_not_open(keys: KeyStore, subject: Subject) -> None:
    vault = Vault(keys)
    with pytest.raises(TamperedObject):
        vault.open(subject, "notes:1", vault.seal(subject, "notes:2", "text"))


def test_a_value_of_another_version_does_not_open(keys: KeyStore, subject: Subject) -> None:
    vault = Vault(keys)
    sealed = vault.seal(subject, "transcript", "said")
    with pytest.raises(TamperedObject, match="version"):
        vault.open(subject, "transcript", Sealed(b"\xff" + sealed.data[1:]))


def test_a_changed_value_does_not_open(keys: KeyStore, subject: Subject) -> None:
    vault = Vault(keys)
    data = bytearray(vault.seal(subject, "notes:1", "text").data)
    data[-1] ^= 1
    with pytest.raises(TamperedObject):
        vault.open(subject, "notes:1", Sealed(bytes(data)))


def test_an_encrypted_column_refuses_plaintext() -> None:
    with pytest.raises(TypeError, match="Sealed"):
        Encrypted().process_bind_param("what was said", None)  # type: ignore[arg-type]
