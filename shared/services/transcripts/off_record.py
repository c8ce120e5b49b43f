"""Off the record: ranges of a recording that a therapist takes out of it, and of all that it became.

In one transaction the words are gone from everything that can be read, and the step is due that
takes the sound out of the stored recording; until it is done the recording cannot be played. Notes are
derived again; what was derived before goes, because it may quote or retell what was said.
"""

from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.privacy import deletions
from shared.db.queries.privacy.deletions import Remains
from shared.db.queries.records import alerts, further_recordings, notes, sessions
from shared.db.queries.work import outputs, steps
from shared.db.queries.work.outputs import Product
from shared.db.tables.alerts import RiskAlert
from shared.db.tables.core import TherapySession
from shared.domain.errors import Conflict, InvalidInput
from shared.domain.status import Status
from shared.domain.transcripts.off_record import MOST_RANGES, Ranges, beyond, merged, overlaps, without
from shared.pipeline import EXTRACT_NOTES, REDACT, TRANSCRIBE
from shared.services import idempotency
from shared.services.access import legal_hold, ownership
from shared.services.access.caller import Caller
from shared.services.lifecycle.cancellation import LAST_WRITE_SECONDS
from shared.services.resources import Resources
from shared.services.transcripts import corrections, waveform
from shared.vault.sealing import Sealed, Subject, Vault


def opened_ranges(vault: Vault, session: Subject, sealed: Sealed | None) -> Ranges:
    """What of the session is off the record; nothing where nothing is stored."""
    if sealed is None:
        return ()
    stored = vault.open(session, outputs.kind(Product.OFF_RECORD), sealed)
    return merged((start, end) for start, end in stored)


def cut(
    resources: Resources, caller: Caller, session_id: UUID, ranges: Ranges, *, keep_signed_notes: bool = False
) -> None:
    """Take ``ranges`` out of the caller's session, in addition to those taken out before.

    Raises NotFound; InvalidInput for a range beyond the recording's end or for too many; Conflict for
    a cancelled session, one on hold, and for one with signed notes unless these are to stay as they are.
    """
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own_to_work_on(db, caller, session_id)
        legal_hold.require_none(db, row.patient_id, session_id)
        _check(db, row, ranges, keep_signed_notes)
        is_new = row.off_record_due or not are_out(resources.vault, db, row, ranges)
        if is_new:  # else notes would be thrown away, and the recording rewritten, for nothing
            take_out(resources.vault, db, row, ranges)
            row.request_id = caller.request_id
        ownership.audit(db, caller, "session.off_the_record", session_id)
        idempotency.complete(resources, db, caller, session_id, 202)
    if is_new:
        resources.queue.publish_step(session_id, REDACT)


def take_out(vault: Vault, db: DbSession, row: TherapySession, ranges: Ranges) -> None:
    """Take ``ranges`` out of a session that the transaction holds, with all that was made of them.

    Raises InvalidInput for too many ranges.
    """
    session = Subject(row.practice_id, row.id)
    before = opened_ranges(vault, session, outputs.get(db, row.id, Product.OFF_RECORD))
    all_ranges = merged((*before, *ranges))
    if len(all_ranges) > MOST_RANGES:
        raise InvalidInput(f"A session has at most {MOST_RANGES} ranges off the record.", "too_many_ranges")
    sealed = vault.seal(session, outputs.kind(Product.OFF_RECORD), all_ranges)
    outputs.replace(db, row.practice_id, row.id, Product.OFF_RECORD, sealed)
    is_cut = _cut_transcript(vault, db, session, all_ranges, before)
    if is_cut:  # else it is made again from what is left
        waveform.silence(db, vault, session, ranges)
    else:
        outputs.discard(db, row.id, Product.WAVEFORM)
    added = beyond(all_ranges, before)
    row.off_record_due = row.off_record_due or bool(added)
    _forget_derived(vault, db, session, added)
    _begin_again(db, row, is_cut and not further_recordings.is_transcript_behind(db, row.id))


def are_out(vault: Vault, db: DbSession, row: TherapySession, ranges: Ranges) -> bool:
    """Whether ``ranges`` are off the record already."""
    before = opened_ranges(
        vault, Subject(row.practice_id, row.id), outputs.get(db, row.id, Product.OFF_RECORD)
    )
    return merged((*before, *ranges)) == before


def keep_closed(db: DbSession, row: TherapySession) -> None:
    """Stop all work on a cancelled session with ranges taken out, and keep its recording closed."""
    steps.stop(db, row.id, "cancelled")


def _check(db: DbSession, row: TherapySession, ranges: Ranges, keep_signed_notes: bool) -> None:
    if row.status == Status.CANCELLED:
        raise Conflict(
            "The session is cancelled, nothing works on it any more. Delete it to remove what was said.",
            "cancelled",
        )
    if not keep_signed_notes and notes.signed_version(db, row.id) is not None:
        raise Conflict(
            "The session has signed notes, which are not changed. Say `keep_signed_notes` to leave them as "
            "they are, and add what is to be said about them as an addendum.",
            "notes_signed",
        )
    if row.duration_seconds is not None and any(start >= row.duration_seconds for start, _ in ranges):
        raise InvalidInput(
            f"The recording has {row.duration_seconds:.1f} s; each range must begin before its end.",
            "beyond_the_recording",
        )


def _cut_transcript(vault: Vault, db: DbSession, session: Subject, ranges: Ranges, before: Ranges) -> bool:
    """Put the transcript without ``ranges`` in the place of the stored one, which is without ``before``;
    False if there is none."""
    sealed = outputs.get(db, session.id, Product.TRANSCRIPT)
    if sealed is None:
        return False
    kind = outputs.kind(Product.TRANSCRIPT)
    rest = without(vault.open(session, kind, sealed), ranges, before)
    replaced = vault.seal(session, kind, rest)
    outputs.replace(db, session.practice_id, session.id, Product.TRANSCRIPT, replaced)
    corrections.cut(db, vault, session, beyond(ranges, before))
    return True


def _forget_derived(vault: Vault, db: DbSession, session: Subject, ranges: Ranges) -> None:
    """Remove what was made from the words: drafts, notes, and alerts that quote them."""
    outputs.discard(db, session.id, Product.DRAFT, Product.UNSAVED_EDIT)
    notes.discard_unsigned(db, session.id)
    for alert in alerts.of_session(db, session.id):
        _cut_alert(vault, db, session, alert, ranges)


def _cut_alert(vault: Vault, db: DbSession, session: Subject, alert: RiskAlert, ranges: Ranges) -> None:
    """Leave of an alert what is on the record, with its answer; remove it if that is nothing."""
    kind = alerts.findings_kind(alert.id)
    rest = []
    for finding in vault.open(session, kind, alert.findings):
        kept = [p for p in finding["evidence"] if not overlaps(p["start"], p["end"], ranges)]
        rest += [{**finding, "evidence": kept}] if kept else []
    if not rest:
        db.delete(alert)
        return
    alert.findings = vault.seal(session, kind, rest)
    alert.count = len(rest)


def _begin_again(db: DbSession, row: TherapySession, transcribed: bool) -> None:
    """Redact first, then do the open steps again; workers on the session lose their leases."""
    if row.status == Status.FAILED:
        sessions.move(db, row.id, Status.PENDING)
    if transcribed:
        sessions.move(db, row.id, Status.EXTRACTING_NOTES)
    else:
        outputs.discard(db, row.id, Product.PLAN, Product.CHUNK)
        # A run that was under way may yet write what it decoded: that goes too.
        deletions.schedule(
            db,
            Remains(row.id, row.practice_id, whole=False),
            due_seconds=LAST_WRITE_SECONDS,
            last_seconds=LAST_WRITE_SECONDS,
        )
    steps.put_first(db, row.practice_id, row.id, REDACT, EXTRACT_NOTES if transcribed else TRANSCRIBE)
    sessions.dispatch_in(db, row.id, sessions.HINT_GRACE_SECONDS)


def require_redacted(db: DbSession, row: TherapySession) -> None:
    """Raise Conflict while something is taken out of the stored recording, or joined to it."""
    if not steps.redaction_is_due(db, row.id):
        return
    if is_closed(row):
        raise Conflict(
            "The session was cancelled before what was said off the record was taken out of its recording. "
            "The recording stays closed. Delete the session to remove it.",
            "not_redacted",
        )
    if row.off_record_due:
        raise Conflict(
            "What was said off the record is being taken out of the recording. Ask again a little later.",
            "being_redacted",
        )
    if row.status != Status.CANCELLED:
        raise Conflict(
            "A further recording is being joined to this one. Ask again a little later.", "being_joined"
        )


def is_closed(row: TherapySession) -> bool:
    """Whether the recording has what was said off the record, and nothing will take it out any more."""
    return row.off_record_due and row.status == Status.CANCELLED
