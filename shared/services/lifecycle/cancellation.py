"""Stopping: a session is cancelled by its therapist, or because consent was revoked."""

from uuid import UUID

import structlog
from sqlalchemy.orm import Session as DbSession

from shared.db.queries.privacy import deletions, holds
from shared.db.queries.privacy.deletions import Remains
from shared.db.queries.records import sessions, uploads
from shared.db.queries.work import outputs, steps
from shared.db.queries.work.outputs import Product
from shared.db.tables.core import TherapySession
from shared.domain import failpoints
from shared.domain.errors import Conflict, Unavailable
from shared.domain.status import UNFINISHED, Status
from shared.pipeline import STEPS
from shared.services.access import legal_hold, ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.services.uploads import joined_late
from shared.storage.recordings import SPEECH
from shared.vault.keystore import KeyStoreError
from shared.vault.sealing import Subject

log = structlog.get_logger(__name__)

# After this no worker that began before the end of a session can still be writing: a step's limit is
# enforced by the worker's parent process half a minute later, at the latest.
LAST_WRITE_SECONDS = max(step.limit_seconds for step in STEPS.values()) + 120.0
# The caller removes objects itself, at once; the dispatcher comes after it in case it could not.
OWN_ATTEMPT_SECONDS = 30.0


def cancel(resources: Resources, caller: Caller, session_id: UUID) -> None:
    """End the work on an unfinished session; does nothing if it is cancelled already.

    Workers notice within seconds. What was transcribed or noted before stays readable. Raises
    NotFound, and Conflict for a session that has ended in another way.
    """
    with resources.database.transaction(caller.practice_id) as db:
        row = legal_hold.own_with_patient(db, caller, session_id)
        if row.status not in UNFINISHED | {Status.CANCELLED}:
            raise Conflict(f"The session is {row.status}: there is no work to be stopped.", "already_ended")
        if row.status != Status.CANCELLED:
            stop(db, row)
        ownership.audit(db, caller, "session.cancel", session_id)
    failpoints.reach("cancelled", session_id)
    discard_decoded(resources, Subject(caller.practice_id, session_id))


def stop(db: DbSession, row: TherapySession, code: str = "cancelled") -> None:
    """Cancel an unfinished session that the transaction holds; ``discard_decoded`` comes after it.

    The patient's row must be locked too: what a legal hold keeps is not discarded.
    """
    sessions.move(db, row.id, Status.CANCELLED)
    steps.stop(db, row.id, code)
    if not holds.is_held(db, row.patient_id, row.id):
        outputs.discard(db, row.id, Product.PLAN, Product.CHUNK, Product.DRAFT)
    deletions.schedule(
        db,
        Remains(row.id, row.practice_id, whole=False),
        due_seconds=OWN_ATTEMPT_SECONDS,
        last_seconds=LAST_WRITE_SECONDS,
    )


def stop_all_of(db: DbSession, caller: Caller, patient_id: UUID) -> list[Subject]:
    """Cancel the patient's unfinished sessions after a withdrawal. Pass the returned subjects to
    ``discard_decoded``. An upload in between waits for the patient's row."""
    rows = sessions.hold_unfinished_of(db, patient_id)
    for row in rows:
        stop(db, row, "consent_revoked")
        ownership.audit(db, caller, "session.cancel", row.id)
    uploads.expire_of(db, patient_id)  # what has arrived is removed at the dispatcher's next sweep
    return [Subject(row.practice_id, row.id) for row in rows]


def discard_decoded(resources: Resources, session: Subject) -> None:
    """Remove what a cancelled session was decoded to; if that fails, the dispatcher will.

    Its recording stays, with what was joined to it by then.
    """
    try:
        resources.recordings.delete(session, SPEECH)
    except Unavailable as error:
        log.warning("object_left_to_the_dispatcher", session_id=session.id, code=error.code)
    try:
        joined_late.note(resources, session, LAST_WRITE_SECONDS)
    except (Unavailable, KeyStoreError) as error:
        log.warning("joined_recording_not_noted", session_id=session.id, error=type(error).__name__)


def discard_decoded_if_over(resources: Resources, session: Subject) -> None:
    """As ``discard_decoded``, if the session was cancelled or deleted: the end of a worker's run.

    The speech that it wrote may have come into the store after the cancellation or
    deletion had looked there.
    """
    with resources.database.transaction(session.practice_id) as db:
        over = db.scalar(sessions.status_of(session.id)) in (None, Status.CANCELLED)
    if over:
        discard_decoded(resources, session)
