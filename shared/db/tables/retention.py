"""The tables of retention: what a court or an authority wants kept."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.core import Base, within
from shared.vault.sealing import Sealed


class Hold(Base):
    """A legal hold on a patient, or on one session of theirs: nothing of it goes until two people lift it.

    ``details`` (matter, reason) are sealed with the patient's key. ``session_id`` is no reference: the hold
    outlives a session that is deleted after it was lifted. Nor are people: a restore brings holds back that
    were placed by somebody whom the backup does not know yet.
    """

    __tablename__ = "holds"
    __table_args__ = (
        within("patient_id", "patients"),
        CheckConstraint("lifted_by <> lift_asked_by", name="lifted_by_another"),
        CheckConstraint("(lift_asked_by IS NULL) = (lift_asked_at IS NULL)", name="lift_asked_by_somebody"),
        Index("holds_active", "patient_id", postgresql_where=text("lifted_at IS NULL")),
        Index("holds_by_practice", "practice_id", "placed_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    session_id: Mapped[UUID | None]
    details: Mapped[Sealed]
    review_on: Mapped[date]
    placed_by: Mapped[UUID]
    placed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    lift_asked_by: Mapped[UUID | None]
    lift_asked_at: Mapped[datetime | None]
    lifted_by: Mapped[UUID | None]
    lifted_at: Mapped[datetime | None]
