"""Retention of the audit trail: the oldest batches of a chain go, and a sealed row says so.

A chain is cut from its beginning only, batch by batch, so that what is left verifies from the head of the
last batch that went. A batch with a line about a patient on hold, or one whose therapist made an exception,
stays, and so does everything after it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.connection.engine import Database
from shared.db.queries.privacy import audit, audit_chain, retention
from shared.db.queries.privacy import trail_removals as rows
from shared.db.tables.privacy.audit import AuditBatch
from shared.domain.retention import RetentionKind
from shared.services.audit_trail import chain

log = structlog.get_logger(__name__)

ACTOR = "retention"
BATCHES_AT_ONCE = 20  # a batch has 2,000 lines at most


@dataclass(frozen=True, slots=True)
class Due:
    """What of the trail goes next, written before ``upto``; ``is_blocked``: not all that is due goes."""

    lines: int
    upto: datetime | None
    is_blocked: bool


def preview(db: DbSession, practice_id: UUID, *, within: timedelta) -> Due | None:
    """What the practice's rule lets go within that time, as far as one look goes; None without a rule."""
    rule = retention.rule(db, practice_id, RetentionKind.TRAIL)
    if rule is None or rule.suspended_at is not None:
        return None
    found, is_blocked = _due(db, practice_id, clock.now(db) + within)
    return Due(
        sum(len(batch.event_ids) for batch in found), found[-1].sealed_at if found else None, is_blocked
    )


def run_due(database: Database, secret: bytes) -> int:
    """Remove what is due, of each practice some batches; gives how many lines. Raises Unavailable.

    A transaction removes some batches only: what a crash left goes with the next call.
    """
    with database.operating() as db:
        practices = retention.practices(db)
    for practice_id in practices:
        with database.transaction(practice_id) as db:
            _let_go(db, practice_id, secret)
    count, left = 0, True
    while left:
        with database.operating() as db:
            removed = rows.remove_what_may_go(db, limit=BATCHES_AT_ONCE)
        left, count = removed > 0, count + removed
    if count:
        log.info("trail_removed", count=count)
    return count


def _let_go(db: DbSession, practice_id: UUID, secret: bytes) -> None:
    """Write the row that says that the oldest batches may go. The operator's role then removes them."""
    rule = retention.rule(db, practice_id, RetentionKind.TRAIL, lock=True)
    if rule is None or rule.suspended_at is not None:
        return
    found, _ = _due(db, practice_id, clock.now(db))
    if not found:
        return
    last, now = found[-1], clock.now(db)
    lines = sum(len(batch.event_ids) for batch in found)
    key = chain.key_of(secret, practice_id)
    code = chain.removal(key, last.number, last.head, lines, last.sealed_at, now)
    rows.add(db, last, lines=lines, removed_at=now, code=code)
    audit.record(
        db, practice_id=practice_id, actor=ACTOR, action="retention.removed", code=RetentionKind.TRAIL.value
    )


def _due(db: DbSession, practice_id: UUID, now: datetime) -> tuple[list[AuditBatch], bool]:
    """The oldest batches that may go; and whether one that is due stays for a patient."""
    rule = retention.rule(db, practice_id, RetentionKind.TRAIL)
    if rule is None:
        return [], False
    over = min(
        now - timedelta(days=rule.days + rule.grace_days),
        now
        if rule.changed_at + timedelta(days=rule.grace_days) <= now
        else datetime.min.replace(tzinfo=now.tzinfo),
    )
    newest = audit_chain.latest(db, [practice_id]).get(practice_id)
    found: list[AuditBatch] = []
    for batch in rows.oldest(db, practice_id, before=over, limit=BATCHES_AT_ONCE):
        if newest is None or batch.number >= newest.number:
            break  # the newest stays: the next one is chained to it
        if rows.keeps(db, practice_id, batch.event_ids):
            return found, True
        found.append(batch)
    return found, False
