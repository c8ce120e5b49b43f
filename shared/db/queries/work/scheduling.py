"""Whose turn it is: the claimable steps of all practices, in the order that is fair.

A practice with fewer steps at work comes first, among equals the one that was served longest ago.
Within a practice the step that is due first comes first (``steps.due_at``: the time of the promise
and the length of the recording, so that a short recording does not wait for the end of a long one,
and a long one never for ever).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session as DbSession

from shared.db.connection.deferred import at_the_end
from shared.db.queries.work.step_claims import ABANDONED, DUE, HAS_ATTEMPTS, UNFINISHED_WORDS
from shared.db.tables.core import StepRow
from shared.domain.status import StepState
from shared.pipeline import Step


@dataclass(frozen=True, slots=True)
class Candidate:
    """A step, or some chunk of it, that could be claimed."""

    session_id: UUID
    step: str
    practice_id: UUID
    urgent: bool = False


_ALIVE = f"EXISTS (SELECT FROM sessions WHERE id = session_id AND status IN ({UNFINISHED_WORDS}))"

# The practices are found by jumping from one to the next in the index, not by reading what waits:
# it costs what the practices cost that wait, however much each of them has uploaded. A practice's
# second candidate ranks as if its first were at work already, so that workers who ask at the same
# moment, and take what the others leave, are shared out fairly too.
_FAIREST = text(f"""
WITH RECURSIVE names AS (SELECT unnest(CAST(:names AS text[])) AS name),
heads AS (
    SELECT name, (
        SELECT practice_id FROM steps WHERE steps.name = names.name AND state = 'ready'
        ORDER BY practice_id LIMIT 1
    ) AS practice_id
    FROM names
    UNION ALL
    SELECT name, (
        SELECT practice_id FROM steps
        WHERE steps.name = heads.name AND state = 'ready' AND practice_id > heads.practice_id
        ORDER BY practice_id LIMIT 1
    )
    FROM heads WHERE practice_id IS NOT NULL
),
waiting AS (
    SELECT heads.practice_id, firsts.*
    FROM heads CROSS JOIN LATERAL (
        SELECT session_id, name, part, due_at FROM steps
        WHERE steps.name = heads.name AND steps.practice_id = heads.practice_id
          AND {DUE} AND {HAS_ATTEMPTS} AND {_ALIVE}
        ORDER BY due_at, session_id, part LIMIT :most
    ) AS firsts
    UNION ALL
    SELECT practice_id, session_id, name, part, due_at FROM steps
    WHERE name IN (SELECT name FROM names) AND {ABANDONED} AND {HAS_ATTEMPTS} AND {_ALIVE}
),
at_work AS (
    SELECT practice_id, count(*) AS steps FROM steps
    WHERE state = 'running' AND name IN (SELECT name FROM names) AND NOT {ABANDONED}
    GROUP BY practice_id
),
ranked AS (
    SELECT waiting.*, served_at, coalesce(at_work.steps, 0)
        + row_number() OVER (PARTITION BY practice_id ORDER BY due_at, session_id, part) AS rank
    FROM waiting LEFT JOIN at_work USING (practice_id) LEFT JOIN turns USING (practice_id)
)
SELECT session_id, name, practice_id, false AS urgent, row_number() OVER (
    ORDER BY rank, served_at NULLS FIRST, due_at, session_id, part
) AS place FROM ranked
UNION ALL
SELECT session_id, name, practice_id, true, 0 FROM steps
WHERE session_id = CAST(:woken_for AS uuid) AND name = CAST(:step AS text) AND urgent AND state <> 'done'
ORDER BY place LIMIT :most
""")  # noqa: S608 - made of constants


def fairest(
    db: DbSession, names: Sequence[str], *, most: int, woken_for: tuple[UUID, Step] | None = None
) -> list[Candidate]:
    """What could be claimed now of the steps of these names, at most ``most``, next turn first.

    ``woken_for``: an urgent step of it skips the turns: it comes first, and is marked as urgent.
    For an operator: it looks across practices. Nothing is held, so others may take it meanwhile.
    """
    session_id, step = (str(woken_for[0]), woken_for[1].name) if woken_for else (None, None)
    values = {"names": list(names), "most": most, "woken_for": session_id, "step": step}
    rows = db.execute(_FAIREST, values)
    return [Candidate(row.session_id, row.name, row.practice_id, row.urgent) for row in rows]


def is_urgent(db: DbSession, session_id: UUID) -> bool:
    """Whether a person waits for any step of this session that is not done."""
    mine = (StepRow.session_id == session_id, StepRow.state != StepState.DONE)
    return bool(db.scalar(select(func.bool_or(StepRow.urgent)).where(*mine)))


# Who finds the row held need not wait: it is being set to this very moment.
_SERVE = """
UPDATE turns SET served_at = clock_timestamp() WHERE practice_id IN (
    SELECT practice_id FROM turns WHERE practice_id = %(practice)s FOR UPDATE SKIP LOCKED
)
"""
_SERVE_FIRST = """
INSERT INTO turns (practice_id, served_at) SELECT CAST(%(practice)s AS uuid), clock_timestamp()
WHERE NOT EXISTS (SELECT FROM turns WHERE practice_id = %(practice)s)
ON CONFLICT DO NOTHING
"""


def serve(db: DbSession, practice_id: UUID) -> None:
    """Note that a step of the practice was claimed just now."""
    at_the_end(db, _SERVE, {"practice": str(practice_id)})
    at_the_end(db, _SERVE_FIRST, {"practice": str(practice_id)})
