"""Recordings and what is derived from them, encrypted under their session's key."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from shared.domain import failpoints
from shared.domain.ports import Block, ByteSource
from shared.storage.objects import PIECE, Appending, ObjectStore
from shared.vault import frames, segments
from shared.vault.frames import HEADER_BYTES, FrameReader, FrameWriter, TamperedObject
from shared.vault.keyring import KeyRing
from shared.vault.keystore import KeyStore
from shared.vault.sealing import Subject

RECORDING = "recording"
SPEECH_GONE = "speech_gone"  # the error's code where SPEECH is missing while it is needed
_BLOCK_BYTES = 1024 * 1024
PACKAGE = "package"  # a copy of a whole record, made for its patient
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
        key = self._keys.ring(session.practice_id, session.id).current
        with self.store.create(object_name(session, kind)) as write:
            writer = FrameWriter(write, key.secret, _label(session, kind), key.version)
            yield writer.write
            writer.close()

    @contextmanager
    def open(self, session: Subject, kind: str) -> Iterator[ByteSource]:
        """The object's plaintext at random; raises NotFound, TamperedObject or KeyDestroyed."""
        with self._opened(object_name(session, kind), session, kind) as source:
            yield source

    @contextmanager
    def _opened(
        self, name: str, session: Subject, kind: str
    ) -> Iterator[FrameReader | segments.SegmentReader]:
        ring = self._keys.ring(session.practice_id, session.id)
        with self.store.open(name) as stored:
            head = stored.read_at(0, HEADER_BYTES)
            version = key_version(head)
            if ring.find(version) is None:  # a rotation has come in between
                ring = self._keys.ring(session.practice_id, session.id)
            reader = segments.SegmentReader if segments.is_segmented(head) else FrameReader
            yield reader(stored, _key(ring, version), _label(session, kind))

    @contextmanager
    def append(
        self, session: Subject, kind: str, lengths: Sequence[int], pieces: Sequence[str], *, fresh: bool
    ) -> Iterator["UnfinishedRecording"]:
        """Go on with an object whose segments have ``lengths``; see ObjectStore.append."""
        ring = self._keys.ring(session.practice_id, session.id)
        at = segments.stored_before(lengths)
        with self.store.append(object_name(session, kind), at, fresh=fresh, pieces=pieces) as end:
            head = end.head(HEADER_BYTES) if lengths else segments.new_head(ring.current.version)
            key = _key(ring, segments.key_version(head))
            writer = segments.SegmentWriter(end.write, key, _label(session, kind), lengths, head)
            yield UnfinishedRecording(writer, end)

    def delete(self, session: Subject, kind: str) -> None:
        """Remove the object; does nothing if there is none."""
        self.store.delete(object_name(session, kind))

    def discard_pieces(self, session: Subject) -> None:
        """Remove what the recording was made of as it arrived, and a copy that was to take its place."""
        self.store.discard_pieces(object_name(session, RECORDING))

    def head(self, session: Subject, kind: str) -> bytes:
        """The object's first bytes, which no other object has: random ones are among them."""
        with self.store.open(object_name(session, kind)) as stored:
            return stored.read_at(0, HEADER_BYTES)

    def copy_anew(self, session: Subject, kind: str) -> bytes:
        """Write a copy of the object beside it under the current version of the key, and read it back.

        Gives the head of the object that was copied. Raises NotFound, TamperedObject and Unavailable.
        """
        key = self._keys.ring(session.practice_id, session.id).current
        head, copied = self.head(session, kind), hashlib.sha256()
        with self.open(session, kind) as source, self.store.create(_copy_name(session)) as write:
            writer = FrameWriter(write, key.secret, _label(session, kind), key.version)
            for block in _blocks(source):
                copied.update(block)
                writer.write(block)
            writer.close()
        failpoints.reach("rotating", "object_copied", session.id)
        with self._opened(_copy_name(session), session, kind) as copy:
            found = hashlib.sha256()
            for block in _blocks(copy):
                found.update(block)
            copy.verify_end()
        if found.digest() != copied.digest():
            raise TamperedObject("a copy of a recording reads otherwise than it was written")
        return head

    def take_copy(self, session: Subject, kind: str, head: bytes) -> bool:
        """Put the copy into the place of the object with this head; False if another one is there."""
        if self.head(session, kind) != head:
            return False
        self.store.move(_copy_name(session), object_name(session, kind))
        return True


@dataclass(frozen=True, slots=True)
class Laid:
    """What is durable of an object: the lengths of its segments in plaintext, and the store's pieces.

    ``pieces`` None: those of before, which hold more.
    """

    segments: list[int]
    pieces: list[str] | None


class UnfinishedRecording:
    """A segment that is being written; see ``SegmentWriter``."""

    def __init__(self, writer: segments.SegmentWriter, end: Appending) -> None:
        self._writer = writer
        self._end = end
        self.write = writer.write
        self.settled, self.withdraw = end.settled, end.withdraw

    def make_safe(self) -> Laid:
        """Make what was written durable; gives what can be gone on from."""
        return Laid(self._writer.safe_lengths, self._end.sync())

    def close(self) -> Laid:
        """End the segment, durably."""
        self._writer.close()
        return Laid(self._writer.lengths, self._end.sync())

    def finish(self, check: Callable[[], None]) -> None:
        """End the object, durably; ``check`` raises if it is not ours to end."""
        self._writer.close_object()
        self._end.complete(check)


def object_name(session: Subject, kind: str) -> str:
    """Where the object lies: made of ids only, never of anything a client sent."""
    return f"{session.practice_id}/{session.id}/{kind}"


def key_version(head: bytes) -> int:
    """The version of its session's key that an object with this head is under."""
    return (segments.key_version if segments.is_segmented(head) else frames.key_version)(head)


def _copy_name(session: Subject) -> str:
    """Where a copy lies until it takes the place of the object: among the pieces, which are swept."""
    return f"{object_name(session, RECORDING)}{PIECE}anew"


def _blocks(source: ByteSource) -> Iterator[bytes]:
    for offset in range(0, source.size, _BLOCK_BYTES):
        yield source.read_at(offset, _BLOCK_BYTES)


def _key(ring: KeyRing, version: int) -> bytes:
    key = ring.find(version)
    if key is None:
        raise TamperedObject("an object is under a version of its key that is gone")
    return key.secret


def _label(session: Subject, kind: str) -> bytes:
    return kind.encode() + b":" + session.practice_id.bytes + session.id.bytes
