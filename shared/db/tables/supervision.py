"""The table of sessions that therapists opened to their supervisors."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.core import Base, within


class SupervisionGrant(Base):
    """``supervisor_id`` may hear and read the session, for as long as they supervise ``therapist_id``."""

    __tablename__ = "supervision_grants"
    __table_args__ = (
        within("session_id", "sessions"),
        within("therapist_id", "therapists"),
        within("supervisor_id", "therapists"),
        Index("supervision_grants_by_therapist", "therapist_id"),
        Index("supervision_grants_by_supervisor", "supervisor_id"),
    )

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    therapist_id: Mapped[UUID]
    supervisor_id: Mapped[UUID]
    granted_at: Mapped[datetime] = mapped_column(server_default=func.now())
