"""How Postgres would run the queries that are asked again and again, with many finished rows behind them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import event, text
from sqlalchemy.engine import Connection

from shared.db.connection import deferred
from shared.db.connection.engine import Database
from shared.services.resources import Resources
from tests.database import everything

BIG_TABLES = ("sessions", "steps", "audit_events")


def finish_sessions(resources: Resources, like: UUID, count: int) -> None:
    """``count`` processed sessions with their steps, events and audit trail, as copies of one."""
    copies = "CREATE TEMP TABLE copies AS SELECT gen_random_uuid() AS copy FROM generate_series(1, :count)"
    with everything(resources) as db:
        db.execute(text(copies), {"count": count})
        for table, column in (("sessions", "id"), ("steps", "session_id")):
            names = db.scalars(
                text("SELECT attname FROM pg_attribute WHERE attrelid = CAST(:t AS regclass) AND attnum > 0"),
                {"t": table},
            ).all()
            values = ", ".join("copy" if name == column else f'"{name}"' for name in names)
            columns = ", ".join(f'"{name}"' for name in names)
            db.execute(
                text(
                    f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table}, copies"
                    f" WHERE {column} = :like"
                ),
                {"like": like},
            )
        db.execute(
            text(
                "INSERT INTO audit_events (practice_id, actor, action, subject_id)"
                " SELECT practice_id, 'worker', 'step.done', copy FROM copies, sessions WHERE id = :like"
            ),
            {"like": like},
        )
        for table in BIG_TABLES:
            db.execute(text(f"ANALYZE {table}"))


@contextmanager
def plans_of(database: Database) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Collects each query that is run meanwhile, with its plan."""
    found: list[tuple[str, dict[str, Any]]] = []
    engine = database._engine

    def explain(conn: Connection, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "set_config" in statement:
            return
        for single in statement.split(deferred.BETWEEN):
            if single.lstrip().startswith(_QUERIES):
                cursor.execute(f"EXPLAIN (FORMAT JSON) {single}", parameters)
                plan = cursor.fetchone()[0]
                found.append((single, (plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]))

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", explain)


_QUERIES = ("SELECT", "UPDATE", "DELETE", "WITH")


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The plan's nodes, itself first."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes_of(child)


def read_whole(plan: dict[str, Any]) -> set[str]:
    """The big tables of which the plan reads every row."""
    scans = (node for node in nodes_of(plan) if node["Node Type"] == "Seq Scan")
    return {node["Relation Name"] for node in scans} & set(BIG_TABLES)
