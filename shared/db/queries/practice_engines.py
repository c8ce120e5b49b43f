"""Speech engines in the database: a practice's choice, and what its transcripts took."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as DbSession

from shared.db.connection.deferred import at_the_end
from shared.db.tables.engines import PracticeEngines
from shared.domain.values import Usage

_FORGET_USAGE = "DELETE FROM transcription_usage WHERE session_id = %(session)s"
_USAGE = """
INSERT INTO transcription_usage (session_id, practice_id, engine, calls, audio_seconds, cost_usd)
VALUES (%(session)s, %(practice)s, %(engine)s, %(calls)s, %(seconds)s, %(cost)s)
"""


def of_practice(db: DbSession, practice_id: UUID) -> PracticeEngines | None:
    """What the practice chose; None if it never did."""
    return db.get(PracticeEngines, practice_id)


def hold(db: DbSession, practice_id: UUID) -> PracticeEngines:
    """The practice's row, made if it is missing, held to the end of the transaction."""
    db.execute(insert(PracticeEngines).values(practice_id=practice_id).on_conflict_do_nothing())
    query = select(PracticeEngines).where(PracticeEngines.practice_id == practice_id).with_for_update()
    return db.scalars(query.execution_options(populate_existing=True)).one()


def note_usage(db: DbSession, practice_id: UUID, session_id: UUID, usages: Iterable[Usage]) -> None:
    """What the session's transcript took, in place of what was noted before."""
    session, practice = str(session_id), str(practice_id)
    at_the_end(db, _FORGET_USAGE, {"session": session})
    for usage in usages:
        values = {
            "session": session,
            "practice": practice,
            "engine": usage.engine,
            "calls": usage.calls,
            "seconds": usage.audio_seconds,
            "cost": usage.cost_usd,
        }
        at_the_end(db, _USAGE, values)
