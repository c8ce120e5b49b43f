"""The table of emergency accesses: who read whose patient's record, why, and until when."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.core import Base, within
from shared.vault.sealing import Sealed


class EmergencyAccess(Base):
    """``therapist_id`` may read the record of a patient of ``owner_id``; row-level security ends that.

    ``seen_at``: when the owner acknowledged it.
    """

    __tablename__ = "emergency_accesses"
    __table_args__ = (
        within("patient_id", "patients"),
        within("owner_id", "therapists"),
        within("therapist_id", "therapists"),
        Index("emergency_accesses_by_owner", "owner_id"),
        Index("emergency_accesses_by_therapist", "therapist_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    patient_id: Mapped[UUID]
    owner_id: Mapped[UUID]
    therapist_id: Mapped[UUID]
    reason: Mapped[Sealed]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    until_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
