"""What was sent to a webhook and what came of it; sent again on request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db.queries import deliveries
from shared.db.queries.work import outbox
from shared.db.tables.webhooks import WebhookAttempt, WebhookDelivery
from shared.domain.errors import Conflict, NotFound
from shared.domain.webhooks import DeliveryState, EventType
from shared.services import paging
from shared.services.access.caller import Caller
from shared.services.accounts import accounts
from shared.services.paging import Page, Position
from shared.services.resources import Resources
from shared.services.webhooks.endpoints import own


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to the endpoint: its state, and each attempt in its order.

    ``next_attempt_at``: while it waits. ``message_id`` is the ``webhook-id`` that the receiver sees.
    """

    id: UUID
    message_id: UUID
    type: EventType
    session_id: UUID | None
    state: DeliveryState
    created_at: datetime
    next_attempt_at: datetime | None
    ended_at: datetime | None
    attempts: Sequence[WebhookAttempt]


def page(
    resources: Resources,
    caller: Caller,
    endpoint_id: UUID,
    *,
    limit: int,
    state: DeliveryState | None = None,
    after: Position | None = None,
) -> Page[Delivery]:
    """Deliveries to the endpoint, newest first; raises NotFound and InvalidInput (``limit``)."""
    paging.check_limit(limit)
    with resources.database.transaction(caller.practice_id) as db:
        own(db, caller, endpoint_id)
        found = deliveries.page(db, endpoint_id, limit=limit + 1, state=state, before=after)
        shown = found[:limit]
        attempts = deliveries.attempts_of(db, [row.id for row in shown])
        accounts.record(db, caller.practice_id, "webhook.deliveries", endpoint_id, caller)
    last = (shown[-1].created_at, shown[-1].id) if len(found) > limit else None
    cursor = paging.cursor_after(last, listing(endpoint_id, state)) if last else None
    return Page([_seen(row, attempts[row.id]) for row in shown], cursor)


def listing(endpoint_id: UUID, state: DeliveryState | None) -> str:
    """Names a list of deliveries: a cursor leads on in the list that it came from."""
    return f"deliveries:{endpoint_id}:{state or ''}"


def test(resources: Resources, caller: Caller, endpoint_id: UUID) -> Delivery:
    """Have a message sent that tells nothing; it is tried once. Raises NotFound, Conflict (paused)."""
    with resources.database.transaction(caller.practice_id) as db:
        if own(db, caller, endpoint_id).pause is not None:
            raise Conflict("The webhook is paused; resume it first.", "webhook_paused")
        row = outbox.enqueue_test(db, caller.practice_id, endpoint_id)
        accounts.record(db, caller.practice_id, "webhook.test", endpoint_id, caller)
    return _seen(row, [])


def replay(resources: Resources, caller: Caller, endpoint_id: UUID, delivery_id: UUID) -> Delivery:
    """Have one message sent (again), under the same message id; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        own(db, caller, endpoint_id)
        row = deliveries.get(db, endpoint_id, delivery_id)
        if row is None:
            raise NotFound("There is no such delivery; they are kept for 30 days.", "delivery_not_found")
        deliveries.send_again(row)
        db.flush()
        db.refresh(row)
        attempts = deliveries.attempts_of(db, [row.id])
        accounts.record(db, caller.practice_id, "webhook.replay", endpoint_id, caller)
    return _seen(row, attempts[row.id])


def replay_failed(resources: Resources, caller: Caller, endpoint_id: UUID, since: datetime) -> int:
    """Have every failed message since then sent again; gives their number. Raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        own(db, caller, endpoint_id)
        count = deliveries.send_failed_again(db, endpoint_id, since)
        accounts.record(db, caller.practice_id, "webhook.replay", endpoint_id, caller)
    return count


def _seen(row: WebhookDelivery, attempts: Sequence[WebhookAttempt]) -> Delivery:
    waiting = row.state is DeliveryState.WAITING
    return Delivery(
        id=row.id,
        message_id=row.message_id,
        type=row.type,
        session_id=row.session_id,
        state=row.state,
        created_at=row.created_at,
        next_attempt_at=row.due_at if waiting else None,
        ended_at=row.ended_at,
        attempts=attempts,
    )
