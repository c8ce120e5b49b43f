"""The endpoints of a practice's webhooks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from shared.domain.webhooks import DeliveryState, EventType, PauseReason


def get(db: DbSession, practice_id: UUID, endpoint_id: UUID, *, hold: bool = False) -> WebhookEndpoint | None:
    """An endpoint of the practice; ``hold`` keeps others from changing it until the transaction ends."""
    query = select(WebhookEndpoint).where(
        WebhookEndpoint.practice_id == practice_id, WebhookEndpoint.id == endpoint_id
    )
    if hold:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.scalar(query)


def listed(db: DbSession, practice_id: UUID) -> Sequence[WebhookEndpoint]:
    """All endpoints of the practice, newest first."""
    query = select(WebhookEndpoint).where(WebhookEndpoint.practice_id == practice_id)
    return db.scalars(query.order_by(WebhookEndpoint.created_at.desc(), WebhookEndpoint.id.desc())).all()


def count(db: DbSession, practice_id: UUID) -> int:
    """How many endpoints the practice has."""
    query = select(func.count()).select_from(WebhookEndpoint)
    return db.scalar(query.where(WebhookEndpoint.practice_id == practice_id)) or 0


def remove(db: DbSession, endpoint_id: UUID) -> None:
    """Remove an endpoint that the caller holds, with all that was or is to be sent there."""
    its = select(WebhookDelivery.id).where(WebhookDelivery.endpoint_id == endpoint_id)
    db.execute(delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(its)))
    db.execute(delete(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id))
    db.execute(delete(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id))


def pause(row: WebhookEndpoint, reason: PauseReason, now: datetime) -> None:
    """Have nothing sent to the endpoint until it is resumed."""
    row.pause, row.paused_at = reason, now


def resume(db: DbSession, row: WebhookEndpoint) -> None:
    """Have what waits for the endpoint sent now, with a new set of attempts."""
    row.pause = row.paused_at = row.failing_since = None
    db.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == row.id, WebhookDelivery.state == DeliveryState.WAITING)
        .values(attempts=0, due_at=WebhookDelivery.created_at)  # in their order
    )


def practices(db: DbSession) -> Sequence[UUID]:
    """For an operator: the practices that have endpoints."""
    return db.scalars(select(WebhookEndpoint.practice_id).distinct()).all()


def is_subscribed(db: DbSession, practice_id: UUID, event: EventType) -> bool:
    """Whether an endpoint of the practice asked for this kind of message."""
    wanted = WebhookEndpoint.practice_id == practice_id, WebhookEndpoint.events.contains([event.value])
    return db.scalar(select(WebhookEndpoint.id).where(*wanted).limit(1)) is not None


def latest_message(db: DbSession, practice_id: UUID, event: EventType) -> WebhookDelivery | None:
    """The newest message of this kind to any endpoint of the practice, as long as the log is kept."""
    query = select(WebhookDelivery).where(
        WebhookDelivery.practice_id == practice_id, WebhookDelivery.type == event
    )
    return db.scalar(query.order_by(WebhookDelivery.created_at.desc()).limit(1))
