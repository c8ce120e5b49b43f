"""Checkpoints: heads of the chains as webhook messages, an anchor on a computer of the practice's own."""

from datetime import UTC, timedelta
from uuid import UUID

from shared.db.connection import clock
from shared.db.connection.engine import Database
from shared.db.queries import webhooks
from shared.db.queries.privacy import audit_chain
from shared.db.queries.work import outbox
from shared.domain.webhooks import EventType

EVERY = timedelta(minutes=10)


def publish_due(database: Database) -> int:
    """Send the head of each chain that has grown, if a webhook asked for it; gives how many chains.

    No sooner than EVERY after the last one. With several dispatchers one may be sent twice.
    """
    with database.operating() as db:
        practices = webhooks.practices(db)
    return sum(_publish(database, practice_id) for practice_id in practices)


def _publish(database: Database, practice_id: UUID) -> bool:
    with database.transaction(practice_id) as db:
        if not webhooks.is_subscribed(db, practice_id, EventType.AUDIT_CHECKPOINT):
            return False
        batch = audit_chain.latest(db, [practice_id]).get(practice_id)
        last = webhooks.latest_message(db, practice_id, EventType.AUDIT_CHECKPOINT)
        if batch is None or (last is not None and last.created_at > clock.now(db) - EVERY):
            return False
        if last is not None and last.facts.get("head") == batch.head.hex():
            return False
        facts: dict[str, UUID | int | str] = {
            "practice_id": practice_id,
            "number": batch.number,
            "lines": audit_chain.chained_lines(db, practice_id),
            "last_id": batch.last_id,
            "sealed_at": batch.sealed_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "head": batch.head.hex(),
        }
        return bool(outbox.enqueue(db, practice_id, EventType.AUDIT_CHECKPOINT, None, **facts))
