"""How each kind of removal is done again after a restore; each action says whether it had come back."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries import webhooks
from shared.db.queries.privacy import deletions, patient_deletions, rights
from shared.db.queries.privacy import holds as hold_rows
from shared.db.queries.privacy import removals as rows
from shared.db.queries.records import further_recordings, patients, sessions, uploads
from shared.db.tables.core import TherapySession
from shared.domain.consent import ConsentScope
from shared.domain.removals import Entry, Removal
from shared.domain.retention import RetentionKind
from shared.domain.status import UNFINISHED, Status
from shared.domain.transcripts.off_record import before_end
from shared.services.lifecycle import cancellation
from shared.services.resources import Resources
from shared.services.retention import holds, sweep
from shared.services.rights import requests
from shared.services.steps.join_list import GAP_SECONDS
from shared.services.transcripts import off_record
from shared.services.uploads import joining
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Sealed, Subject

ACTOR = "restore"
_NEVER = datetime.min.replace(tzinfo=UTC)


def _session(_: Resources, db: DbSession, entry: Entry) -> bool:
    row = sessions.get(db, entry.subject_id)
    if row is None:
        return False
    deletions.leave_tombstone(db, row, {}, ACTOR)
    for recording_id in further_recordings.remove_waiting(db, row.id):
        joining.order_erasure(db, row.practice_id, recording_id)
    deletions.remove_rows(db, row.id)
    return True


def _session_cancelled(_: Resources, db: DbSession, entry: Entry) -> bool:
    row = sessions.get(db, entry.subject_id)
    if row is None or row.status not in UNFINISHED:
        return False
    cancellation.stop(db, row)
    return True


def _patient(_: Resources, db: DbSession, entry: Entry) -> bool:
    if not rows.delete_patient(db, entry.subject_id):
        return False
    patient_deletions.forget_patient(db, entry.subject_id)
    gone = [one.session_id for one in patient_deletions.tombstones(db, entry.subject_id)]
    patient_deletions.forget_messages(db, gone)
    uploads.expire_of(db, entry.subject_id)
    return True


def _consent(_: Resources, db: DbSession, entry: Entry) -> bool:
    if not rows.withdraw_consent(db, entry.subject_id, entry.at):
        return False
    _stop_work(db, entry.subject_id)
    return True


def _stop_work(db: DbSession, patient_id: UUID) -> None:
    for row in sessions.hold_unfinished_of(db, patient_id):
        cancellation.stop(db, row, "consent_revoked")
    uploads.expire_of(db, patient_id)


def _scope(scope: ConsentScope) -> Callable[[Resources, DbSession, Entry], bool]:
    def withdraw(_: Resources, db: DbSession, entry: Entry) -> bool:
        patient_id = rows.withdraw_scope(db, entry.subject_id, scope, entry.at)
        if patient_id is not None and scope is ConsentScope.RECORDING:
            _stop_work(db, patient_id)
        return patient_id is not None

    return withdraw


def _webhook(_: Resources, db: DbSession, entry: Entry) -> bool:
    if webhooks.get(db, entry.practice_id, entry.subject_id, hold=True) is None:
        return False
    webhooks.remove(db, entry.subject_id)
    return True


def _part(kind: RetentionKind, column: str) -> Callable[[Resources, DbSession, Entry], bool]:
    """Has a rule of retention remove again what it removed of a session."""

    def act(_: Resources, db: DbSession, entry: Entry) -> bool:
        row = db.get(TherapySession, entry.subject_id, with_for_update=True)
        if row is None or (getattr(row, column) or _NEVER) >= entry.at:
            return False
        sweep.remove(db, row, kind)
        return True

    return act


def _hold(resources: Resources, db: DbSession, entry: Entry) -> bool:
    patient = Subject(entry.practice_id, entry.subject_id)
    if entry.sealed is None or patients.to_put_on_hold(db, patient.id) is None:
        return False
    try:
        placed = resources.vault.open(patient, holds.KIND, Sealed(entry.sealed))
    except KeyDestroyed:
        return False  # nothing of the patient can be read
    return holds.place_again(db, patient, placed, Sealed(entry.sealed), entry.at)


def _hold_lifted(_: Resources, db: DbSession, entry: Entry) -> bool:
    row = hold_rows.get(db, entry.subject_id, lock=True)
    if row is None or row.lifted_at is not None:
        return False
    hold_rows.lift(db, row.id, None, entry.at)
    return True


def _restriction(resources: Resources, db: DbSession, entry: Entry) -> bool:
    patient = Subject(entry.practice_id, entry.subject_id)
    if entry.sealed is None or patients.to_put_on_hold(db, patient.id) is None:
        return False
    try:
        return requests.agree_again(resources.vault, db, patient, Sealed(entry.sealed), entry.at)
    except KeyDestroyed:
        return False  # nothing of the patient can be read


def _restriction_ended(_: Resources, db: DbSession, entry: Entry) -> bool:
    return rights.end_restriction(db, entry.subject_id, entry.at)


def _off_record(resources: Resources, db: DbSession, entry: Entry) -> bool:
    row = db.get(TherapySession, entry.subject_id, with_for_update=True)
    if row is None or entry.sealed is None:
        return False
    session = Subject(entry.practice_id, entry.subject_id)
    try:
        ranges = off_record.opened_ranges(resources.vault, session, Sealed(entry.sealed))
    except KeyDestroyed:
        return False  # nothing of the session can be read
    joined_since = [
        one.begins_at
        for one in further_recordings.of_sessions(db, [row.id]).get(row.id, ())
        if one.begins_at is not None and one.accepted_at > entry.at
    ]
    if joined_since:  # a range may end behind the recording as it was then
        ranges = before_end(ranges, min(joined_since) - GAP_SECONDS)
    if off_record.are_out(resources.vault, db, row, ranges):
        return False
    cancelled = row.status == Status.CANCELLED
    off_record.take_out(resources.vault, db, row, ranges)
    if cancelled:
        off_record.keep_closed(db, row)
    return True


ACTIONS: Mapping[Removal, Callable[[Resources, DbSession, Entry], bool]] = {
    Removal.SESSION: _session,
    Removal.SESSION_CANCELLED: _session_cancelled,
    Removal.PATIENT: _patient,
    Removal.CONSENT_WITHDRAWN: _consent,
    Removal.RECORDING_WITHDRAWN: _scope(ConsentScope.RECORDING),
    Removal.AI_NOTES_WITHDRAWN: _scope(ConsentScope.AI_NOTES),
    Removal.SENDING_AWAY_WITHDRAWN: _scope(ConsentScope.SENDING_AWAY),
    Removal.PART2_WITHDRAWN: _scope(ConsentScope.PART2),
    Removal.PART2_FLAGGED: lambda _, db, entry: rows.flag_part2(db, entry.subject_id),
    Removal.PROCESS_NOTES: lambda _, db, entry: rows.remove_process_notes(db, entry.subject_id, entry.at),
    Removal.KEY: lambda _, db, entry: rows.revoke_key(db, entry.subject_id),
    Removal.PASSPHRASE: lambda _, db, entry: rows.remove_login(db, entry.subject_id, entry.at),
    Removal.PASSKEY: lambda _, db, entry: rows.remove_passkey(db, entry.subject_id),
    Removal.SECOND_FACTOR: lambda _, db, entry: rows.remove_second_factor(db, entry.subject_id, entry.at),
    Removal.PERSON_DISABLED: lambda _, db, entry: rows.disable_person(db, entry.subject_id, entry.at),
    Removal.WEBHOOK: _webhook,
    Removal.AWAY_FORBIDDEN: lambda _, db, entry: rows.forbid_away(db, entry.practice_id),
    Removal.OFF_RECORD: _off_record,
    Removal.RECORDING: _part(RetentionKind.RECORDING, "audio_removed_at"),
    Removal.TRANSCRIPT: _part(RetentionKind.TRANSCRIPT, "transcript_removed_at"),
    Removal.DRAFTS: _part(RetentionKind.DRAFTS, "drafts_removed_at"),
    Removal.HOLD: _hold,
    Removal.HOLD_LIFTED: _hold_lifted,
    Removal.RESTRICTION: _restriction,
    Removal.RESTRICTION_ENDED: _restriction_ended,
}
