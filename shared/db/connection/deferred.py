"""Statements whose answer is not awaited: sent together, as the last thing of a transaction.

Each statement costs a round trip and half a millisecond of CPU time, and half of what the pipeline
writes only has to be there once the transaction commits: what is audited, counted and put off. They
are still part of the transaction: if one of them is refused, nothing of it happens.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session as DbSession

_KEPT = "parting"
BETWEEN = ";\n"


def keep(db: DbSession) -> None:
    """From now on, keep for ``send`` what is given to ``at_the_end``."""
    db.info[_KEPT] = []


def at_the_end(db: DbSession, statement: str, values: Mapping[str, Any]) -> None:
    """Run ``statement`` (``%(name)s`` for a value, after the driver's fashion) when the transaction ends,
    in the order in which they came; at once where they are not collected."""
    kept = db.info.get(_KEPT)
    if kept is None:
        db.connection().exec_driver_sql(statement, values)
    else:
        kept.append((statement, values))


def send(db: DbSession, last: str) -> None:
    """Run all that was kept, in one round trip, and ``last`` with it; nothing at all if nothing was kept."""
    kept = db.info.pop(_KEPT, None)
    if not kept:
        return
    db.flush()
    statements: list[str] = []
    values: dict[str, Any] = {}
    for number, (statement, own) in enumerate(kept):
        statements.append(statement % {name: f"%({name}_{number})s" for name in own})
        values |= {f"{name}_{number}": value for name, value in own.items()}
    db.connection().exec_driver_sql(BETWEEN.join((*statements, last)), values)
