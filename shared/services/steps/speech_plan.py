"""What a recording was found to hold: the stored plan and the decoded speech it speaks of."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session as DbSession

from shared.db.queries.records import sessions
from shared.db.queries.work import outputs
from shared.db.queries.work.outputs import Product
from shared.db.queries.work.step_claims import Lease
from shared.db.tables.core import TherapySession
from shared.domain.errors import NotFound, PermanentStepError, Unavailable
from shared.domain.ports import PcmSource
from shared.domain.transcripts.off_record import Ranges
from shared.domain.transcripts.serialization import plan_from_json, transcript_from_json
from shared.domain.values import SpeechPlan, Transcript
from shared.services.jobs.heartbeat import LeaseLost
from shared.services.jobs.worker_context import Workbench
from shared.services.transcripts.off_record import opened_ranges
from shared.storage.pcm import StoredPcm
from shared.storage.recordings import SPEECH, SPEECH_GONE
from shared.vault.sealing import Sealed, Subject, Vault

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class Material:
    """What a run of the transcription begins with, read together.

    ``plan`` with the number of decoded channels, once the recording has been decoded; ``off_record``: the
    ranges to silence; ``chunks``: the transcript of each part so far, and ``before``: the transcript that a
    further recording continues, if these were asked for.
    """

    row: TherapySession
    plan: tuple[SpeechPlan, int] | None
    off_record: Ranges
    chunks: dict[int, Sealed]
    before: Transcript | None = None


def material(db: DbSession, vault: Vault, lease: Lease, *, chunks: bool = False) -> Material:
    """What is stored for the session under the lease; raises LeaseLost if it has been erased."""
    session = lease.subject
    wanted = (Product.PLAN, Product.OFF_RECORD, *((Product.CHUNK, Product.TRANSCRIPT) if chunks else ()))
    stored = outputs.several(db, session.id, *wanted)
    sealed = stored[Product.PLAN].get(0)
    body = vault.open(session, outputs.kind(Product.PLAN), sealed) if sealed is not None else None
    return Material(
        row=session_row(db, lease),
        plan=(plan_from_json(body["plan"]), body["channels"]) if body is not None else None,
        off_record=opened_ranges(vault, session, stored[Product.OFF_RECORD].get(0)),
        chunks=stored.get(Product.CHUNK, {}),
        before=_opened_transcript(vault, session, stored.get(Product.TRANSCRIPT, {}).get(0)),
    )


def _opened_transcript(vault: Vault, session: Subject, sealed: Sealed | None) -> Transcript | None:
    if sealed is None:
        return None
    return transcript_from_json(vault.open(session, outputs.kind(Product.TRANSCRIPT), sealed))


@contextmanager
def speech(bench: Workbench, session: Subject, channels: int, off_record: Ranges) -> Iterator[StoredPcm]:
    """The session's decoded audio, to be read at random; what is off the record is silence in it.

    The recording was redacted before it was decoded. But a run that was under way when something was
    taken off the record may have decoded the old one, and may come back.
    """
    try:
        with bench.resources.recordings.open(session, SPEECH) as source:
            yield StoredPcm(source, channels, off_record)
    except NotFound as error:
        raise PermanentStepError(
            "What was decoded from the recording is gone. Retry the session: it is decoded again.",
            SPEECH_GONE,
        ) from error


def forget_speech(bench: Workbench, session: Subject) -> None:
    """Remove the decoded audio, which is no longer needed; what stays is swept up later."""
    try:
        bench.resources.recordings.delete(session, SPEECH)
    except Unavailable as error:
        log.warning("speech_left", session_id=session.id, code=error.code)


class WatchedPcm:
    """A ``PcmSource`` that asks before each read whether the audio is still wanted."""

    def __init__(self, pcm: PcmSource, check: Callable[[], None]) -> None:
        self._pcm = pcm
        self._check = check

    @property
    def channels(self) -> int:
        return self._pcm.channels

    @property
    def seconds(self) -> float:
        return self._pcm.seconds

    def read(self, start: float, end: float, channel: int | None = None) -> bytes:
        """See PcmSource; raises what the check raises."""
        self._check()
        return self._pcm.read(start, end, channel)


def session_row(db: DbSession, lease: Lease) -> TherapySession:
    """The row of the session under the lease; raises LeaseLost if it has been erased."""
    row = sessions.get(db, lease.session_id)
    if row is None:
        raise LeaseLost
    return row
