"""Legal holds as a bound on every removal: what is held stays, for every caller and every rule."""

from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.privacy import holds
from shared.db.queries.records import patients
from shared.db.tables.core import TherapySession
from shared.domain.errors import Conflict
from shared.services.access import ownership
from shared.services.access.caller import Caller

ON_HOLD = "on_hold"


def require_none(db: DbSession, patient_id: UUID, session_id: UUID | None = None) -> None:
    """Raise Conflict where the patient is on hold, or this session of theirs.

    Locks the patient's row, with others, until the transaction ends: no hold is placed meanwhile. As
    everywhere, the patient's row is locked before any session's.
    """
    patients.keep(db, patient_id)
    if holds.is_held(db, patient_id, session_id):
        raise held()


def own_with_patient(db: DbSession, caller: Caller, session_id: UUID) -> TherapySession:
    """The caller's session, locked after its patient: no hold is placed meanwhile. Raises NotFound."""
    patients.keep(db, ownership.own(db, caller, session_id).patient_id)
    return ownership.own(db, caller, session_id, hold=True)


def own_to_remove_from(db: DbSession, caller: Caller, session_id: UUID) -> TherapySession:
    """The caller's session, locked, from which something may go for good; raises NotFound or Conflict."""
    row = own_with_patient(db, caller, session_id)
    require_none(db, row.patient_id, session_id)
    return row


def held() -> Conflict:
    """The answer for what is on hold."""
    return Conflict(
        "A legal hold keeps this as it is: nothing of it is deleted or overwritten. An administrator sees "
        "why with `sessionscribe holds list`; when it may go, two administrators lift the hold.",
        ON_HOLD,
    )
