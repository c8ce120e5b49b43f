"""The table of resumable uploads that are not whole yet."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, String, func
from sqlalchemy.dialects.postgresql import ARRAY
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
