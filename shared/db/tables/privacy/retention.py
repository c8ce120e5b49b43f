"""The tables of retention: legal holds, rules by kind, what is said of a patient, receipts."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.column_types import Word
from shared.db.tables.core import Base, within
from shared.domain.retention import RetentionEvent, RetentionKind
from shared.vault.sealing import Sealed


class Hold(Base):
    """A legal hold on a patient, or on one session of theirs: nothing of it goes until two people lift it.

    ``details`` (matter, reason) are sealed with the patient's key. ``session_id`` is no reference: the hold
    outlives a session that is deleted after it was lifted. Nor are people: a restore brings holds back that
    were placed by a person whom the backup does not know yet.
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


class RetentionRule(Base):
    """How long a practice keeps one kind of record. ``grace_days`` count from ``changed_at`` at the earliest.

    ``suspended_at``: a restore brought it back, and it waits for an administrator to set it again.
    """

    __tablename__ = "retention_rules"
    __table_args__ = (
        CheckConstraint("days BETWEEN 0 AND 36500", name="days_in_range"),
        CheckConstraint("grace_days BETWEEN 0 AND 365", name="grace_days_in_range"),
    )

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"), primary_key=True)
    kind: Mapped[RetentionKind] = mapped_column(Word(RetentionKind), primary_key=True)
    event: Mapped[RetentionEvent] = mapped_column(Word(RetentionEvent))
    days: Mapped[int]
    grace_days: Mapped[int]
    changed_by: Mapped[UUID]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    suspended_at: Mapped[datetime | None]


class PatientRetention(Base):
    """What retention knows of one patient: the year of birth, and until when nothing of theirs goes."""

    __tablename__ = "patient_retention"
    __table_args__ = (
        within("patient_id", "patients"),
        CheckConstraint("birth_year BETWEEN 1900 AND 2200", name="birth_year_in_range"),
    )

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID]
    birth_year: Mapped[int | None]
    keep_until: Mapped[date | None]


class SigningKey(Base):
    """The practice's Ed25519 key for receipts; the private one is sealed under a key of its own (``id``)."""

    __tablename__ = "signing_keys"

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"), primary_key=True)
    id: Mapped[UUID]
    public_key: Mapped[str]
    private_key: Mapped[Sealed]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PatientDeletion(Base):
    """That a whole patient was to be deleted, and what others had got by then, without a word of content."""

    __tablename__ = "patient_deletions"
    __table_args__ = (within("patient_id", "patients"),)

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID]
    therapist_id: Mapped[UUID]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime] = mapped_column(server_default=func.now())
    shared_with: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
