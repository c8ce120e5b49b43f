"""Recordings that join a session after its first: waiting, joined, transcribed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import TherapySession
from shared.db.tables.uploads import FurtherRecording


def add(db: DbSession, practice_id: UUID, session_id: UUID, recording_id: UUID, size: int) -> None:
    """Note one more, after those before; the session must be held."""
    last = select(func.max(FurtherRecording.number)).where(FurtherRecording.session_id == session_id)
    row = FurtherRecording(id=recording_id, practice_id=practice_id, session_id=session_id, bytes=size)
    row.number = (db.scalar(last) or 1) + 1
    db.add(row)
    db.flush()


def of_sessions(db: DbSession, session_ids: Collection[UUID]) -> dict[UUID, list[FurtherRecording]]:
    """Those of each session, in order; asked once."""
    found: dict[UUID, list[FurtherRecording]] = {}
    query = select(FurtherRecording).where(FurtherRecording.session_id.in_(session_ids))
    for row in db.scalars(query.order_by(FurtherRecording.number)):
        found.setdefault(row.session_id, []).append(row)
    return found


def waiting(db: DbSession, session_id: UUID) -> Sequence[UUID]:
    """Those that are not joined yet, in order."""
    query = select(FurtherRecording.id).where(
        FurtherRecording.session_id == session_id, FurtherRecording.begins_at.is_(None)
    )
    return db.scalars(query.order_by(FurtherRecording.number)).all()


def is_transcript_behind(db: DbSession, session_id: UUID) -> bool:
    """Whether the words of one of them are not in the transcript yet."""
    behind = select(FurtherRecording.id).where(
        FurtherRecording.session_id == session_id, FurtherRecording.transcribed_at.is_(None)
    )
    return db.scalar(select(behind.exists())) or False


def session_of(db: DbSession, recording_id: UUID) -> UUID | None:
    """The session that the recording joins, of any person of the practice; None if there is no such."""
    return db.scalar(select(FurtherRecording.session_id).where(FurtherRecording.id == recording_id))


def of_therapist(db: DbSession, therapist_id: UUID, recording_id: UUID) -> FurtherRecording | None:
    """One that joins a session of the therapist."""
    query = select(FurtherRecording).join(TherapySession, TherapySession.id == FurtherRecording.session_id)
    return db.scalar(
        query.where(FurtherRecording.id == recording_id, TherapySession.therapist_id == therapist_id)
    )


def note_facts(db: DbSession, facts: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Note what decoding them showed: once they are joined, the recording no longer shows it."""
    for recording_id, shown in facts.items():
        decoded = update(FurtherRecording).where(FurtherRecording.id == recording_id)
        db.execute(decoded.values(facts=dict(shown)))


def note_joined(db: DbSession, begins_at: Mapping[UUID, float]) -> None:
    """Note where those that were joined begin, in seconds."""
    for recording_id, seconds in begins_at.items():
        joined = update(FurtherRecording).where(FurtherRecording.id == recording_id)
        db.execute(joined.values(begins_at=seconds))


def note_transcribed(db: DbSession, session_id: UUID) -> None:
    """Note that the transcript has the words of all that are joined."""
    open_ones = (
        FurtherRecording.session_id == session_id,
        FurtherRecording.begins_at.is_not(None),
        FurtherRecording.transcribed_at.is_(None),
    )
    db.execute(update(FurtherRecording).where(*open_ones).values(transcribed_at=func.now()))


def remove(db: DbSession, recording_id: UUID) -> None:
    """Forget one."""
    db.execute(delete(FurtherRecording).where(FurtherRecording.id == recording_id))


def remove_waiting(db: DbSession, session_id: UUID) -> Sequence[UUID]:
    """Forget those that are not joined; gives their ids, under which they stored something."""
    gone = delete(FurtherRecording).where(
        FurtherRecording.session_id == session_id, FurtherRecording.begins_at.is_(None)
    )
    return db.scalars(gone.returning(FurtherRecording.id)).all()


def remove_unheard(db: DbSession, session_id: UUID) -> None:
    """Forget those whose words will be in no transcript: the recording is gone that has them."""
    unheard = FurtherRecording.session_id == session_id, FurtherRecording.transcribed_at.is_(None)
    db.execute(delete(FurtherRecording).where(*unheard))
