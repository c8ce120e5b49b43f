"""What the receipt of a patient's deletion says: what is gone, what is left and why, and who had got what."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.queries.privacy import disclosures, holds, retention
from shared.db.queries.privacy import patient_deletions as rows
from shared.db.tables.privacy.retention import PatientDeletion
from shared.domain.disclosures import read_code
from shared.domain.receipts import PATIENT_DELETION
from shared.domain.values import JsonObject
from shared.services.audit_trail import wording
from shared.services.lifecycle import deletion
from shared.services.resources import Resources


def make(resources: Resources, db: DbSession, found: PatientDeletion) -> JsonObject:
    """The receipt of a patient's deletion as of now, not signed yet."""
    tombs = rows.tombstones(db, found.patient_id)
    left = _left(db, found)
    now = clock.now(db)
    done = all(one.erased_at for one in tombs) and rows.is_deleted(db, found.patient_id)
    return {
        "type": PATIENT_DELETION,
        "version": 1,
        "practice_id": str(found.practice_id),
        "patient_id": str(found.patient_id),
        "requested_by": found.requested_by,
        "requested_at": _told(found.requested_at),
        "issued_at": _told(now),
        "complete": bool(done and not left),
        "sessions": [
            {
                "session_id": str(one.session_id),
                "removed": one.removed,
                "signed": one.signed,
                "requested_at": _told(one.requested_at),
                "erased_at": _told(one.erased_at),
            }
            for one in tombs
        ],
        "left": left,
        "shared_with": found.shared_with,
        "given_out": _given_out(db, found),
        "kept": _kept(db, found),
        "backups": _backups(resources, tombs[-1].requested_at if tombs else found.requested_at),
        "trail": "Lines with ids, times and codes stay in the audit trail; they hold no content.",
    }


def _left(db: DbSession, found: PatientDeletion) -> list[JsonObject]:
    """The sessions that stay, and why."""
    held = holds.held_sessions(db, found.patient_id)
    left: list[JsonObject] = []
    for session_id in rows.sessions_left(db, found.patient_id):
        end = retention.minimum_end(db, found.practice_id, session_id)
        why = "on_hold" if held & {None, session_id} else "minimum_not_over" if end else "not_deleted"
        until = end.date().isoformat() if end and why != "on_hold" and end.year < deletion.FOREVER else None
        left.append({"session_id": str(session_id), "why": why, "until": until})
    return left


def _given_out(db: DbSession, found: PatientDeletion) -> list[JsonObject]:
    """Exports as the trail has them, and disclosures that people recorded; names in these were sealed."""
    exports = [
        {
            "what": wording.what_left(one.action, given := read_code(one.code)),
            "recipient": given.recipient,
            "purpose": given.purpose,
            "count": one.count,
            "last_at": _told(one.last_at),
        }
        for one in rows.given_out(db, found.practice_id, found.patient_id)
    ]
    recorded = [
        {
            "what": "a disclosure that a person recorded",
            "recipient": None,
            "purpose": one.purpose,
            "count": 1,
            "last_at": _told(one.disclosed_at),
        }
        for one in disclosures.recorded(db, found.practice_id, found.patient_id)
    ]
    return exports + recorded


def _kept(db: DbSession, found: PatientDeletion) -> JsonObject:
    """Rows that stay as proof of what was consented to, asked for, given out, held and seen."""
    if not rows.is_deleted(db, found.patient_id):
        return {"rows": {}, "says": "The patient stays, because sessions do, with all that is said of them."}
    return {
        "rows": rows.count_kept(db, found.patient_id),
        "says": "Ids, kinds and times stay as proof. Names and words in them were under the patient's key, "
        "and they cannot be read.",
    }


def _backups(resources: Resources, since: datetime) -> JsonObject:
    kept = resources.settings.backups_kept_days
    until = None if kept is None else _told(since + timedelta(days=kept))
    return {
        "may_hold_it_until": until,
        "says": "Backups made before hold it encrypted, and backups of the keys hold the keys, until they "
        "are removed. A restore deletes it again.",
    }


def _told(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
