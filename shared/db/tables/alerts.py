"""The table of the safety lane: what a clinician must be told of at once, and must answer for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.core import Base, within
from shared.vault.sealing import Sealed


class RiskAlert(Base):
    """Grave findings of one session, open until its therapist has acknowledged them.

    ``findings`` are risk flags of the notes' schema, ``note`` is what the clinician wrote; both are
    sealed with the session's key and go with it.
    """

    __tablename__ = "risk_alerts"
    __table_args__ = (
        within("session_id", "sessions"),
        within("acknowledged_by", "therapists"),
        UniqueConstraint("practice_id", "id"),
        CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledged_by_somebody"
        ),
        Index("risk_alerts_by_session", "session_id"),
        Index("risk_alerts_open", "found_at", postgresql_where=text("acknowledged_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID]
    session_id: Mapped[UUID]
    findings: Mapped[Sealed]
    count: Mapped[int]
    found_at: Mapped[datetime] = mapped_column(server_default=func.now())
    reminded_at: Mapped[datetime | None]
    reminders: Mapped[int] = mapped_column(default=0)
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]
    note: Mapped[Sealed | None]
