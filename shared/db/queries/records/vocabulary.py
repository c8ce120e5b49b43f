"""A therapist's own words in the database, and the corrections that they are learned from."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as DbSession

from shared.db.queries.work.outputs import Product
from shared.db.tables.core import Output, TherapySession
from shared.db.tables.engines import TherapistWords
from shared.db.tables.privacy.consent import Part2Flag
from shared.vault.sealing import Sealed


def of_therapist(db: DbSession, therapist_id: UUID) -> TherapistWords | None:
    """The therapist's row; None if they never had a word."""
    return db.get(TherapistWords, therapist_id)


def hold(db: DbSession, practice_id: UUID, therapist_id: UUID) -> TherapistWords:
    """The therapist's row, made if it is missing, locked to the end of the transaction."""
    row = insert(TherapistWords).values(therapist_id=therapist_id, practice_id=practice_id)
    db.execute(row.on_conflict_do_nothing())
    query = select(TherapistWords).where(TherapistWords.therapist_id == therapist_id).with_for_update()
    return db.scalars(query.execution_options(populate_existing=True)).one()


def latest_corrections(db: DbSession, therapist_id: UUID, limit: int) -> Sequence[tuple[UUID, Sealed]]:
    """The sealed corrections of the therapist's sessions, the latest first.

    Without those that 42 CFR Part 2 protects: a word that is learned goes along with recordings of others.
    """
    flagged = select(Part2Flag.subject_id).where(
        Part2Flag.patient_id == TherapySession.patient_id,
        Part2Flag.subject_id.in_([TherapySession.id, TherapySession.patient_id]),
    )
    query = (
        select(Output.session_id, Output.body)
        .join(TherapySession, TherapySession.id == Output.session_id)
        .where(TherapySession.therapist_id == therapist_id, Output.name == Product.CORRECTIONS)
        .where(~flagged.exists())
        .order_by(Output.created_at.desc())
        .limit(limit)
    )
    return [(session_id, body) for session_id, body in db.execute(query)]
