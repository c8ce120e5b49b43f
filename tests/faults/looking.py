"""What tests ask a machine's database, past both walls."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from shared.db.tables.core import AuditEvent, StepRow, TherapySession
from tests.database import everything
from tests.faults.machine import Machine


def count_sessions(machine: Machine) -> int:
    with everything(machine.postgres.url) as db:
        return db.scalar(select(func.count()).select_from(TherapySession)) or 0


def session_row(machine: Machine, session_id: UUID) -> TherapySession:
    with everything(machine.postgres.url) as db:
        return db.get_one(TherapySession, session_id)


def step_row(machine: Machine, session_id: UUID, name: str, part: int = 0) -> StepRow:
    with everything(machine.postgres.url) as db:
        return db.get_one(StepRow, (session_id, name, part))


def audited(machine: Machine, session_id: UUID, action: str) -> list[AuditEvent]:
    """The session's events of this kind, in their order."""
    query = select(AuditEvent).where(AuditEvent.subject_id == session_id, AuditEvent.action == action)
    with everything(machine.postgres.url) as db:
        return list(db.scalars(query.order_by(AuditEvent.id)))


def change_steps(machine: Machine, session_id: UUID, name: str, **values: object) -> None:
    """Set columns of the session's rows of one step."""
    mine = StepRow.session_id == session_id, StepRow.name == name
    with everything(machine.postgres.url) as db:
        db.execute(update(StepRow).where(*mine).values(**values))


def spend_attempts(machine: Machine, session_id: UUID, name: str) -> None:
    """Have the attempt under way be the step's last, and its time be over."""
    past = func.now() - timedelta(minutes=1)
    change_steps(machine, session_id, name, max_attempts=StepRow.attempt, deadline_at=past)


def make_due(machine: Machine, session_id: UUID) -> None:
    """Spare the session the pause before its next attempt."""
    with everything(machine.postgres.url) as db:
        db.execute(update(StepRow).where(StepRow.session_id == session_id).values(not_before=None))
        mine = TherapySession.id == session_id
        db.execute(update(TherapySession).where(mine).values(dispatch_after=func.now()))
