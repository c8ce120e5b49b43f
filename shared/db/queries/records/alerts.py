"""Risk alerts: raised, listed, acknowledged, and overdue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, tuple_, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.alerts import RiskAlert
from shared.db.tables.core import TherapySession
from shared.vault.sealing import Sealed


def findings_kind(alert_id: UUID) -> str:
    """What an alert's findings are sealed as."""
    return f"risk_alert:{alert_id}"


def note_kind(alert_id: UUID) -> str:
    """What the clinician's note is sealed as."""
    return f"risk_note:{alert_id}"


def add(db: DbSession, alert: RiskAlert) -> None:
    """A new alert, open."""
    db.add(alert)
    db.flush()


def of_session(db: DbSession, session_id: UUID) -> Sequence[RiskAlert]:
    """The session's alerts, oldest first."""
    query = select(RiskAlert).where(RiskAlert.session_id == session_id)
    return db.scalars(query.order_by(RiskAlert.found_at, RiskAlert.id)).all()


def open_of_session(db: DbSession, session_id: UUID) -> Sequence[UUID]:
    """The session's unacknowledged alerts, oldest first."""
    query = select(RiskAlert.id).where(
        RiskAlert.session_id == session_id, RiskAlert.acknowledged_at.is_(None)
    )
    return db.scalars(query.order_by(RiskAlert.found_at, RiskAlert.id)).all()


def withdraw(db: DbSession, session_id: UUID) -> int:
    """Remove the session's alerts, whose quotes are of a transcript that is no more; gives their number."""
    rows = db.execute(delete(RiskAlert).where(RiskAlert.session_id == session_id).returning(RiskAlert.id))
    return len(rows.all())


def of_therapist(
    db: DbSession, therapist_id: UUID, alert_id: UUID, *, hold: bool = False
) -> tuple[RiskAlert, TherapySession] | None:
    """The alert on one of the therapist's sessions, with the session; None also for another person's."""
    query = (
        select(RiskAlert, TherapySession)
        .join(TherapySession, TherapySession.id == RiskAlert.session_id)
        .where(RiskAlert.id == alert_id, TherapySession.therapist_id == therapist_id)
    )
    if hold:
        query = query.with_for_update(of=RiskAlert).execution_options(populate_existing=True)
    row = db.execute(query).first()
    return None if row is None else (row[0], row[1])


def page(
    db: DbSession,
    therapist_id: UUID,
    *,
    limit: int,
    open_only: bool,
    session_id: UUID | None = None,
    before: tuple[datetime, UUID] | None = None,
) -> list[tuple[RiskAlert, TherapySession]]:
    """The alerts on the therapist's sessions, newest first, those after ``before`` only."""
    query = (
        select(RiskAlert, TherapySession)
        .join(TherapySession, TherapySession.id == RiskAlert.session_id)
        .where(TherapySession.therapist_id == therapist_id)
    )
    if open_only:
        query = query.where(RiskAlert.acknowledged_at.is_(None))
    if session_id is not None:
        query = query.where(RiskAlert.session_id == session_id)
    if before is not None:
        query = query.where(tuple_(RiskAlert.found_at, RiskAlert.id) < before)
    newest_first = query.order_by(RiskAlert.found_at.desc(), RiskAlert.id.desc()).limit(limit)
    return [(row[0], row[1]) for row in db.execute(newest_first)]


def acknowledge(db: DbSession, alert: RiskAlert, therapist_id: UUID, note: Sealed | None) -> None:
    """Close the alert in this therapist's name."""
    alert.acknowledged_by = therapist_id
    alert.note = note
    alert.acknowledged_at = func.now()
    db.flush()
    db.refresh(alert)


@dataclass(frozen=True, slots=True)
class Overdue:
    """An alert that was not acknowledged in time."""

    alert_id: UUID
    practice_id: UUID
    session_id: UUID


def overdue(db: DbSession, *, hours: float, limit: int) -> list[Overdue]:
    """Open alerts that were raised, or last reminded of, more than ``hours`` ago; for an operator."""
    last = func.coalesce(RiskAlert.reminded_at, RiskAlert.found_at)
    rows = db.execute(
        select(RiskAlert.id, RiskAlert.practice_id, RiskAlert.session_id)
        .where(RiskAlert.acknowledged_at.is_(None), last < func.now() - timedelta(hours=hours))
        .order_by(last)
        .limit(limit)
    )
    return [Overdue(row.id, row.practice_id, row.session_id) for row in rows]


def note_reminder(db: DbSession, alert_id: UUID, *, hours: float) -> bool:
    """Count a reminder, unless the alert was acknowledged or another dispatcher was faster."""
    last = func.coalesce(RiskAlert.reminded_at, RiskAlert.found_at)
    reminded = db.execute(
        update(RiskAlert)
        .where(
            RiskAlert.id == alert_id,
            RiskAlert.acknowledged_at.is_(None),
            last < func.now() - timedelta(hours=hours),
        )
        .values(reminded_at=func.now(), reminders=RiskAlert.reminders + 1)
        .returning(RiskAlert.id)
    )
    return reminded.first() is not None


def remove_answered(db: DbSession, session_id: UUID) -> None:
    """Remove the alerts of a session that its therapist has acknowledged."""
    answered = RiskAlert.session_id == session_id, RiskAlert.acknowledged_at.is_not(None)
    db.execute(delete(RiskAlert).where(*answered))
