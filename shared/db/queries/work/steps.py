"""The steps of a session as rows: made, let through, begun again."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, delete, func, select, text, update
from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm import aliased

from shared.db.queries.work.step_claims import Lease
from shared.db.tables.core import StepRow
from shared.domain.status import StepState
from shared.pipeline import CHAIN, REDACT, STEPS, TRANSCRIBE, TRANSCRIBE_CHUNK, Step

# Outages may have granted a step more; a new set is what it began with.
_MAX_ATTEMPTS = case({step.name: step.max_attempts for step in STEPS.values()}, value=StepRow.name)
# A length that a file declares moves its turn by a day at the most.
_LATEST_SECONDS = 86_400.0
# A chunk's turn is its recording's.
_CHUNKS = text("""
INSERT INTO steps (
    session_id, practice_id, name, part, state, audio_seconds, progress, attempt, max_attempts, due_at
)
SELECT session_id, practice_id, :chunk, chunks.part, 'ready', seconds, 0.0, 0, :attempts, due_at
FROM steps, unnest(CAST(:seconds AS float8[])) WITH ORDINALITY AS chunks(seconds, part)
WHERE session_id = CAST(:session AS uuid) AND name = :whole AND steps.part = 0
""")


def insert_chain(
    db: DbSession, practice_id: UUID, session_id: UUID, audio_seconds: float | None = None
) -> None:
    """Rows for all steps of a new session: the first ready, the others waiting.

    ``audio_seconds``: how long the recording says it is; that much later it is its turn.
    """
    due_at = func.now() + timedelta(seconds=min(max(audio_seconds or 0.0, 0.0), _LATEST_SECONDS))
    for step in CHAIN:
        state = StepState.READY if step is CHAIN[0] else StepState.WAITING
        row = _row(practice_id, session_id, step, state)
        row.due_at = due_at
        db.add(row)


def insert_chunks(db: DbSession, lease: Lease, audio_seconds: list[float]) -> None:
    """Rows for the chunks 1, 2, … of a recording, all ready; ``audio_seconds`` of speech in each."""
    values = {
        "session": str(lease.session_id),
        "whole": TRANSCRIBE.name,
        "chunk": TRANSCRIBE_CHUNK.name,
        "attempts": TRANSCRIBE_CHUNK.max_attempts,
        "seconds": audio_seconds,
    }
    db.execute(_CHUNKS, values)


def _row(practice_id: UUID, session_id: UUID, step: Step, state: StepState) -> StepRow:
    return StepRow(
        session_id=session_id,
        practice_id=practice_id,
        name=step.name,
        state=state,
        max_attempts=step.max_attempts,
    )


def _is(session_id: UUID, step: Step) -> ColumnElement[bool]:
    """Whether a row is the step itself, and none of its chunks."""
    return and_(StepRow.session_id == session_id, StepRow.name == step.name, StepRow.part == 0)


def state_of(db: DbSession, session_id: UUID, step: Step) -> StepState | None:
    """Where the step stands (part 0), or None if the session has no such step."""
    return db.scalar(select(StepRow.state).where(_is(session_id, step)))


def make_ready(db: DbSession, session_id: UUID, step: Step, *, from_state: StepState) -> None:
    """Let the step be claimed, if it is in ``from_state``."""
    db.execute(
        update(StepRow)
        .where(_is(session_id, step), StepRow.state == from_state)
        .values(state=StepState.READY, not_before=None, ready_at=func.now())
    )


def fan_in(db: DbSession, session_id: UUID) -> bool:
    """Make the transcription ready again if all of its chunks are done; False if some are not.

    The session must be held: otherwise two that end at once would not see each other.
    """
    chunk = aliased(StepRow)
    left = select(chunk.part).where(
        chunk.session_id == session_id, chunk.name == TRANSCRIBE_CHUNK.name, chunk.state != StepState.DONE
    )
    made = update(StepRow).where(
        _is(session_id, TRANSCRIBE), StepRow.state == StepState.FANNED_OUT, ~left.exists()
    )
    made = made.values(state=StepState.READY, not_before=None, ready_at=func.now())
    return db.execute(made.returning(StepRow.part)).first() is not None


def close_open(db: DbSession, session_id: UUID, error_code: str) -> None:
    """End what could be claimed, or is at work, of a session that fails; ``revive`` opens it again."""
    db.execute(
        update(StepRow)
        .where(StepRow.session_id == session_id, StepRow.state.in_((StepState.READY, StepState.RUNNING)))
        .values(
            state=StepState.FAILED,
            lease_token=None,
            lease_until=None,
            error_code=func.coalesce(StepRow.error_code, error_code),
        )
    )


def revive(db: DbSession, session_id: UUID) -> None:
    """Give the failed and abandoned steps of a session a new set of attempts."""
    db.execute(
        update(StepRow)
        .where(
            StepRow.session_id == session_id,
            StepRow.state.in_((StepState.FAILED, StepState.RUNNING, StepState.READY)),
        )
        .values(
            state=StepState.READY,
            attempt=0,
            max_attempts=_MAX_ATTEMPTS,
            lease_token=None,
            lease_until=None,
            not_before=None,
            ready_at=func.now(),
            due_at=func.now(),
            error_code=None,
        )
    )


def stop(db: DbSession, session_id: UUID, error_code: str) -> None:
    """End every step of the session that is not done; workers that have one lose it."""
    db.execute(
        update(StepRow)
        .where(StepRow.session_id == session_id, StepRow.state != StepState.DONE)
        .values(state=StepState.FAILED, lease_token=None, lease_until=None, error_code=error_code)
    )


def begin_again(db: DbSession, session_id: UUID, first: Step, *, urgent: bool = False) -> None:
    """Make ``first`` ready and what follows it in the chain waiting, with fresh attempts.

    ``urgent``: a person waits for it.

    From ``transcribe`` on, the chunks go: the recording is planned anew.
    """
    names = [step.name for step in CHAIN[CHAIN.index(first) :]]
    if first is TRANSCRIBE:
        db.execute(
            delete(StepRow).where(StepRow.session_id == session_id, StepRow.name == TRANSCRIBE_CHUNK.name)
        )
    db.execute(
        update(StepRow)
        .where(StepRow.session_id == session_id, StepRow.name.in_(names))
        .values(
            state=StepState.WAITING,
            attempt=0,
            max_attempts=_MAX_ATTEMPTS,
            progress=0.0,
            lease_token=None,
            lease_until=None,
            not_before=None,
            due_at=func.now(),
            urgent=urgent,
            started_at=None,
            done_at=None,
            error_code=None,
        )
    )
    make_ready(db, session_id, first, from_state=StepState.WAITING)


def put_first(db: DbSession, practice_id: UUID, session_id: UUID, step: Step, then: Step) -> None:
    """Have ``step``, which is not of the chain, done before ``then`` and all that follows it begins."""
    begin_again(db, session_id, then)
    db.execute(update(StepRow).where(_is(session_id, then)).values(state=StepState.WAITING))
    db.execute(delete(StepRow).where(_is(session_id, step)))
    row = _row(practice_id, session_id, step, StepState.READY)
    row.due_at = db.scalars(select(StepRow.due_at).where(_is(session_id, then))).one()
    db.add(row)
    db.flush()


def make_next_ready(db: DbSession, session_id: UUID) -> list[Step]:
    """Let the first step of the chain that is not done be claimed, if it waits; it, in a list."""
    for step in CHAIN:
        state = state_of(db, session_id, step)
        if state is StepState.WAITING:
            make_ready(db, session_id, step, from_state=StepState.WAITING)
            return [step]
        if state is not StepState.DONE:
            return []
    return []


def redaction_is_due(db: DbSession, session_id: UUID) -> bool:
    """Whether something is still to be taken out of the stored recording."""
    return state_of(db, session_id, REDACT) not in (None, StepState.DONE)
