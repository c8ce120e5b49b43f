"""What is sent to engines on computers of others, as the audit trail says it: disclosures to a processor."""

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.privacy import audit, disclosures
from shared.db.queries.work.step_claims import Lease
from shared.domain.disclosures import SENT_TO_ENGINE, Giving
from shared.services.resources import Resources

AUDIO, TRANSCRIPT = "audio", "transcript"
DEIDENTIFIED = "transcript_without_found_identifiers"


def note(resources: Resources, db: DbSession, lease: Lease, engine: str, what: str) -> None:
    """Note, before it happens, that ``what`` of the session goes to ``engine``; nothing if that runs here.

    A recording goes in many calls: they are one line.
    """
    if not resources.settings.sends_away(engine):
        return
    code = Giving(what, engine).code
    if what == AUDIO and disclosures.was_noted(db, lease.session_id, SENT_TO_ENGINE, code):
        return
    audit.record(
        db,
        practice_id=lease.practice_id,
        actor=f"worker:{lease.worker}",
        action=SENT_TO_ENGINE,
        subject_id=lease.session_id,
        request_id=lease.request_id,
        code=code,
    )
