"""Signs of life of the processes that wait for work."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Float, cast, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.operations import SignOfLife

WORKER, DISPATCHER, COURIER = KINDS = "worker", "dispatcher", "courier"
EVERY_SECONDS = 10.0
# Three signs missed, and then some: Postgres may be slow for a moment.
FRESH_SECONDS = 60.0
_FORGOTTEN_AFTER = timedelta(hours=1)
_seen_at = SignOfLife.__table__.c.seen_at


@dataclass(frozen=True, slots=True)
class Living:
    """How many processes of a kind have given a fresh sign; how old the youngest is, None without any."""

    kind: str
    alive: int
    youngest_seconds: float | None


def give(db: DbSession, process: str, kind: str) -> None:
    """Note that the process goes on with its work; forgets those that stopped doing so long ago."""
    row = insert(SignOfLife).values(process=process, kind=kind, seen_at=func.now())
    again = {"kind": row.excluded.kind, "seen_at": row.excluded.seen_at}
    db.execute(row.on_conflict_do_update(index_elements=[SignOfLife.process], set_=again))
    db.execute(delete(SignOfLife).where(SignOfLife.seen_at < func.now() - _FORGOTTEN_AFTER))


def age_of(db: DbSession, process: str) -> float | None:
    """Seconds since the process gave a sign; None if it never did."""
    return db.scalar(select(_age(_seen_at)).where(SignOfLife.process == process))


def living(db: DbSession) -> list[Living]:
    """Each kind of process, whether or not one was seen in the last hour."""
    fresh = func.count().filter(_age(_seen_at) < FRESH_SECONDS)
    youngest = _age(func.max(SignOfLife.seen_at))
    rows = db.execute(select(SignOfLife.kind, fresh, youngest).group_by(SignOfLife.kind))
    unseen = {kind: Living(kind, 0, None) for kind in KINDS}
    return list((unseen | {row[0]: Living(*row) for row in rows}).values())


def _age(moment: ColumnElement[Any]) -> ColumnElement[float]:
    return cast(func.extract("epoch", func.now() - moment), Float)
