"""What a recording was found to hold: the stored plan and the decoded speech it speaks of."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session as DbSession

from shared.db import outputs, sessions
from shared.db.claims import Lease
from shared.db.outputs import Product
from shared.db.tables import TherapySession
from shared.domain.documents import plan_from_json
from shared.domain.ports import PcmSource
from shared.domain.values import SpeechPlan
from shared.services.engines import Workbench
from shared.services.heartbeat import LeaseLost
from shared.storage.pcm import StoredPcm
from shared.storage.recordings import SPEECH
from shared.vault.sealing import Subject


def stored_plan(bench: Workbench, lease: Lease) -> tuple[SpeechPlan, int] | None:
    """The plan and the number of decoded channels, once the recording has been decoded."""
    with bench.resources.database.transaction() as db:
        sealed = outputs.get(db, lease.session_id, Product.PLAN)
    if sealed is None:
        return None
    body = bench.resources.vault.open(lease.subject, outputs.kind(Product.PLAN), sealed)
    return plan_from_json(body["plan"]), body["channels"]


@contextmanager
def speech(bench: Workbench, session: Subject, channels: int) -> Iterator[StoredPcm]:
    """The session's decoded audio, to be read at random."""
    with bench.resources.recordings.open(session, SPEECH) as source:
        yield StoredPcm(source, channels)


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
