"""The recording, to be listened to by its therapist."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import structlog

from shared.db.tables.core import TherapySession
from shared.domain.disclosures import act_of
from shared.domain.errors import Gone, NotFound
from shared.domain.ports import ByteSource
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.services.sessions import digests
from shared.services.transcripts.off_record import require_redacted
from shared.storage.recordings import RECORDING
from shared.vault.frames import TamperedObject
from shared.vault.keystore import KeyDestroyed, KeyStoreError
from shared.vault.sealing import Subject

log = structlog.get_logger(__name__)

# What the log says is lost.
_LOST = {NotFound: "object_missing", KeyDestroyed: "key_missing", TamperedObject: "object_damaged"}


@dataclass(frozen=True, slots=True)
class Audio:
    """A recording as it was uploaded: its bytes, their SHA-256 in hex, and its container's family."""

    source: ByteSource
    sha256: str
    family: str


@contextmanager
def recording(
    resources: Resources, caller: Caller, session_id: UUID, code: str | None = None
) -> Iterator[Audio]:
    """The caller's recording, decrypted as it is read. ``code``: how it is exported; None: it is heard.

    Raises NotFound, Conflict (something off the record is still in it) and Gone: removed by retention
    (``audio_removed``), or lost or damaged (``audio_lost``), here or while the block runs. After it, reading
    raises TamperedObject rather than give a byte that was not stored.
    """
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own(db, caller, session_id)
        require_redacted(db, row)
        ownership.audit(db, caller, act_of("audio", code), session_id, code)
    if row.audio_removed_at is not None:
        raise Gone("The recording was removed when its time was over. Its transcript stays.", "audio_removed")
    with _losses_as_ours(resources, row), resources.recordings.open(_subject(row), RECORDING) as source:
        # The last frame says that it is the last: a shortened object shows before the first byte.
        if source.size != row.audio_bytes or len(source.read_at(source.size - 1, 1)) != 1:
            raise TamperedObject("the recording is not as long as the one that was uploaded")
        yield Audio(source, digests.opened(resources.vault, row), row.audio_family)


@contextmanager
def _losses_as_ours(resources: Resources, row: TherapySession) -> Iterator[None]:
    try:
        yield
    except (KeyStoreError, NotFound, TamperedObject) as error:
        ownership.require_there(resources, _subject(row))  # deleted since the row was read?
        what = _LOST.get(type(error), "key_damaged")
        log.error("recording_lost", session_id=row.id, code=what)  # noqa: TRY400 - the code says all
        raise Gone(
            "The stored recording or its key is lost or damaged. Have it restored from a backup; transcript "
            "and notes stay.",
            "audio_lost",
        ) from None


def _subject(row: TherapySession) -> Subject:
    return Subject(row.practice_id, row.id)
