"""Resumable uploads that are not whole yet, and further recordings of sessions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, String, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.core import Base, within
from shared.vault.sealing import Sealed


class Upload(Base):
    """A recording that is arriving; ``id`` will be the session's, and names object and key already.

    ``segments``: the lengths of what is durably stored, in bytes of plaintext; ``pieces``: where, in the
    words of a store that keeps it in pieces. ``writer``: the request that stores more, or died doing so.
    ``stored_by``: the one whose last byte is the last. ``deferred``: the client does not know the length yet,
    as of a recording that is still being made; ``length`` is then the most that it may become.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        within("therapist_id", "therapists"),
        within("patient_id", "patients"),
        Index("uploads_by_expiry", "expires_at"),
        Index("uploads_by_practice", "practice_id"),
        Index("uploads_by_patient", "patient_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID]
    therapist_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    length: Mapped[int] = mapped_column(BigInteger)
    deferred: Mapped[bool] = mapped_column(server_default="false")
    details: Mapped[Sealed]
    segments: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list)
    pieces: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    writer: Mapped[UUID | None]
    stored_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]


class FurtherRecording(Base):
    """A recording that joins a session after its first; ``id`` names its object and key until then.

    ``number``: its place, from 2 on. ``begins_at``: where it begins in the session's recording, in seconds;
    None until it is joined. ``facts``: what decoding it showed (numbers). ``transcribed_at``: since when the
    transcript has its words.
    """

    __tablename__ = "further_recordings"
    __table_args__ = (within("session_id", "sessions"), UniqueConstraint("session_id", "number"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID]
    session_id: Mapped[UUID]
    number: Mapped[int]
    bytes: Mapped[int] = mapped_column(BigInteger)
    accepted_at: Mapped[datetime] = mapped_column(server_default=func.now())
    begins_at: Mapped[float | None]
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    transcribed_at: Mapped[datetime | None]
