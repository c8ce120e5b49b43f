"""Keys that are durable, frames that cannot be exchanged, nonces that never repeat."""

import os
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.vault import durable
from shared.vault.frames import FRAME_BYTES, HEADER_BYTES, TAG_BYTES, FrameReader, TamperedObject
from shared.vault.keystore import KeyStore
from shared.vault.sealing import Subject, Vault
from tests.unit.api.test_frames import KEY, Bytes, encrypted


def test_a_key_is_synced_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    keys = KeyStore.initialise(tmp_path / "k")
    synced.clear()
    subject = uuid4()
    keys.create(uuid4(), subject)
    assert any(f".{subject}.key." in name for name in synced)


def test_of_two_writers_of_one_key_the_first_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = KeyStore.initialise(tmp_path / "k")
    practice, subject = uuid4(), uuid4()
    keys.create(practice, uuid4())
    real = os.open
    begun: list[bool] = []
    first: list[bytes] = []

    def open_(path: str | Path, flags: int, mode: int = 0o777) -> int:
        if f"{subject}.key" in str(path) and not begun:
            begun.append(True)
            keys.create(practice, subject)  # another process is faster
            first.append(keys.key(practice, subject))
        return real(path, flags, mode)

    monkeypatch.setattr(durable.os, "open", open_)
    keys.create(practice, subject)
    assert keys.key(practice, subject) == first[0]


def test_frames_that_are_far_apart_cannot_be_exchanged() -> None:
    stored = FRAME_BYTES + TAG_BYTES
    data = bytearray(encrypted(bytes(257 * FRAME_BYTES + 5)))
    a, b = HEADER_BYTES, HEADER_BYTES + 256 * stored
    data[a : a + stored], data[b : b + stored] = data[b : b + stored], data[a : a + stored]
    reader = FrameReader(Bytes(bytes(data)), KEY, b"one")
    with pytest.raises(TamperedObject):
        reader.read_at(0, 10)


def test_the_same_value_sealed_twice_looks_different(tmp_path: Path) -> None:
    keys = KeyStore.initialise(tmp_path / "k")
    subject = Subject(uuid4(), uuid4())
    keys.create(subject.practice_id, subject.id)
    vault = Vault(keys)
    assert vault.seal(subject, "k", "words").data != vault.seal(subject, "k", "words").data


def test_the_same_object_written_twice_looks_different() -> None:
    assert encrypted(b"words" * 100) != encrypted(b"words" * 100)


def test_no_nonce_or_salt_repeats_under_a_key(tmp_path: Path) -> None:
    keys = KeyStore.initialise(tmp_path / "keys")
    subject = Subject(uuid4(), uuid4())
    keys.create(subject.practice_id, subject.id)
    vault = Vault(keys)
    assert len({vault.seal(subject, "kind", "words").data[:16] for _ in range(500)}) == 500
    assert len({encrypted(b"words")[:HEADER_BYTES] for _ in range(500)}) == 500


@pytest.mark.parametrize("size", [0, 5, FRAME_BYTES, 2 * FRAME_BYTES + 5])
def test_an_object_is_laid_out_as_its_format_says(size: int) -> None:
    """Else what an earlier release has stored would not open. Computed without the code that writes it."""
    content = bytes(n % 251 for n in range(size))
    stored = encrypted(content, label=b"one")
    assert stored[:4] == b"SSF1"
    key = HKDF(SHA256(), 32, stored[4:36], b"sessionscribe frames v1:one").derive(KEY)
    frames = [stored[at : at + 65_552] for at in range(36, len(stored), 65_552)]
    opened = [
        AESGCM(key).decrypt(number.to_bytes(11, "big") + bytes([frame is frames[-1]]), frame, None)
        for number, frame in enumerate(frames)
    ]
    assert b"".join(opened) == content
