"""The table of what patients asked of their records."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.column_types import Word
from shared.db.tables.core import Base, within
from shared.domain.rights import RequestKind, RequestStatus
from shared.vault.sealing import Sealed


class RightsRequest(Base):
    """A request for access, amendment or restriction. ``words``: the patient's; ``answer``: the practice's.

    ``session_id``: whose notes it is about; None where it is about the whole record. ``agreed``: all of a
    restriction that was agreed to, for the list of removals.
    """

    __tablename__ = "rights_requests"
    __table_args__ = (
        CheckConstraint("kind IN ('access', 'amendment', 'restriction')", name="kind_known"),
        CheckConstraint("status IN ('denied', 'ended', 'fulfilled', 'open')", name="status_known"),
        within("patient_id", "patients"),
        Index("rights_requests_by_patient", "patient_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    patient_id: Mapped[UUID]
    session_id: Mapped[UUID | None]
    kind: Mapped[RequestKind] = mapped_column(Word(RequestKind))
    status: Mapped[RequestStatus] = mapped_column(Word(RequestStatus))
    words: Mapped[Sealed]
    answer: Mapped[Sealed | None]
    agreed: Mapped[Sealed | None]
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
