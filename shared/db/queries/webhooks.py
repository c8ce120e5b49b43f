"""The endpoints of a practice's webhooks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from shared.domain.webhooks import DeliveryState, PauseReason


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
