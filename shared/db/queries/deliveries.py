"""Deliveries to webhooks: taken when due, ended, listed, sent again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, lateral, select, true, tuple_, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from shared.domain.webhooks import DeliveryState


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery to be attempted now, for the ``attempt``-th time."""

    delivery_id: UUID
    practice_id: UUID
    endpoint_id: UUID
    attempt: int


def take_due(db: DbSession, *, lease_seconds: float, limit: int, busy: Collection[UUID] = ()) -> list[Taken]:
    """The oldest due delivery of each endpoint that is neither paused nor ``busy``, for an operator.

    Each is put off by ``lease_seconds`` in case its worker dies. Callers side by side never
    get the same. One for each endpoint: a slow one does not delay the others.
    """
    oldest = lateral(
        select(WebhookDelivery.id, WebhookDelivery.due_at)
        .where(
            WebhookDelivery.endpoint_id == WebhookEndpoint.id,
            WebhookDelivery.state == DeliveryState.WAITING,
            WebhookDelivery.due_at <= func.now(),
        )
        .order_by(WebhookDelivery.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    free = WebhookEndpoint.pause.is_(None), WebhookEndpoint.id.not_in(busy)
    due = select(oldest.c.id).select_from(WebhookEndpoint).join(oldest, true()).where(*free)
    ids = db.scalars(due.order_by(oldest.c.due_at).limit(limit)).all()
    rows = db.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.id.in_(ids))
        .values(due_at=func.now() + timedelta(seconds=lease_seconds), attempts=WebhookDelivery.attempts + 1)
        .returning(
            WebhookDelivery.id,
            WebhookDelivery.practice_id,
            WebhookDelivery.endpoint_id,
            WebhookDelivery.attempts,
        )
    )
    return [Taken(*row) for row in rows]


def held(db: DbSession, taken: Taken) -> WebhookDelivery | None:
    """The delivery, held, if this attempt is still its last; None if another came after it, or it ended."""
    query = select(WebhookDelivery).where(
        WebhookDelivery.id == taken.delivery_id,
        WebhookDelivery.state == DeliveryState.WAITING,
        WebhookDelivery.attempts == taken.attempt,
    )
    return db.scalar(query.with_for_update())


def log_attempt(
    db: DbSession, taken: Taken, *, milliseconds: int, http_status: int | None, error: str | None
) -> None:
    """Note one attempt and what came of it."""
    db.add(
        WebhookAttempt(
            practice_id=taken.practice_id,
            delivery_id=taken.delivery_id,
            milliseconds=milliseconds,
            http_status=http_status,
            error=error,
        )
    )


def fail_all_waiting(db: DbSession, endpoint_id: UUID) -> None:
    """Give up what waits for this endpoint."""
    waiting = WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == DeliveryState.WAITING
    db.execute(
        update(WebhookDelivery).where(*waiting).values(state=DeliveryState.FAILED, ended_at=func.now())
    )


def page(
    db: DbSession,
    endpoint_id: UUID,
    *,
    limit: int,
    state: DeliveryState | None = None,
    before: tuple[datetime, UUID] | None = None,
) -> Sequence[WebhookDelivery]:
    """Deliveries to the endpoint, newest first, those after ``before`` only."""
    query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    if before is not None:
        query = query.where(tuple_(WebhookDelivery.created_at, WebhookDelivery.id) < before)
    newest_first = query.order_by(WebhookDelivery.created_at.desc(), WebhookDelivery.id.desc())
    return db.scalars(newest_first.limit(limit)).all()


def attempts_of(db: DbSession, delivery_ids: Sequence[UUID]) -> dict[UUID, list[WebhookAttempt]]:
    """The attempts at each of the deliveries, in their order."""
    query = select(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(delivery_ids))
    found: dict[UUID, list[WebhookAttempt]] = {delivery_id: [] for delivery_id in delivery_ids}
    for attempt in db.scalars(query.order_by(WebhookAttempt.id)):
        found[attempt.delivery_id].append(attempt)
    return found


def get(db: DbSession, endpoint_id: UUID, delivery_id: UUID) -> WebhookDelivery | None:
    """A delivery to this endpoint, held."""
    query = select(WebhookDelivery).where(
        WebhookDelivery.id == delivery_id, WebhookDelivery.endpoint_id == endpoint_id
    )
    return db.scalar(query.with_for_update())


def send_again(row: WebhookDelivery) -> None:
    """Have the delivery made (once more), under the same message id, with a new set of attempts."""
    row.state, row.attempts, row.ended_at = DeliveryState.WAITING, 0, None
    row.due_at = func.now()


def send_failed_again(db: DbSession, endpoint_id: UUID, since: datetime) -> int:
    """As ``send_again`` for every failed delivery of a message made at ``since`` or later."""
    failed = WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == DeliveryState.FAILED
    rows = db.execute(
        update(WebhookDelivery)
        .where(*failed, WebhookDelivery.created_at >= since)
        .values(state=DeliveryState.WAITING, attempts=0, ended_at=None, due_at=WebhookDelivery.created_at)
        .returning(WebhookDelivery.id)
    )
    return len(rows.all())


def sweep(db: DbSession, *, kept_days: int) -> int:
    """Forget what ended over ``kept_days`` ago, for an operator; gives how many deliveries."""
    over = WebhookDelivery.ended_at < func.now() - timedelta(days=kept_days)
    its = select(WebhookDelivery.id).where(over)
    db.execute(delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(its)))
    return len(db.execute(delete(WebhookDelivery).where(over).returning(WebhookDelivery.id)).all())
