"""The outbox: messages for webhooks, written in the transaction of what they tell."""

import re
from uuid import UUID, uuid4

from sqlalchemy import or_, select
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.webhooks import WebhookDelivery, WebhookEndpoint
from shared.domain.webhooks import EventType, PauseReason

_WORD = re.compile(r"[\w.:-]{1,100}")


def enqueue(
    db: DbSession,
    practice_id: UUID,
    event: EventType,
    session_id: UUID | None,
    /,
    **facts: UUID | int | str | None,
) -> int:
    """Have every endpoint of the practice that subscribes to ``event`` told; gives their number.

    ``facts`` are more ids, numbers and machine words, such as the ``code`` of a failure; raises
    ValueError for anything that could be a sentence. What a paused endpoint subscribes to waits
    for it, except where the endpoint itself said that it is gone.
    """
    plain = {name: _plain(name, value) for name, value in facts.items() if value is not None}
    endpoints = db.scalars(
        select(WebhookEndpoint.id).where(
            WebhookEndpoint.practice_id == practice_id,
            WebhookEndpoint.events.contains([event.value]),
            or_(WebhookEndpoint.pause.is_(None), WebhookEndpoint.pause != PauseReason.GONE),
        )
    ).all()
    message_id = uuid4()
    for endpoint_id in endpoints:
        db.add(_delivery(practice_id, endpoint_id, message_id, event, session_id, plain))
    return len(endpoints)


def enqueue_test(db: DbSession, practice_id: UUID, endpoint_id: UUID) -> WebhookDelivery:
    """A message to this endpoint alone that tells nothing."""
    row = _delivery(practice_id, endpoint_id, uuid4(), EventType.TEST, None, {})
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
    facts: dict[str, str | int],
) -> WebhookDelivery:
    return WebhookDelivery(
        id=uuid4(),
        practice_id=practice_id,
        endpoint_id=endpoint_id,
        message_id=message_id,
        type=event,
        session_id=session_id,
        facts=facts,
    )


def _plain(name: str, value: UUID | int | str) -> str | int:
    if isinstance(value, int):
        return value
    word = str(value)
    if not _WORD.fullmatch(word):
        raise ValueError(f"{name} of a message is neither an id nor a word")
    return word
