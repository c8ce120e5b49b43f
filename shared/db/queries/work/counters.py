"""Tallies: counted in the transaction of what they count, so that they are as true as the rows."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session as DbSession

from shared.db.connection.deferred import at_the_end
from shared.db.tables.operations import Tally

_ADD = """
INSERT INTO tallies (event, step, code, bucket, slot, count, seconds)
VALUES (%(event)s, %(step)s, %(code)s, %(bucket)s, %(slot)s, %(count)s, %(seconds)s)
ON CONFLICT (event, step, code, bucket, slot)
DO UPDATE SET count = tallies.count + excluded.count, seconds = tallies.seconds + excluded.seconds
"""

# Upper ends of the buckets of a duration, in seconds; the last bucket has none.
BOUNDS = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0)
_SLOTS = 8


@dataclass(frozen=True, slots=True)
class Count:
    """How often an event happened with a duration in this bucket, and the seconds of all of them."""

    event: str
    step: str
    code: str
    bucket: int
    count: int
    seconds: float


def add(
    db: DbSession,
    event: str,
    session_id: UUID,
    *,
    step: str = "",
    code: str = "",
    seconds: float = 0.0,
    count: int = 1,
) -> None:
    """Count an event about a session; ``seconds`` is how long it took.

    At the end of the transaction, because it holds the row until then; sessions before steps.
    """
    values = {
        "event": event,
        "step": step,
        "code": code,
        "bucket": bisect_left(BOUNDS, seconds),
        "slot": session_id.int % _SLOTS,
        "count": count,
        "seconds": max(seconds, 0.0),
    }
    at_the_end(db, _ADD, values)


def add_end(db: DbSession, session_id: UUID, status: str, code: str | None, age: timedelta) -> None:
    """Count the end of a session that was promised so long ago."""
    seconds = age.total_seconds()
    add(db, "session.ended", session_id, step=status, code=code or "", seconds=seconds)


def totals(db: DbSession) -> list[Count]:
    """Every count since the first day."""
    what = (Tally.event, Tally.step, Tally.code, Tally.bucket)
    rows = db.execute(select(*what, func.sum(Tally.count), func.sum(Tally.seconds)).group_by(*what))
    return [Count(*row[:4], int(row[4]), float(row[5])) for row in rows]
