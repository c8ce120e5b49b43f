"""Therapy sessions: found, listed, moved from status to status, and due to be dispatched."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, text, update
from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm.util import identity_key

from shared.db.connection.deferred import at_the_end
from shared.db.queries.records import events
from shared.db.queries.work import counters, outbox
from shared.db.queries.work.step_claims import claimable
from shared.db.tables.core import StepRow, TherapySession
from shared.domain.status import FINAL, UNFINISHED, Status, sources_of
from shared.domain.webhooks import EVENT_OF_STATUS
from shared.vault.sealing import Sealed

# Time for a message that was just sent to arrive, before the dispatcher sends another.
HINT_GRACE_SECONDS = 5.0

_DISPATCH_IN = """
UPDATE sessions SET dispatch_after = now() + make_interval(secs => %(seconds)s), dispatches = 0,
    updated_at = now()
WHERE id = %(session)s
"""
_LOOK_AFTER = """
UPDATE sessions
SET dispatch_after = least(dispatch_after, now() + make_interval(secs => %(seconds)s)), dispatches = 0,
    updated_at = now()
WHERE id = %(session)s
"""
_DURATION = "UPDATE sessions SET duration_seconds = %(seconds)s, updated_at = now() WHERE id = %(session)s"
# The change and what followers are told of it: the event's number is drawn while the change locks the row.
_MOVE = text("""
WITH moved AS (
    UPDATE sessions SET status = :to, error_code = CAST(:code AS text), error_detail = CAST(:detail AS text),
        updated_at = now(), processed_at = CASE WHEN :to = 'processed' THEN now() ELSE processed_at END
    WHERE id = CAST(:session AS uuid) AND status = ANY(:sources)
    RETURNING practice_id, now() - created_at AS age
),
told AS (
    INSERT INTO session_events (practice_id, session_id, status, code)
    SELECT practice_id, CAST(:session AS uuid), :to, CAST(:code AS text) FROM moved
)
SELECT practice_id, age FROM moved
""")


def of_therapist(
    db: DbSession, therapist_id: UUID, session_id: UUID, *, hold: bool = False
) -> TherapySession | None:
    """The therapist's session; None also where it is another person's.

    ``hold`` keeps others from changing it until the transaction ends.
    """
    query = select(TherapySession).where(
        TherapySession.id == session_id, TherapySession.therapist_id == therapist_id
    )
    if hold:  # as it is once the lock is ours, not as it was read before
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.scalar(query)


def add(db: DbSession, row: TherapySession) -> None:
    """A new session, whose first status is the first thing that followers are told."""
    db.add(row)
    db.flush()
    events.record(db, row.practice_id, row.id, row.status)
    counters.add(db, "session.accepted", row.id)


def get(db: DbSession, session_id: UUID) -> TherapySession | None:
    """Any session, for workers."""
    return db.get(TherapySession, session_id)


def practice_of(db: DbSession, session_id: UUID) -> UUID | None:
    """Whose session this is, for an operator; None if there is no such session."""
    return db.scalar(select(TherapySession.practice_id).where(TherapySession.id == session_id))


def hold_unfinished_of(db: DbSession, patient_id: UUID) -> Sequence[TherapySession]:
    """The patient's sessions that are still worked on, held to the end of the transaction."""
    query = select(TherapySession).where(
        TherapySession.patient_id == patient_id, TherapySession.status.in_(UNFINISHED)
    )
    return db.scalars(query.order_by(TherapySession.id).with_for_update(key_share=True)).all()


def unfinished_of(db: DbSession, therapist_id: UUID, limit: int) -> Sequence[UUID]:
    """The ids of the therapist's sessions that are still worked on, the oldest first."""
    query = select(TherapySession.id).where(
        TherapySession.therapist_id == therapist_id, TherapySession.status.in_(UNFINISHED)
    )
    return db.scalars(query.order_by(TherapySession.created_at).limit(limit)).all()


def move(
    db: DbSession,
    session_id: UUID,
    to: Status,
    *,
    error_code: str | None = None,
    error_detail: str | None = None,
) -> bool:
    """Set the status, if the table of moves allows it from where the session stands.

    The only place that changes a status. True also where the session already stands there.
    """
    values = {
        "session": str(session_id),
        "to": to.value,
        "sources": [status.value for status in sources_of(to)],
        "code": error_code,
        "detail": error_detail,
    }
    moved = db.execute(_MOVE, values).first()
    if moved is None:
        return hold(db, session_id) == to
    _read_again(db, session_id)
    if to in EVENT_OF_STATUS:
        outbox.enqueue(db, moved.practice_id, EVENT_OF_STATUS[to], session_id, code=error_code)
    if to in FINAL:
        counters.add_end(db, session_id, to, error_code, moved.age)
    return True


def _read_again(db: DbSession, session_id: UUID) -> None:
    """Refresh the row where it is loaded already."""
    row = db.identity_map.get(identity_key(TherapySession, session_id))
    if row is not None:
        db.refresh(row)


def status_of(session_id: UUID) -> Select[Status]:
    """The query for a session's status."""
    return select(TherapySession.status).where(TherapySession.id == session_id)


def hold(db: DbSession, session_id: UUID) -> Status | None:
    """Lock the session's row until this transaction ends; its status, None if it is gone.

    Every change of a session and its steps locks it first: with one order of locks there is no
    deadlock.
    """
    return db.scalar(status_of(session_id).with_for_update(key_share=True))


def dispatch_in(db: DbSession, session_id: UUID, seconds: float) -> None:
    """Have the dispatcher look at the session after ``seconds``, and forget earlier repeats."""
    at_the_end(db, _DISPATCH_IN, {"session": str(session_id), "seconds": seconds})


def dispatch_within(db: DbSession, session_id: UUID, seconds: float) -> None:
    """Have the dispatcher look at the session after ``seconds`` at the latest."""
    db.execute(
        update(TherapySession)
        .where(TherapySession.id == session_id)
        .values(
            dispatch_after=func.least(TherapySession.dispatch_after, func.now() + timedelta(seconds=seconds))
        )
    )


def look_after_lease(db: DbSession, session_id: UUID, lease_seconds: float) -> None:
    """A worker has it: have the dispatcher look when that lease could have run out.

    Without it a session that waited long, and is looked at every ten minutes by now, would also
    wait that long for another worker if this one dies.
    """
    at_the_end(db, _LOOK_AFTER, {"session": str(session_id), "seconds": lease_seconds})


def set_duration(db: DbSession, session_id: UUID, seconds: float) -> None:
    """Note the recording's length, found by decoding it."""
    at_the_end(db, _DURATION, {"session": str(session_id), "seconds": seconds})


def replace_audio(db: DbSession, session_id: UUID, *, family: str, size: int, digest: Sealed) -> None:
    """Note what the stored recording now is."""
    facts = {"audio_family": family, "audio_bytes": size, "audio_digest": digest, "audio_sha256": ""}
    changed = update(TherapySession).where(TherapySession.id == session_id)
    db.execute(changed.values(**facts, updated_at=func.now()))


def note_redacted(db: DbSession, session_id: UUID) -> None:
    """Note that nothing is left in the stored recording of what was said off the record."""
    db.execute(update(TherapySession).where(TherapySession.id == session_id).values(off_record_due=False))


def note_damage(db: DbSession, session_id: UUID, facts: Mapping[str, Any]) -> None:
    """Note what decoding the recording showed, unless that is known: what is rewritten no longer shows it."""
    unknown = TherapySession.id == session_id, TherapySession.damage.is_(None)
    db.execute(update(TherapySession).where(*unknown).values(damage=dict(facts)))


def note_removed(db: DbSession, session_id: UUID, column: str, at: datetime | None = None) -> None:
    """Note that a part of the session was removed: ``audio_removed_at`` or another column of its kind."""
    changed = update(TherapySession).where(TherapySession.id == session_id)
    db.execute(changed.values({column: at or func.clock_timestamp(), "updated_at": func.now()}))


def hold_with_plain_digests(db: DbSession, *, limit: int) -> Sequence[TherapySession]:
    """Sessions whose recording's hash is not sealed yet, held to the end of the transaction."""
    query = select(TherapySession).where(TherapySession.audio_sha256 != "").order_by(TherapySession.id)
    return db.scalars(query.limit(limit).with_for_update(skip_locked=True)).all()


def set_digest(db: DbSession, session_id: UUID, digest: Sealed | None) -> None:
    """Keep the sealed hash in the place of the plain one; for callers nothing of the session has changed."""
    sealed = update(TherapySession).where(TherapySession.id == session_id)
    db.execute(sealed.values(audio_digest=digest, audio_sha256="", updated_at=TherapySession.updated_at))


def ready_work(db: DbSession, session_id: UUID) -> dict[str, int]:
    """How many rows of each step of the session could be claimed now."""
    rows = db.execute(
        select(StepRow.name, func.count())
        .where(StepRow.session_id == session_id, claimable())
        .group_by(StepRow.name)
    )
    return {row[0]: row[1] for row in rows}


def with_reference(db: DbSession, *, after: UUID, limit: int) -> Sequence[tuple[UUID, Sealed]]:
    """Sessions of the practice that have a client's own reference, by id."""
    query = select(TherapySession.id, TherapySession.external_id)
    query = query.where(TherapySession.external_id_hash.is_not(None), TherapySession.id > after)
    found = db.execute(query.order_by(TherapySession.id).limit(limit))
    return [(session_id, stored) for session_id, stored in found if stored is not None]


def set_reference_hash(db: DbSession, session_id: UUID, digest: bytes) -> None:
    """Have the reference be found by this; for callers the session has not changed."""
    values = {"external_id_hash": digest, "updated_at": TherapySession.updated_at}
    db.execute(update(TherapySession).where(TherapySession.id == session_id).values(values))
