"""Whose session it is: every call begins with it, and leaves its line in the audit trail."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.privacy import audit as trail
from shared.db.queries.records import sessions as rows
from shared.db.tables.core import TherapySession
from shared.domain.errors import NotFound
from shared.services.access import consent
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Sealed, Subject


def own(db: DbSession, caller: Caller, session_id: UUID, *, hold: bool = False) -> TherapySession:
    """The caller's session; raises NotFound. With ``hold`` its row is locked."""
    row = rows.of_therapist(db, caller.therapist_id, session_id, hold=hold)
    if row is None:
        raise no_such_session()
    return row


def own_to_work_on(db: DbSession, caller: Caller, session_id: UUID) -> TherapySession:
    """As ``own`` with ``hold``, of a patient who consents; raises NotFound or Conflict.

    The patient's row is locked before the session's, in the same order as a revocation of consent does.
    """
    consent.require(db, caller, own(db, caller, session_id).patient_id, hold=True)
    return own(db, caller, session_id, hold=True)


def hold(db: DbSession, session_id: UUID) -> None:
    """Keep others from changing the session, or adding to its notes, until the transaction ends."""
    if rows.hold(db, session_id) is None:
        raise no_such_session()


def no_such_session() -> NotFound:
    """The answer for a session that is not there, and for one of another person."""
    return NotFound("There is no such session.", "session_not_found")


def require_there(resources: Resources, session: Subject) -> None:
    """Raise NotFound if the session is no more: why its key or its recording could not be read."""
    with resources.database.transaction(session.practice_id) as db:
        if rows.get(db, session.id) is None:
            raise no_such_session()


def opened(resources: Resources, session: Subject, kind: str, sealed: Sealed) -> Any:
    """What was sealed; NotFound if the session was deleted since its row was read."""
    try:
        return resources.vault.open(session, kind, sealed)
    except KeyDestroyed:
        require_there(resources, session)
        raise


def audit(
    db: DbSession, caller: Caller, action: str, subject_id: UUID | None, code: str | None = None
) -> None:
    """Note what the caller does, in the transaction that does it; ``code`` says to which part."""
    trail.record(
        db,
        practice_id=caller.practice_id,
        actor=caller.actor,
        action=action,
        subject_id=subject_id,
        request_id=caller.request_id,
        code=code,
        key_id=caller.key_id,
        address=caller.address,
    )
