"""Times what dispatchers and claims ask with a million finished rows behind it.

``python -m benchmarks.database.queries``: what ``tests/integration/database/test_query_plans.py`` looks at,
once with few and once with many finished sessions (each with three steps and an audit row): the server's
own time for each query, and whether any reads a big table whole. Some minutes, most of them to make the
rows.
"""

import argparse
import json
import os
import re
import statistics
from collections import defaultdict
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection

from benchmarks.database.statements import Messages, working
from shared import logs
from shared.db.connection import deferred
from shared.services.jobs import dispatching
from shared.services.jobs.worker_context import Workbench
from tests.faults.chaos import version
from tests.integration.eager import working_at
from tests.integration.sessions import promise, row
from tests.query_plans import finish_sessions, nodes_of, read_whole
from tests.servers import Office

ROUNDS = 12
NAMES = {
    "whose turn it is": "WITH RECURSIVE names",
    "claim": "SELECT id, status, request_id FROM sessions",
    "end": "SELECT status FROM sessions",
    "what is due": "sessions.dispatch_after <= now()",
    "what is abandoned": "SELECT DISTINCT",
}


def main() -> None:
    """Measure, and print the figures as JSON."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--finished", type=int, default=1_000_000)
    finished = arguments.parse_args().finished
    logs.configure("benchmark", "ERROR")
    with working() as (bench, office, _, messages):
        few = _times(bench, office, messages)
        done = promise(bench.resources, office)
        messages.publish(done)
        with working_at(bench):
            messages.deliver_all()
        assert row(bench.resources, done).processed_at is not None
        finish_sessions(bench.resources, done, finished)
        many = _times(bench, office, messages)
    found = {"version": version(), "load": round(os.getloadavg()[0], 1), "finished": finished}
    print(json.dumps(found | {"few": few, "many": many}, indent=2))


def _times(bench: Workbench, office: Office, messages: Messages) -> dict[str, Any]:
    """Milliseconds of each named query (median), its indexes, and the tables that any query read whole."""
    took: dict[str, list[float]] = defaultdict(list)
    indexes: dict[str, set[str]] = defaultdict(set)
    whole: set[str] = set()

    def explain(conn: Connection, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        for single in statement.split(deferred.BETWEEN):
            name = next((name for name, words in NAMES.items() if words in single), None)
            if name is None or "set_config" in single:
                continue
            cursor.execute("SAVEPOINT explained")
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {single}", parameters)
            found = cursor.fetchone()[0]
            cursor.execute("ROLLBACK TO SAVEPOINT explained")
            plan = (found if isinstance(found, list) else json.loads(found))[0]
            took[name].append(plan["Planning Time"] + plan["Execution Time"])
            indexes[name] |= {node["Index Name"] for node in nodes_of(plan["Plan"]) if "Index Name" in node}
            whole.update(read_whole(plan["Plan"]))

    engine = bench.resources.database._engine
    event.listen(engine, "before_cursor_execute", explain)
    for _ in range(ROUNDS):
        messages.publish(promise(bench.resources, office))
        dispatching.fail_exhausted(bench.resources.database)
        dispatching.dispatch_due(bench.resources.database, bench.resources.queue, redispatch_seconds=30)
        with working_at(bench):
            messages.deliver_all()
    event.remove(engine, "before_cursor_execute", explain)
    medians = {name: round(statistics.median(each), 2) for name, each in sorted(took.items())}
    used = {name: sorted(re.sub(r"\s", "", index) for index in each) for name, each in indexes.items()}
    return {"ms": medians, "indexes": used, "read_whole": sorted(whole)}


if __name__ == "__main__":
    main()
