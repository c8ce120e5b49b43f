"""The tables of a session's life: what followers are told, and what remains of the deleted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.column_types import Word
from shared.db.tables.core import Base, within
from shared.domain.removals import Removal
from shared.domain.status import Status
from shared.vault.sealing import Sealed


class SessionEvent(Base):
    """A change of a session's status, written in its transaction.

    Of one session the ids rise in the order of the commits: a number is drawn while the session's
    row is locked by the change itself.
    """

    __tablename__ = "session_events"
    __table_args__ = (
        within("session_id", "sessions"),
        Index("session_events_by_session", "session_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    session_id: Mapped[UUID]
    practice_id: Mapped[UUID]
    status: Mapped[Status] = mapped_column(Word(Status))
    code: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class Tombstone(Base):
    """What remains of a deleted session: ids and counts. ``erased_at``: key and objects are gone.

    ``signed``: the signatures that were on its notes, each as ``{version, part, signer_id,
    content_hash, signed_at}``, so that a copy that was given away can still be told from a forgery.
    """

    __tablename__ = "tombstones"
    __table_args__ = (Index("tombstones_by_patient", "patient_id"),)

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID]
    therapist_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    removed: Mapped[dict[str, int]] = mapped_column(JSONB)
    signed: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    requested_by: Mapped[str]
    requested_at: Mapped[datetime] = mapped_column(server_default=func.now())
    erased_at: Mapped[datetime | None]


class RemovalRow(Base):
    """Something that was taken away and must stay so after a restore. Written by triggers, never changed.

    ``sealed``: what else must be known, under the subject's key (ranges off the record).
    """

    __tablename__ = "removals"

    practice_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[Removal] = mapped_column(Word(Removal), primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True, server_default=func.clock_timestamp())
    sealed: Mapped[Sealed | None]


class Erasure(Base):
    """Objects that must be removed: all of a deleted session, or what a cancelled one was decoded to.

    Looked at when ``due_at``; until ``last_at`` a worker that had begun may yet write one again.
    """

    __tablename__ = "erasures"
    __table_args__ = (Index("erasures_by_due_at", "due_at"),)

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID]
    whole: Mapped[bool]
    due_at: Mapped[datetime]
    last_at: Mapped[datetime]
