"""The outbox: messages for webhooks, written in the transaction of what they tell."""

from uuid import UUID, uuid4

from sqlalchemy import or_, select
from sqlalchemy.orm import Session as DbSession

from shared.db.webhook_tables import WebhookDelivery, WebhookEndpoint
from shared.domain.webhooks import EventType, PauseReason


def enqueue(
    db: DbSession,
    practice_id: UUID,
    event: EventType,
    session_id: UUID,
    code: str | None = None,
) -> int:
    """Have every endpoint of the practice that subscribes to ``event`` told; gives their number.

    ``code`` is a machine word, such as that of a failure; nothing else travels. What a paused
    endpoint subscribes to waits for it, except where the endpoint itself said that it is gone.
    """
    endpoints = db.scalars(
        select(WebhookEndpoint.id).where(
            WebhookEndpoint.practice_id == practice_id,
            WebhookEndpoint.events.contains([event.value]),
            or_(WebhookEndpoint.pause.is_(None), WebhookEndpoint.pause != PauseReason.GONE),
        )
    ).all()
    message_id = uuid4()
    for endpoint_id in endpoints:
        db.add(_delivery(practice_id, endpoint_id, message_id, event, session_id, code))
    return len(endpoints)


def enqueue_test(db: DbSession, practice_id: UUID, endpoint_id: UUID) -> WebhookDelivery:
    """A message to this endpoint alone that tells nothing."""
    row = _delivery(practice_id, endpoint_id, uuid4(), EventType.TEST, None, None)
    db.add(row)
    db.flush()
    db.refresh(row)
    return row


def _delivery(
    practice_id: UUID,
    endpoint_id: UUID,
    message_id: UUID,
    event: EventType,
    session_id: UUID | None,
    code: str | None,
) -> WebhookDelivery:
    return WebhookDelivery(
        id=uuid4(),
        practice_id=practice_id,
        endpoint_id=endpoint_id,
        message_id=message_id,
        type=event,
        session_id=session_id,
        code=code,
    )
