"""What the state of the work is, in numbers: asked across practices, told without naming anybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Float, cast, func, select
from sqlalchemy.orm import Session as DbSession

from shared.db.queries.work.step_claims import abandoned, claimable
from shared.db.tables.core import StepRow, TherapySession
from shared.db.tables.lifecycle import Erasure
from shared.db.tables.operations import Reconciliation
from shared.domain.status import UNFINISHED, Status, StepState
from shared.pipeline import TRANSCRIBE_CHUNK


@dataclass(frozen=True, slots=True)
class OpenSteps:
    """Steps of one name: how many could be claimed, for how long the first of them, how many are at work.

    ``urgent``: those that a person waits for, whose messages have a queue of their own.
    """

    name: str
    urgent: bool
    claimable: int
    oldest_seconds: float
    running: int


def sessions_by_status(db: DbSession) -> dict[str, int]:
    """How many sessions are in each unfinished status, and failed; those that ended well are not counted."""
    counts = dict.fromkeys((*UNFINISHED, Status.FAILED), 0)
    for wanted in (TherapySession.status.in_(UNFINISHED), TherapySession.status == Status.FAILED):
        rows = db.execute(
            select(TherapySession.status, func.count()).where(wanted).group_by(TherapySession.status)
        )
        counts |= {row[0]: row[1] for row in rows}
    return {str(status): count for status, count in counts.items()}


def oldest_unfinished_seconds(db: DbSession) -> float:
    """For how long the step that has been open for longest is: waiting, at work, or tried again."""
    return max(
        db.scalar(select(_seconds(func.now() - func.min(StepRow.ready_at))).where(_open())) or 0.0, 0.0
    )


def open_steps(db: DbSession) -> list[OpenSteps]:
    """By the name of the step and whether they are urgent; only those that have some."""
    waiting = func.greatest(StepRow.ready_at, func.coalesce(StepRow.not_before, StepRow.ready_at))
    rows = db.execute(
        select(
            StepRow.name,
            StepRow.urgent,
            func.count().filter(claimable()),
            func.coalesce(_seconds(func.max(func.now() - waiting).filter(claimable())), 0.0),
            func.count().filter((StepRow.state == StepState.RUNNING) & ~abandoned()),
        )
        .where(_open())
        .group_by(StepRow.name, StepRow.urgent)
    )
    return [OpenSteps(row[0], row[1], row[2], max(row[3], 0.0), row[4]) for row in rows]


def audio_waiting_seconds(db: DbSession) -> float:
    """Seconds of audio whose transcription has not begun: whole recordings (as declared), and chunks."""
    recordings = select(func.sum(TherapySession.charged_seconds)).where(
        TherapySession.status.in_(UNFINISHED), TherapySession.status == Status.PENDING
    )
    chunks = select(func.sum(StepRow.audio_seconds)).where(
        StepRow.state == StepState.READY, StepRow.name == TRANSCRIBE_CHUNK.name
    )
    return float(db.scalar(recordings) or 0.0) + float(db.scalar(chunks) or 0.0)


def erasures_overdue(db: DbSession, *, last_write_seconds: float) -> int:
    """Deleted sessions whose objects or key should have been gone ten minutes ago, and objects likewise.

    Not by ``due_at``: each attempt that fails puts it off, so that it would never be late. Once the key
    and the objects are gone it is ``last_at``, which is ``last_write_seconds`` after the deletion.
    """
    late = func.now() - func.make_interval(0, 0, 0, 0, 0, 10)
    deleted_at = Erasure.last_at - timedelta(seconds=last_write_seconds)
    promised = Erasure.whole & (Erasure.due_at != Erasure.last_at) & (deleted_at < late)
    return (
        db.scalar(select(func.count()).select_from(Erasure).where(promised | (Erasure.last_at < late))) or 0
    )


def orphans(db: DbSession) -> Mapping[str, int]:
    """What the last reconciliation found, by kind; nothing before the first."""
    return {row.kind: row.count for row in db.scalars(select(Reconciliation))}


def _open() -> ColumnElement[bool]:
    return StepRow.state.in_((StepState.READY, StepState.RUNNING))


def _seconds(interval: ColumnElement) -> ColumnElement[float]:  # type: ignore[type-arg]  # of any interval
    return cast(func.extract("epoch", interval), Float)
