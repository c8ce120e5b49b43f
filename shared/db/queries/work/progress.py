"""How far sessions are, and how long their transcription may still take."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, func, select
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import StepRow
from shared.domain.status import StepState
from shared.pipeline import EXTRACT_NOTES, TRANSCRIBE, TRANSCRIBE_CHUNK


@dataclass(frozen=True, slots=True)
class Progress:
    """``share`` of the session's work that is done, 0..1: speech transcribed makes nine tenths.

    ``seconds_left``: an estimate for the rest of the transcription; None before there is anything
    to judge by, while no worker has it, and once it is over.
    """

    share: float
    seconds_left: float | None = None


NONE_YET = Progress(0.0)


def of_sessions(db: DbSession, session_ids: Sequence[UUID]) -> dict[UUID, Progress]:
    """The progress of each session that has steps.

    The estimate is the speech that is left, at the pace of the chunks' present or last attempts,
    by as many as are worked on now: pauses, outages and a night between two attempts are no pace.
    """
    chunks = StepRow.name == TRANSCRIBE_CHUNK.name
    worked = chunks & StepRow.state.in_((StepState.RUNNING, StepState.DONE))
    heard = StepRow.progress * StepRow.audio_seconds
    spent = func.extract("epoch", func.coalesce(StepRow.done_at, func.now()) - StepRow.started_at)
    rows = db.execute(
        select(
            StepRow.session_id,
            _sum(StepRow.audio_seconds, chunks).label("total"),
            _sum(heard, chunks).label("done"),
            _sum(heard, worked).label("heard"),
            _sum(spent, worked).label("spent"),
            func.count().filter(chunks & (StepRow.state == StepState.RUNNING)).label("running"),
            _is_done(TRANSCRIBE.name).label("transcribed"),
            _is_done(EXTRACT_NOTES.name).label("extracted"),
        )
        .where(StepRow.session_id.in_(session_ids))
        .group_by(StepRow.session_id)
    )
    return {row.session_id: _progress(row._asdict()) for row in rows}


def _sum(value: SQLColumnExpression[Any], which: ColumnElement[bool]) -> ColumnElement[float]:
    return func.coalesce(func.sum(value).filter(which), 0.0)


def _is_done(step: str) -> ColumnElement[bool]:
    return func.coalesce(func.bool_or(StepRow.state == StepState.DONE).filter(StepRow.name == step), False)


def _progress(found: dict[str, float]) -> Progress:
    if found["extracted"] or found["transcribed"]:
        return Progress(0.95 if found["extracted"] else 0.9)
    if not found["total"]:
        return NONE_YET
    share = 0.9 * found["done"] / found["total"]
    if not (found["running"] and found["heard"] and found["spent"]):
        return Progress(share)
    pace = found["heard"] / float(found["spent"])  # of one worker, in speech a second
    return Progress(share, (found["total"] - found["done"]) / pace / found["running"])
