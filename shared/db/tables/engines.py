"""The tables of speech engines: what a practice chose, and what transcripts took."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.core import Base, within
from shared.vault.sealing import Sealed


class PracticeEngines(Base):
    """How a practice wants its recordings transcribed; no row: as the server does by itself.

    ``transcriber`` None is the server's. ``away_allowed_at``: since when recordings may go to
    computers of others, and by whose word.
    """

    __tablename__ = "practice_engines"
    __table_args__ = (within("away_allowed_by", "therapists"),)

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"), primary_key=True)
    transcriber: Mapped[str | None]
    vocabulary: Mapped[Sealed | None]
    away_allowed_at: Mapped[datetime | None]
    away_allowed_by: Mapped[UUID | None]


class TherapistWords(Base):
    """Words that a therapist's recordings are to expect, and fingerprints of the offers they dismissed."""

    __tablename__ = "therapist_words"
    __table_args__ = (within("therapist_id", "therapists"),)

    therapist_id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    body: Mapped[Sealed | None]


class TranscriptionUsage(Base):
    """What an engine was asked for one session's transcript. ``cost_usd``: None where unknown."""

    __tablename__ = "transcription_usage"
    __table_args__ = (within("session_id", "sessions"),)

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    engine: Mapped[str] = mapped_column(primary_key=True)
    calls: Mapped[int]
    audio_seconds: Mapped[float]
    cost_usd: Mapped[float | None]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
