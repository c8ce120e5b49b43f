"""What a recording was found to hold: the stored plan and the decoded speech it speaks of."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog
from sqlalchemy.orm import Session as DbSession

from shared.db import outputs, sessions
from shared.db.claims import Lease
from shared.db.outputs import Product
from shared.db.tables import TherapySession
from shared.domain.documents import plan_from_json
from shared.domain.errors import NotFound, PermanentStepError, Unavailable
from shared.domain.ports import PcmSource
from shared.domain.values import SpeechPlan
from shared.services.engines import Workbench
from shared.services.heartbeat import LeaseLost
from shared.services.off_record import opened_ranges
from shared.storage.pcm import StoredPcm
from shared.storage.recordings import SPEECH, SPEECH_GONE
from shared.vault.sealing import Subject

log = structlog.get_logger(__name__)


def stored_plan(bench: Workbench, lease: Lease) -> tuple[SpeechPlan, int] | None:
    """The plan and the number of decoded channels, once the recording has been decoded."""
    with bench.resources.database.transaction(lease.practice_id) as db:
        sealed = outputs.get(db, lease.session_id, Product.PLAN)
    if sealed is None:
        return None
    body = bench.resources.vault.open(lease.subject, outputs.kind(Product.PLAN), sealed)
    return plan_from_json(body["plan"]), body["channels"]


@contextmanager
def speech(bench: Workbench, session: Subject, channels: int) -> Iterator[StoredPcm]:
    """The session's decoded audio, to be read at random; what is off the record is silence in it.

    The recording was redacted before it was decoded. But a run that was under way when something was
    taken off the record may have decoded the old one, and may come back.
    """
    resources = bench.resources
    with resources.database.transaction(session.practice_id) as db:
        off = outputs.get(db, session.id, Product.OFF_RECORD)
    ranges = opened_ranges(resources.vault, session, off)
    try:
        with resources.recordings.open(session, SPEECH) as source:
            yield StoredPcm(source, channels, ranges)
    except NotFound as error:
        raise PermanentStepError(
            "What was decoded from the recording is gone. Retry the session: it is decoded again.",
            SPEECH_GONE,
        ) from error


def forget_speech(bench: Workbench, session_id: UUID) -> None:
    """Remove the decoded audio, which nobody needs any more; what stays is swept up later."""
    with bench.resources.database.operating() as db:
        practice_id = sessions.practice_of(db, session_id)
    if practice_id is None:
        return
    try:
        bench.resources.recordings.delete(Subject(practice_id, session_id), SPEECH)
    except Unavailable as error:
        log.warning("speech_left", session_id=session_id, code=error.code)


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
