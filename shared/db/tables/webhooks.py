"""The tables of webhooks: a practice's endpoints, the messages to them, and each attempt."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.column_types import Word
from shared.db.tables.core import Base, within
from shared.domain.webhooks import DeliveryState, EventType, PauseReason
from shared.vault.sealing import Sealed


class WebhookEndpoint(Base):
    """An address that a practice wants messages at; sealed under a key of its own.

    ``old_secret`` signs too until ``old_secret_until``. ``failing_since``: the first failure after
    the last success. Without ``pause`` it is delivered to.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        UniqueConstraint("practice_id", "id"),
        CheckConstraint("(paused_at IS NULL) = (pause IS NULL)", name="pause_has_a_reason"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"), index=True)
    url: Mapped[Sealed]
    label: Mapped[Sealed]
    secret: Mapped[Sealed]
    old_secret: Mapped[Sealed | None]
    old_secret_until: Mapped[datetime | None]
    events: Mapped[list[str]] = mapped_column(ARRAY(String))
    pause: Mapped[PauseReason | None] = mapped_column(Word(PauseReason))
    paused_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class WebhookDelivery(Base):
    """One message to one endpoint, written in the transaction of what it tells: the outbox.

    ``message_id`` is the ``webhook-id`` of every attempt, and the same for all endpoints.
    ``session_id`` is no reference: a message may tell that the session is gone.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        within("endpoint_id", "webhook_endpoints"),
        UniqueConstraint("practice_id", "id"),
        Index("webhook_deliveries_by_endpoint", "endpoint_id", text("created_at DESC"), text("id DESC")),
        # For the query that webhook workers repeat, endpoint by endpoint: small, however much is delivered.
        Index("webhook_deliveries_due", "endpoint_id", "due_at", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID]
    endpoint_id: Mapped[UUID]
    message_id: Mapped[UUID]
    type: Mapped[EventType] = mapped_column(Word(EventType))
    session_id: Mapped[UUID | None]
    facts: Mapped[dict[str, str | int]] = mapped_column(JSONB)  # more ids, and machine words
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    state: Mapped[DeliveryState] = mapped_column(Word(DeliveryState), default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]


class WebhookAttempt(Base):
    """One attempt at a delivery: the log that an administrator reads. No body of an answer is kept."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        within("delivery_id", "webhook_deliveries"),
        Index("webhook_attempts_by_delivery", "delivery_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    practice_id: Mapped[UUID]
    delivery_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    milliseconds: Mapped[int]
    http_status: Mapped[int | None]
    error: Mapped[str | None]
