"""The history of consent: adding to it, reading it, and who of all participants lacks a scope."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.privacy.consent import ConsentEvidence, ConsentRow, Part2Flag, Participant
from shared.domain.consent import ConsentScope, ConsentState

# The patient (whose participant_id is NULL) and all who take part now, each with where their consent stands.
_STATES = text(
    """
    SELECT person.id, CASE WHEN newest.event IS NULL THEN 'none'
        WHEN newest.event = 'withdrawn' THEN 'withdrawn'
        WHEN newest.expires_at <= now() THEN 'expired' ELSE 'in_force' END
    FROM (SELECT NULL::uuid AS id
          UNION ALL SELECT id FROM participants WHERE patient_id = :patient AND left_at IS NULL) AS person
    LEFT JOIN LATERAL (
        SELECT event, expires_at FROM consents
        WHERE patient_id = :patient AND participant_id IS NOT DISTINCT FROM person.id AND scope = :scope
        ORDER BY number DESC LIMIT 1
    ) AS newest ON true
    """
)


def states(db: DbSession, patient_id: UUID, scope: ConsentScope) -> dict[UUID | None, ConsentState]:
    """Where the consent of everybody who takes part stands; None is the patient."""
    found = db.execute(_STATES, {"patient": patient_id, "scope": scope.value})
    return {person: ConsentState(state) for person, state in found}


def add(db: DbSession, rows: Sequence[ConsentRow]) -> None:
    """Add rows to the history, in this order."""
    for row in rows:
        db.add(row)
        db.flush()


def history(db: DbSession, patient_id: UUID) -> Sequence[ConsentRow]:
    """Everything that was said, oldest first."""
    found = select(ConsentRow).where(ConsentRow.patient_id == patient_id).order_by(ConsentRow.number)
    return db.scalars(found).all()


def evidence(db: DbSession, patient_id: UUID) -> Sequence[ConsentEvidence]:
    """Where the patient and others were heard to consent, oldest first."""
    found = select(ConsentEvidence).where(ConsentEvidence.patient_id == patient_id)
    return db.scalars(found.order_by(ConsentEvidence.attached_at, ConsentEvidence.id)).all()


def participants(db: DbSession, patient_id: UUID) -> Sequence[Participant]:
    """Everybody who takes or took part beside the patient, in the order in which they came."""
    found = select(Participant).where(Participant.patient_id == patient_id)
    return db.scalars(found.order_by(Participant.created_at, Participant.id)).all()


def participant(db: DbSession, patient_id: UUID, participant_id: UUID) -> Participant | None:
    """One who takes part now."""
    return db.scalar(
        select(Participant).where(
            Participant.id == participant_id,
            Participant.patient_id == patient_id,
            Participant.left_at.is_(None),
        )
    )


def leave(db: DbSession, participant_id: UUID) -> None:
    """From now on they no longer take part; what they consented to stays in the history."""
    db.execute(update(Participant).where(Participant.id == participant_id).values(left_at=func.now()))


def flag_part2(db: DbSession, practice_id: UUID, patient_id: UUID, subject_id: UUID, by: UUID) -> None:
    """Flag a patient or a session; does nothing where that is so."""
    values = {"practice_id": practice_id, "patient_id": patient_id, "subject_id": subject_id}
    db.execute(insert(Part2Flag).values(**values, flagged_by=by).on_conflict_do_nothing())


def unflag_part2(db: DbSession, patient_id: UUID, subject_id: UUID) -> None:
    """Take the flag away."""
    own = Part2Flag.patient_id == patient_id, Part2Flag.subject_id == subject_id
    db.execute(delete(Part2Flag).where(*own))


def is_part2(db: DbSession, patient_id: UUID, session_id: UUID | None = None) -> bool:
    """Whether the patient is flagged, or this session of theirs."""
    subjects = [one for one in (patient_id, session_id) if one is not None]
    found = select(Part2Flag.subject_id).where(
        Part2Flag.patient_id == patient_id, Part2Flag.subject_id.in_(subjects)
    )
    return db.scalar(found.limit(1)) is not None
