"""Therapy sessions: found, listed, moved from status to status, and due to be dispatched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_, update
from sqlalchemy.orm import Session as DbSession

from shared.db import events, outbox, tallies
from shared.db.claims import abandoned, claimable
from shared.db.tables import StepRow, TherapySession
from shared.domain.status import FINAL, UNFINISHED, Status, sources_of
from shared.domain.webhooks import EVENT_OF_STATUS

# Time for a message that was just sent to arrive, before the dispatcher sends another.
HINT_GRACE_SECONDS = 5.0


def of_therapist(
    db: DbSession, therapist_id: UUID, session_id: UUID, *, hold: bool = False
) -> TherapySession | None:
    """The therapist's session; None also where it is somebody else's.

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
    tallies.add(db, "session.accepted", row.id)


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


def page(
    db: DbSession,
    therapist_id: UUID,
    *,
    limit: int,
    patient_id: UUID | None = None,
    status: Status | None = None,
    before: tuple[datetime, UUID] | None = None,
) -> Sequence[TherapySession]:
    """The therapist's sessions, newest ``session_date`` first, those after ``before`` only."""
    query = select(TherapySession).where(TherapySession.therapist_id == therapist_id)
    if patient_id is not None:
        query = query.where(TherapySession.patient_id == patient_id)
    if status is not None:
        query = query.where(TherapySession.status == status)
    if before is not None:
        query = query.where(tuple_(TherapySession.session_date, TherapySession.id) < before)
    newest_first = query.order_by(TherapySession.session_date.desc(), TherapySession.id.desc())
    return db.scalars(newest_first.limit(limit)).all()


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
    processed = {"processed_at": func.now()} if to is Status.PROCESSED else {}
    moved = db.execute(
        update(TherapySession)
        .where(TherapySession.id == session_id, TherapySession.status.in_(sources_of(to)))
        .values(
            status=to, error_code=error_code, error_detail=error_detail, updated_at=func.now(), **processed
        )
        .returning(TherapySession.practice_id, (func.now() - TherapySession.created_at).label("age"))
    ).first()
    if moved is None:
        return hold(db, session_id) == to
    events.record(db, moved.practice_id, session_id, to, error_code)
    if to in EVENT_OF_STATUS:
        outbox.enqueue(db, moved.practice_id, EVENT_OF_STATUS[to], session_id, code=error_code)
    if to in FINAL:
        tallies.add_end(db, session_id, to, error_code, moved.age)
    return True


def status_of(session_id: UUID) -> Select[Status]:
    """The query for a session's status."""
    return select(TherapySession.status).where(TherapySession.id == session_id)


def hold(db: DbSession, session_id: UUID) -> Status | None:
    """The session's status, which nobody else changes until this transaction ends; None if it is gone.

    Whoever changes a session and its steps holds it first: taken in one order by all, locks never
    wait for each other in a circle.
    """
    return db.scalar(status_of(session_id).with_for_update(key_share=True))


def dispatch_in(db: DbSession, session_id: UUID, seconds: float) -> None:
    """Have the dispatcher look at the session after ``seconds``, and forget earlier repeats."""
    db.execute(
        update(TherapySession)
        .where(TherapySession.id == session_id)
        .values(dispatch_after=func.now() + timedelta(seconds=seconds), dispatches=0)
    )


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
    """Somebody works on it: have the dispatcher look when that lease could have run out.

    Without it a session that waited long, and is looked at every ten minutes by now, would also
    wait that long for another worker if this one dies.
    """
    lapse = func.now() + timedelta(seconds=lease_seconds)
    db.execute(
        update(TherapySession)
        .where(TherapySession.id == session_id)
        .values(dispatch_after=func.least(TherapySession.dispatch_after, lapse), dispatches=0)
    )


def set_duration(db: DbSession, session_id: UUID, seconds: float) -> None:
    """Note the recording's length, found by decoding it."""
    db.execute(update(TherapySession).where(TherapySession.id == session_id).values(duration_seconds=seconds))


def replace_audio(db: DbSession, session_id: UUID, *, family: str, size: int, sha256: str) -> None:
    """Note what the stored recording now is."""
    facts = {"audio_family": family, "audio_bytes": size, "audio_sha256": sha256, "updated_at": func.now()}
    db.execute(update(TherapySession).where(TherapySession.id == session_id).values(**facts))


@dataclass(frozen=True, slots=True)
class Due:
    """A session that the dispatcher must wake somebody up for."""

    session_id: UUID
    practice_id: UUID
    request_id: str | None = None


def take_due(db: DbSession, *, redispatch_seconds: float, limit: int) -> list[Due]:
    """Sessions with work that nobody does, each put off by a growing pause for the next look.

    The pause doubles from ``redispatch_seconds`` up to ten minutes. Callers side by side
    never get the same session.
    """
    someone_must = select(StepRow.session_id).where(StepRow.session_id == TherapySession.id, claimable())
    due = (
        select(TherapySession.id)
        .where(
            TherapySession.status.in_(UNFINISHED),
            TherapySession.dispatch_after <= func.now(),
            someone_must.exists(),
        )
        .order_by(TherapySession.dispatch_after)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = db.scalars(due).all()
    pause = func.least(redispatch_seconds * func.power(2, func.least(TherapySession.dispatches, 16)), 600)
    rows = db.execute(
        update(TherapySession)
        .where(TherapySession.id.in_(ids))
        .values(
            dispatch_after=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, pause),
            dispatches=TherapySession.dispatches + 1,
        )
        .returning(TherapySession.id, TherapySession.practice_id, TherapySession.request_id)
    )
    return [Due(row.id, row.practice_id, row.request_id) for row in rows]


def exhausted(db: DbSession) -> list[tuple[Due, str]]:
    """Sessions of which a step was abandoned at its last attempt, with the step's name.

    For an operator, who holds none of them: whoever fails the step looks again.
    """
    rows = db.execute(
        select(StepRow.session_id, StepRow.practice_id, StepRow.name, TherapySession.request_id)
        .distinct()
        .join(TherapySession, TherapySession.id == StepRow.session_id)
        .where(
            TherapySession.status.in_(UNFINISHED),
            abandoned(),
            StepRow.attempt >= StepRow.max_attempts,
        )
    )
    return [(Due(row.session_id, row.practice_id, row.request_id), row.name) for row in rows]


def all_due_now(db: DbSession) -> int:
    """Have the dispatcher look at every unfinished session at once; gives their number."""
    rows = db.execute(
        update(TherapySession)
        .where(TherapySession.status.in_(UNFINISHED), TherapySession.dispatch_after > func.now())
        .values(dispatch_after=func.now(), dispatches=0)
        .returning(TherapySession.id)
    )
    return len(rows.all())


def ready_work(db: DbSession, session_id: UUID) -> dict[str, int]:
    """How many rows of each step of the session could be claimed now."""
    rows = db.execute(
        select(StepRow.name, func.count())
        .where(StepRow.session_id == session_id, claimable())
        .group_by(StepRow.name)
    )
    return {row[0]: row[1] for row in rows}
