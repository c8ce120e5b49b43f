"""What a worker joined before it died, or was stopped: the recording has it, the database does not know."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.privacy import deletions
from shared.db.queries.privacy.deletions import Remains
from shared.db.queries.records import further_recordings, sessions
from shared.db.queries.work import outputs
from shared.db.queries.work.outputs import Product
from shared.domain.errors import NotFound
from shared.domain.status import UNFINISHED
from shared.domain.transcripts.off_record import merged
from shared.domain.values import SAMPLE_RATE
from shared.services.resources import Resources
from shared.services.sessions import digests
from shared.services.steps.join_list import before_joined, joined_in
from shared.storage.recordings import RECORDING
from shared.vault.sealing import Subject, Vault


def note(resources: Resources, session: Subject, last_seconds: float) -> None:
    """Tell the database what the stored recording says was joined to it, if no worker will.

    What these recordings had of their own is erased, for the last time after ``last_seconds``. Raises
    Unavailable and KeyStoreError.
    """
    with resources.database.transaction(session.practice_id) as db:
        if not _waiting(db, session):
            return
    try:
        with resources.recordings.open(session, RECORDING) as source:
            begins, size = joined_in(source), source.size
            digest = digests.of(source) if begins else ""
    except NotFound:
        return
    with resources.database.transaction(session.practice_id) as db:
        sessions.hold(db, session.id)
        found = {name: begins[name] for name in _waiting(db, session) if name in begins}
        if not found:
            return
        _cut_ranges(resources.vault, db, session, found.values())
        sealed = digests.seal(resources.vault, session, digest)
        sessions.replace_audio(db, session.id, family="wav", size=size, digest=sealed)
        seconds = {name: begin / SAMPLE_RATE for name, begin in found.items()}
        further_recordings.note_joined(db, seconds)
        for name in found:
            remains = Remains(name, session.practice_id, whole=True)
            deletions.schedule(db, remains, due_seconds=0, last_seconds=last_seconds)


def _waiting(db: DbSession, session: Subject) -> list[UUID]:
    """Those that wait in a session that is not worked on."""
    if db.scalar(sessions.status_of(session.id)) in UNFINISHED:
        return []
    return list(further_recordings.waiting(db, session.id))


def _cut_ranges(vault: Vault, db: DbSession, session: Subject, begins: Iterable[int]) -> None:
    """As the step does it: see ``before_joined``."""
    stored, kind = outputs.get(db, session.id, Product.OFF_RECORD), outputs.kind(Product.OFF_RECORD)
    if stored is not None:
        ranges = merged((start, end) for start, end in vault.open(session, kind, stored))
        sealed = vault.seal(session, kind, before_joined(ranges, begins))
        outputs.replace(db, session.practice_id, session.id, Product.OFF_RECORD, sealed)
