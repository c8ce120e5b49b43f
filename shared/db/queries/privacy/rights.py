"""What patients asked of their records."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.rights import RightsRequest
from shared.domain.rights import RequestKind, RequestStatus


def of_patient(db: DbSession, patient_id: UUID) -> Sequence[RightsRequest]:
    """Everything that the patient asked for, oldest first."""
    found = select(RightsRequest).where(RightsRequest.patient_id == patient_id)
    return db.scalars(found.order_by(RightsRequest.created_at, RightsRequest.id)).all()


def get(db: DbSession, patient_id: UUID, request_id: UUID) -> RightsRequest | None:
    """One request of the patient, locked."""
    found = select(RightsRequest).where(
        RightsRequest.id == request_id, RightsRequest.patient_id == patient_id
    )
    return db.scalar(found.with_for_update())


def that_notes_show(db: DbSession, patient_id: UUID, session_id: UUID) -> Sequence[RightsRequest]:
    """What goes with the notes of a session: amendments of it, and restrictions that were agreed to."""
    amends = (RightsRequest.kind == RequestKind.AMENDMENT, RightsRequest.session_id == session_id)
    restricts = (
        RightsRequest.kind == RequestKind.RESTRICTION,
        RightsRequest.status == RequestStatus.FULFILLED,
    )
    here = or_(RightsRequest.session_id.is_(None), RightsRequest.session_id == session_id)
    found = select(RightsRequest).where(
        RightsRequest.patient_id == patient_id,
        or_(amends[0] & amends[1], restricts[0] & restricts[1] & here),
    )
    return db.scalars(found.order_by(RightsRequest.created_at, RightsRequest.id)).all()
