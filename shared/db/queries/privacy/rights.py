"""What patients asked of their records."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.privacy.rights import RightsRequest
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


def end_restriction(db: DbSession, request_id: UUID, at: datetime) -> bool:
    """Have a restriction hold no longer; False if it does not, or there is none."""
    agreed = RightsRequest.id == request_id, RightsRequest.status == RequestStatus.FULFILLED
    change = update(RightsRequest).where(*agreed).values(status=RequestStatus.ENDED, decided_at=at)
    return db.execute(change.returning(RightsRequest.id)).first() is not None


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
