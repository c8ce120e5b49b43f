"""Recordings and what is derived from them, encrypted under their session's key."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shared.domain.ports import Block, ByteSource
from shared.storage.objects import ObjectStore
from shared.vault.frames import FrameReader, FrameWriter
from shared.vault.keystore import KeyStore
from shared.vault.sealing import Subject

RECORDING = "recording"
SPEECH_GONE = "speech_gone"  # the error's code where SPEECH is missing while it is needed
SPEECH = "speech"  # the recording as 16 kHz PCM, kept only while it is being transcribed


class Recordings:
    """Plaintext in, plaintext out; only ciphertext reaches the store."""

    def __init__(self, store: ObjectStore, keys: KeyStore) -> None:
        self.store = store
        self._keys = keys

    @contextmanager
    def create(self, session: Subject, kind: str) -> Iterator[Callable[[Block], None]]:
        """A writer of the session's object of this kind; see ObjectStore.create.

        The session's key must exist. An object of the same name is replaced when the block ends.
        """
        key = self._keys.key(session.practice_id, session.id)
        with self.store.create(object_name(session, kind)) as write:
            frames = FrameWriter(write, key, _label(session, kind))
            yield frames.write
            frames.close()

    @contextmanager
    def open(self, session: Subject, kind: str) -> Iterator[ByteSource]:
        """The object's plaintext at random; raises NotFound, TamperedObject or KeyDestroyed."""
        key = self._keys.key(session.practice_id, session.id)
        with self.store.open(object_name(session, kind)) as stored:
            yield FrameReader(stored, key, _label(session, kind))

    def delete(self, session: Subject, kind: str) -> None:
        """Remove the object; does nothing if there is none."""
        self.store.delete(object_name(session, kind))


def object_name(session: Subject, kind: str) -> str:
    """Where the object lies: made of ids only, never of anything a client sent."""
    return f"{session.practice_id}/{session.id}/{kind}"


def _label(session: Subject, kind: str) -> bytes:
    return kind.encode() + b":" + session.practice_id.bytes + session.id.bytes
