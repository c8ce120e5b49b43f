"""Retention at work: what the rules let go is removed, some of it at each look.

Each session is looked at again in a transaction of its own, with its patient's row locked: a hold, an
exception or another rule that came meanwhile counts. What is removed is in the list of removals.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.orm import Session as DbSession

from shared.db.connection.engine import Database
from shared.db.queries.privacy import audit, deletions, retention
from shared.db.queries.privacy.deletions import Remains
from shared.db.queries.privacy.retention import Due
from shared.db.queries.records import alerts, further_recordings, notes, patients, process_notes, sessions
from shared.db.queries.work import outputs
from shared.db.tables.core import TherapySession
from shared.domain.errors import Unavailable
from shared.domain.retention import OF_SESSIONS, RetentionKind
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.lifecycle import deletion
from shared.services.lifecycle.cancellation import LAST_WRITE_SECONDS, OWN_ATTEMPT_SECONDS
from shared.services.resources import Resources
from shared.services.retention import trail
from shared.services.retention.trail import Due as TrailDue
from shared.services.uploads import joining
from shared.storage.recordings import Recordings
from shared.vault.keystore import KeyStore

log = structlog.get_logger(__name__)

ACTOR = "retention"
BATCH = 50  # of one rule at one look: the dispatcher has other work too
MOST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Preview:
    """What the rules let go within some days, and what is kept all the same."""

    due: list[Due]
    without_birth_year: dict[RetentionKind, int]
    is_cut: bool  # there is more than is shown
    trail: TrailDue | None = None


def preview(resources: Resources, caller: Caller, *, days: int) -> Preview:
    """What would go within ``days`` from now, the oldest of each kind first, with what keeps it."""
    with resources.database.transaction(caller.practice_id) as db:
        found, unknown = [], {}
        for rule in retention.rules(db, caller.practice_id):
            unknown[rule.kind] = retention.without_birth_year(db, rule)
            if rule.kind in OF_SESSIONS and rule.suspended_at is None:
                within = timedelta(days=days)
                found += retention.due(db, rule, within=within, limit=MOST_SHOWN + 1, blocked_too=True)
        of_trail = trail.preview(db, caller.practice_id, within=timedelta(days=days))
        ownership.audit(db, caller, "retention.preview", None)
    shown = sorted(found, key=lambda item: item.remove_at)[:MOST_SHOWN]
    unknown = {kind: count for kind, count in unknown.items() if count}
    return Preview(shown, unknown, len(found) > MOST_SHOWN, of_trail)


def run_due(database: Database, recordings: Recordings, keys: KeyStore) -> int:
    """Remove what is due, at most BATCH of each rule; gives how much. An outage waits for the next look."""
    with database.operating() as db:
        practices = retention.practices(db)
    return sum(_run_practice(database, recordings, keys, practice_id) for practice_id in practices)


def _run_practice(database: Database, recordings: Recordings, keys: KeyStore, practice_id: UUID) -> int:
    with database.transaction(practice_id) as db:
        found = [
            item
            for rule in retention.rules(db, practice_id)
            if rule.kind in OF_SESSIONS and rule.suspended_at is None
            for item in retention.due(db, rule, limit=BATCH)
        ]
    count = 0
    for item in found:
        remains = _remove(database, practice_id, item)
        if remains is None:
            continue
        count += 1
        try:
            if item.kind in (RetentionKind.RECORDING, RetentionKind.SESSION):
                deletion.erase(database, recordings, keys, remains)
        except Unavailable as error:
            log.warning("object_left_to_the_dispatcher", session_id=item.session_id, code=error.code)
    if count:
        log.info("retention_removed", count=count)
    return count


def _remove(database: Database, practice_id: UUID, item: Due) -> Remains | None:
    """Remove it, if it is still due; gives what is left to erase, or None if nothing was removed."""
    with database.transaction(practice_id) as db:
        patients.keep(db, item.patient_id)
        rule = retention.rule(db, practice_id, item.kind, lock=True)
        there = sessions.hold(db, item.session_id) is not None
        if rule is None or rule.suspended_at is not None or not there:
            return None
        if not retention.due(db, rule, session_id=item.session_id):
            return None
        row = sessions.get(db, item.session_id)
        if row is None:
            return None
        remove(db, row, item.kind)
        audit.record(
            db,
            practice_id=practice_id,
            actor=ACTOR,
            action="retention.removed",
            subject_id=item.session_id,
            code=item.kind.value,
        )
    return Remains(item.session_id, practice_id, whole=item.kind is RetentionKind.SESSION)


def remove(db: DbSession, row: TherapySession, kind: RetentionKind) -> None:
    """Remove what a session that the transaction holds has of this kind; objects go after it."""
    match kind:
        case RetentionKind.SESSION:
            deletion.remove(db, row, ACTOR)
        case RetentionKind.RECORDING:
            sessions.note_removed(db, row.id, "audio_removed_at")
            for recording_id in further_recordings.remove_waiting(db, row.id):  # of one that failed
                joining.order_erasure(db, row.practice_id, recording_id)
            further_recordings.remove_unheard(db, row.id)
            deletions.schedule(
                db,
                Remains(row.id, row.practice_id, whole=False),
                due_seconds=OWN_ATTEMPT_SECONDS,
                last_seconds=LAST_WRITE_SECONDS,
            )
        case RetentionKind.TRANSCRIPT:
            outputs.discard(db, row.id, *retention.WORDS)
            alerts.remove_answered(db, row.id)
            sessions.note_removed(db, row.id, "transcript_removed_at")
        case RetentionKind.DRAFTS:
            outputs.discard(db, row.id, *retention.UNSIGNED)
            notes.discard_unsigned(db, row.id)
            sessions.note_removed(db, row.id, "drafts_removed_at")
        case RetentionKind.PROCESS_NOTES:
            process_notes.remove(db, row.id)
