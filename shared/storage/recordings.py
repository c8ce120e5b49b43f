"""Recordings and what is derived from them, encrypted under their session's key."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from shared.domain.ports import Block, ByteSource
from shared.storage.objects import Appending, ObjectStore
from shared.vault import frames, segments
from shared.vault.frames import HEADER_BYTES, FrameReader, FrameWriter, TamperedObject
from shared.vault.keyring import KeyRing
from shared.vault.keystore import KeyStore
from shared.vault.sealing import Subject

RECORDING = "recording"
SPEECH_GONE = "speech_gone"  # the error's code where SPEECH is missing while it is needed
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
        ring = self._keys.ring(session.practice_id, session.id)
        with self.store.open(object_name(session, kind)) as stored:
            head = stored.read_at(0, HEADER_BYTES)
            segmented = segments.is_segmented(head)
            key = _key(ring, (segments.key_version if segmented else frames.key_version)(head))
            yield (segments.SegmentReader if segmented else FrameReader)(stored, key, _label(session, kind))

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
        """Remove what the recording was made of as it arrived; see ObjectStore.discard_pieces."""
        self.store.discard_pieces(object_name(session, RECORDING))


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


def _key(ring: KeyRing, version: int) -> bytes:
    key = ring.find(version)
    if key is None:
        raise TamperedObject("an object is under a version of its key that is gone")
    return key.secret


def _label(session: Subject, kind: str) -> bytes:
    return kind.encode() + b":" + session.practice_id.bytes + session.id.bytes
