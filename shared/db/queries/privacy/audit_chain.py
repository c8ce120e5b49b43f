"""Lines of the audit trail and the batches that chain them, over all practices, for an operator."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from typing import cast as cast_type
from uuid import UUID

from sqlalchemy import BigInteger, Row, String, cast, column, func, insert, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import AuditEvent
from shared.db.tables.privacy.audit import AuditBatch

NO_PRACTICE = UUID(int=0)
# A line gets its number before it can be seen: lines with lower numbers may appear until all transactions
# have ended that were open when a batch was made. The time is for one that had its number and no id yet.
SETTLED = timedelta(minutes=1)
_ONE_AT_A_TIME = 7_305_112_211  # an advisory lock's number, of no meaning
_PAGE = 200
# All columns of a line that its code covers; the id is covered by its place in the batch.
COVERED = (
    AuditEvent.at,
    AuditEvent.practice_id,
    AuditEvent.actor,
    AuditEvent.key_id,
    AuditEvent.address,
    AuditEvent.action,
    AuditEvent.subject_id,
    AuditEvent.request_id,
    AuditEvent.step,
    AuditEvent.part,
    AuditEvent.attempt,
    AuditEvent.code,
)
_OLDEST_OPEN = cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), String), BigInteger)
_NEXT_TRANSACTION = cast(cast(func.pg_snapshot_xmax(func.pg_current_snapshot()), String), BigInteger)
_CHAINED_SINCE = text("SELECT unnest(event_ids) AS id FROM audit_batches WHERE last_id > :settled").columns(
    column("id", BigInteger)
)
_INSERTED = text(
    "SELECT e.id FROM audit_events e WHERE e.id <= :settled"
    " AND e.practice_id IS NOT DISTINCT FROM nullif(:practice, '00000000-0000-0000-0000-000000000000')::uuid"
    " AND NOT EXISTS (SELECT FROM (SELECT unnest(event_ids) AS id FROM audit_batches"
    " WHERE practice_id = :practice) chained WHERE chained.id = e.id) ORDER BY e.id"
)


def only_one(db: DbSession) -> bool:
    """Whether this transaction may chain: one at a time does, of all dispatchers."""
    return bool(db.scalar(select(func.pg_try_advisory_xact_lock(_ONE_AT_A_TIME))))


def has_begun(db: DbSession) -> bool:
    """Whether there is a batch of any practice."""
    return db.scalar(select(AuditBatch.number).limit(1)) is not None


def settled(db: DbSession) -> int:
    """Up to which number every line is in a batch, and none appears any more; 0 at the beginning."""
    newest = select(func.max(AuditBatch.sealed_at)).scalar_subquery()
    return db.scalar(select(func.max(AuditBatch.settled)).where(AuditBatch.sealed_at == newest)) or 0


def settling(db: DbSession) -> int:
    """What is settled once the lines are chained that can be seen now."""
    over = (AuditBatch.next_transaction <= _OLDEST_OPEN) | (
        AuditBatch.next_transaction > _NEXT_TRANSACTION  # a restored database counts its transactions anew
    )
    latest = (
        select(func.max(AuditBatch.sealed_at))
        .where(AuditBatch.sealed_at < func.now() - SETTLED, over)
        .scalar_subquery()
    )
    return db.scalar(select(func.max(AuditBatch.last_id)).where(AuditBatch.sealed_at == latest)) or 0


def unchained(db: DbSession, after: int, limit: int) -> Sequence[Row[Any]]:
    """The first lines after this number that are in no batch yet: the id, then what COVERED names."""
    chained = _CHAINED_SINCE.bindparams(settled=after).subquery()
    query = select(AuditEvent.id, *COVERED).where(
        AuditEvent.id > after, ~select(chained.c.id).where(chained.c.id == AuditEvent.id).exists()
    )
    return cast_type(Sequence[Row[Any]], db.execute(query.order_by(AuditEvent.id).limit(limit)).all())


def latest(db: DbSession, practices: Iterable[UUID] | None = None) -> dict[UUID, AuditBatch]:
    """The last batch of each of these practices, or of all."""
    query = select(AuditBatch).ext(distinct_on(AuditBatch.practice_id))
    if practices is not None:
        query = query.where(AuditBatch.practice_id.in_(list(practices)))
    query = query.order_by(AuditBatch.practice_id, AuditBatch.number.desc())
    return {batch.practice_id: batch for batch in db.scalars(query)}


def chained_lines(db: DbSession, practice_id: UUID) -> int:
    """How many lines the practice's batches hold."""
    query = select(func.sum(func.cardinality(AuditBatch.event_ids)))
    return db.scalar(query.where(AuditBatch.practice_id == practice_id)) or 0


def sealed_since(db: DbSession, moment: datetime | None) -> list[AuditBatch]:
    """The last batch of each practice that has a newer one than ``moment``; None: of every practice."""
    if moment is None:
        return list(latest(db).values())
    fresh = select(AuditBatch.practice_id).where(AuditBatch.sealed_at > moment).distinct()
    return list(latest(db, db.scalars(fresh)).values())


def add(db: DbSession, batches: Sequence[dict[str, Any]]) -> None:
    """Add batches made in this transaction: all columns of each but ``next_transaction``."""
    following = db.scalar(select(_NEXT_TRANSACTION))
    db.execute(insert(AuditBatch), [{**batch, "next_transaction": following} for batch in batches])


def practices(db: DbSession) -> list[UUID]:
    """Whose lines or batches there are."""
    of_lines = select(func.coalesce(AuditEvent.practice_id, NO_PRACTICE)).distinct()
    return sorted({*db.scalars(of_lines), *db.scalars(select(AuditBatch.practice_id).distinct())})


def batches(db: DbSession, practice_id: UUID, after: int = 0) -> Iterator[AuditBatch]:
    """All batches of a practice after this number, the first one first."""
    while True:
        query = select(AuditBatch).where(AuditBatch.practice_id == practice_id, AuditBatch.number > after)
        page = db.scalars(query.order_by(AuditBatch.number).limit(_PAGE)).all()
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].number
        db.expunge_all()


def lines(db: DbSession, ids: Sequence[int]) -> dict[int, Row[Any]]:
    """The lines with these ids, by id: the id, then what COVERED names."""
    found = db.execute(select(AuditEvent.id, *COVERED).where(AuditEvent.id.in_(ids)))
    return {row[0]: cast_type(Row[Any], row) for row in found}


def in_no_batch(db: DbSession, practice_id: UUID, upto: int) -> list[int]:
    """The practice's lines up to this number that no batch names."""
    return list(db.scalars(_INSERTED, {"practice": str(practice_id), "settled": upto}))


def waiting(db: DbSession, practice_id: UUID, after: int) -> tuple[int, datetime | None]:
    """How many of the practice's lines after this number are in no batch yet, and since when."""
    known = _CHAINED_SINCE.bindparams(settled=after).subquery()
    whose = AuditEvent.practice_id.is_not_distinct_from(None if practice_id == NO_PRACTICE else practice_id)
    query = select(func.count(), func.min(AuditEvent.at)).where(
        whose, AuditEvent.id > after, ~select(known.c.id).where(known.c.id == AuditEvent.id).exists()
    )
    count, since = db.execute(query).one()
    return count, since
