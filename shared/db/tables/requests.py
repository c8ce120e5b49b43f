"""The tables about requests rather than records: idempotency keys and used quotas."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.core import Base, within


class IdempotencyKey(Base):
    """One key of one caller for one route: running (no ``status``), or what came of it.

    Neither the key nor the request is kept, only peppered digests of them.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        within("therapist_id", "therapists"),
        Index("idempotency_keys_by_expiry", "expires_at"),
    )

    therapist_id: Mapped[UUID] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    key_digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    token: Mapped[UUID]
    lease_until: Mapped[datetime]
    fingerprint: Mapped[bytes | None] = mapped_column(LargeBinary)
    resource_id: Mapped[UUID | None]
    status: Mapped[int | None]
    begun_at: Mapped[datetime] = mapped_column(server_default=func.now())
    answered_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class QuotaDay(Base):
    """What a practice has uploaded on one day (UTC)."""

    __tablename__ = "quota_days"

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    seconds: Mapped[float] = mapped_column(server_default="0")
