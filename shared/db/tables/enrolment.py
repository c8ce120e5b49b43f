"""One-time codes with which people get their first key."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.core import Base, within


class EnrolmentCode(Base):
    """A code that one person redeems for a key; only a peppered digest of it is kept.

    ``issued_by``: the administrator; None: the command line on the server.
    """

    __tablename__ = "enrolment_codes"
    __table_args__ = (
        within("therapist_id", "therapists"),
        within("issued_by", "therapists"),
        Index("enrolment_codes_by_person", "therapist_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    therapist_id: Mapped[UUID]
    prefix: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    issued_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    redeemed_at: Mapped[datetime | None]
