"""The tables of consent: who takes part beside the patient, and what each said, row after row."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Double, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.column_types import Word
from shared.db.tables.core import Base, within
from shared.domain.consent import ConsentEvent, ConsentScope
from shared.vault.sealing import Sealed


class Participant(Base):
    """A person who takes part in the patient's sessions: of a couple, a family or a group."""

    __tablename__ = "participants"
    __table_args__ = (
        within("patient_id", "patients"),
        UniqueConstraint("practice_id", "id"),
        Index("participants_of_patient", "patient_id", postgresql_where=text("left_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    patient_id: Mapped[UUID]
    name: Mapped[Sealed]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    left_at: Mapped[datetime | None]


class ConsentRow(Base):
    """A consent that was given or withdrawn. Rows are only added; the newest of person and scope counts.

    ``participant_id`` None: the patient. ``at``: when it was said; ``recorded_at``: when it was written down.
    A trigger adds rows for changes of the patient's own columns.
    """

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint("scope IN ('ai_notes', 'part2', 'recording', 'sending_away')", name="scope_known"),
        CheckConstraint("event IN ('given', 'withdrawn')", name="event_known"),
        within("patient_id", "patients"),
        within("participant_id", "participants"),
        Index("consents_newest", "patient_id", "participant_id", "scope", text("number DESC")),
    )

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    patient_id: Mapped[UUID]
    participant_id: Mapped[UUID | None]
    scope: Mapped[ConsentScope] = mapped_column(Word(ConsentScope))
    event: Mapped[ConsentEvent] = mapped_column(Word(ConsentEvent))
    at: Mapped[datetime]
    method: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    text_sha256: Mapped[str | None]
    text: Mapped[Sealed | None]
    recorded_by: Mapped[UUID]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ConsentEvidence(Base):
    """Where in a recording a person was heard to consent to it. Rows are only added; no word is in them.

    ``participant_id`` None: the patient. The session may have been deleted since.
    """

    __tablename__ = "consent_evidence"
    __table_args__ = (
        within("patient_id", "patients"),
        within("participant_id", "participants"),
        Index("consent_evidence_by_patient", "patient_id", "attached_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    patient_id: Mapped[UUID]
    participant_id: Mapped[UUID | None]
    session_id: Mapped[UUID]
    start_seconds: Mapped[float] = mapped_column(Double)
    end_seconds: Mapped[float] = mapped_column(Double)
    attached_by: Mapped[UUID]
    attached_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Part2Flag(Base):
    """A patient (``subject_id`` is theirs) or one session whose records 42 CFR Part 2 protects."""

    __tablename__ = "part2_flags"
    __table_args__ = (within("patient_id", "patients"),)

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    flagged_by: Mapped[UUID]
    flagged_at: Mapped[datetime] = mapped_column(server_default=func.now())
