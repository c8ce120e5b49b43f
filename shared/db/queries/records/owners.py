"""Whom stored objects and keys belong to: asked of every table that a row could own one from."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import Practice, TherapySession
from shared.db.tables.operations import Reconciliation
from shared.db.tables.uploads import Upload
from shared.domain.status import Status


def practices(db: DbSession) -> Sequence[UUID]:
    """Every practice, for an operator."""
    return db.scalars(select(Practice.id).order_by(Practice.id)).all()


def owned(db: DbSession, ids: Iterable[UUID]) -> set[UUID]:
    """Those of the ids that a row of this practice has: a session, a patient, an unfinished upload, …"""
    wanted = list(ids)
    found = set(db.scalars(select(Practice.id).where(Practice.id.in_(wanted))))
    for table in db.scalars(_TABLES).all():
        found |= set(db.scalars(text(f'SELECT id FROM "{table}" WHERE id = ANY(:ids)'), {"ids": wanted}))  # noqa: S608 - a name from the catalogue
    return found


# Asked of the catalogue rather than of our own modules: a table that one of them forgot would make its
# rows' objects look as if they had no owner.
_TABLES = text(
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    " AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'practice_id')"
    " AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'id'"
    " AND atttypid = 'uuid'::regtype) ORDER BY relname"
)


def sessions_with_recordings(db: DbSession) -> set[UUID]:
    """This practice's sessions whose recording should be there, with its key."""
    kept = TherapySession.audio_removed_at.is_(None)
    return set(db.scalars(select(TherapySession.id).where(kept)))


def done_with_speech(db: DbSession, ids: Iterable[UUID]) -> set[UUID]:
    """Those of the sessions that need no decoded speech any more."""
    over = TherapySession.status.in_((Status.PROCESSED, Status.CANCELLED))
    return set(db.scalars(select(TherapySession.id).where(TherapySession.id.in_(list(ids)), over)))


def arriving(db: DbSession, ids: Iterable[UUID]) -> set[UUID]:
    """Those of the ids that are uploads under way."""
    return set(db.scalars(select(Upload.id).where(Upload.id.in_(list(ids)))))


def is_due(db: DbSession, every_seconds: float) -> bool:
    """Whether the last reconciliation is that long ago."""
    last = func.max(Reconciliation.at)
    recent = select(last > func.now() - timedelta(seconds=every_seconds))
    return not db.scalar(recent)


def note(db: DbSession, counts: dict[str, int]) -> None:
    """Keep what a reconciliation found, for the gauges."""
    for kind, count in counts.items():
        row = insert(Reconciliation).values(kind=kind, count=count)
        again = {"count": row.excluded.count, "at": text("now()")}
        db.execute(row.on_conflict_do_update(index_elements=[Reconciliation.kind], set_=again))
