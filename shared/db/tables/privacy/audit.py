"""The chain of the audit trail, and disclosures that people record."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.core import Base, within
from shared.vault.sealing import Sealed


class AuditBatch(Base):
    """Lines of a practice's audit trail that were chained together; ``number`` counts from 1.

    ``codes``: one of 16 bytes for each of ``event_ids``. ``head`` covers them and the head before.
    ``practice_id`` is all zeros for lines of no practice. ``next_transaction``: Postgres' own number of
    the first transaction after it. ``settled``: up to this number every line of every practice is in a batch.
    """

    __tablename__ = "audit_batches"
    __table_args__ = (
        Index("audit_batches_by_time", "sealed_at"),
        Index("audit_batches_by_last_line", "last_id"),
    )

    practice_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sealed_at: Mapped[datetime]
    next_transaction: Mapped[int] = mapped_column(BigInteger)
    settled: Mapped[int] = mapped_column(BigInteger)
    event_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    last_id: Mapped[int] = mapped_column(BigInteger)
    codes: Mapped[bytes] = mapped_column(LargeBinary)
    head: Mapped[bytes] = mapped_column(LargeBinary)


class AuditRemoval(Base):
    """The beginning of a practice's trail went by its rule: batches up to ``number``, whose head is ``head``.

    ``upto``: when the last of them was made. ``code`` seals the row with the key of the chain.
    """

    __tablename__ = "audit_removals"

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    head: Mapped[bytes] = mapped_column(LargeBinary)
    lines: Mapped[int] = mapped_column(BigInteger)
    upto: Mapped[datetime]
    removed_at: Mapped[datetime]
    code: Mapped[bytes] = mapped_column(LargeBinary)


class Disclosure(Base):
    """Something of a record that was given to another, as a person recorded it; never changed.

    ``details``: recipient and what was given, sealed under the patient's key. A ``session_id`` may name a
    session that was deleted since.
    """

    __tablename__ = "disclosures"
    __table_args__ = (
        within("patient_id", "patients"),
        Index("disclosures_by_patient", "patient_id", "disclosed_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    session_id: Mapped[UUID | None]
    disclosed_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    recorded_by: Mapped[UUID]
    purpose: Mapped[str]
    details: Mapped[Sealed]
