"""The recording, to be listened to by its therapist."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from shared.db.tables.core import TherapySession
from shared.domain.errors import Gone, NotFound
from shared.domain.ports import ByteSource
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.services.transcripts.off_record import require_redacted
from shared.storage.recordings import RECORDING
from shared.vault.frames import TamperedObject
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Subject


@dataclass(frozen=True, slots=True)
class Audio:
    """A recording as it was uploaded: its bytes, their SHA-256 in hex, and its container's family."""

    source: ByteSource
    sha256: str
    family: str


@contextmanager
def recording(resources: Resources, caller: Caller, session_id: UUID) -> Iterator[Audio]:
    """The caller's recording, decrypted as it is read.

    Raises NotFound, Conflict (something off the record is still in it), Gone (removed by retention),
    and TamperedObject, here or while it is read, rather than give a byte that was not stored.
    """
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own(db, caller, session_id)
        require_redacted(db, session_id)
        ownership.audit(db, caller, "audio.read", session_id)
    if row.audio_removed_at is not None:
        raise Gone("The recording was removed when its time was over. Its transcript stays.", "audio_removed")
    with _opened(resources, row) as source:
        # The last frame says that it is the last: a shortened object shows before the first byte.
        if source.size != row.audio_bytes or len(source.read_at(source.size - 1, 1)) != 1:
            raise TamperedObject("the recording is not as long as the one that was uploaded")
        yield Audio(source, row.audio_sha256, row.audio_family)


@contextmanager
def _opened(resources: Resources, row: TherapySession) -> Iterator[ByteSource]:
    session = Subject(row.practice_id, row.id)
    try:
        with resources.recordings.open(session, RECORDING) as source:
            yield source
    except (KeyDestroyed, NotFound):
        ownership.require_there(resources, session)  # deleted since the row was read?
        raise TamperedObject("the recording or its key is missing") from None
