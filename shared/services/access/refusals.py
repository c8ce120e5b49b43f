"""Refused calls in the audit trail: failed keys, missing rights, and records that are not the caller's."""

from dataclasses import dataclass
from uuid import UUID

from shared.db.queries.privacy import audit
from shared.db.tables.core import ApiKey
from shared.services.access.caller import Caller
from shared.services.resources import Resources

_UNKNOWN = "unknown"  # how the trail names a caller without good credentials


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused call. ``key``: what was presented instead of good credentials, where it is known."""

    action: str
    code: str
    subject_id: UUID | None
    request_id: str
    address: str
    key: ApiKey | None = None


def record(resources: Resources, caller: Caller | None, refusal: Refusal) -> None:
    """Write it to the trail of the practice that the credentials belong to, else to the operator's.

    Raises Unavailable or DatabaseError.
    """
    key = refusal.key
    practice_id = caller.practice_id if caller else key.practice_id if key else None
    database = resources.database
    with database.transaction(practice_id) if practice_id else database.operating() as db:
        audit.record(
            db,
            practice_id=practice_id,
            actor=caller.actor if caller else _UNKNOWN,
            action=refusal.action,
            subject_id=refusal.subject_id,
            request_id=refusal.request_id,
            code=refusal.code,
            key_id=caller.key_id if caller else key.id if key else None,
            address=refusal.address,
        )
