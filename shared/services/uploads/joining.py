"""Further recordings: an interrupted session is continued, in one recording, one transcript, one clock.

An accepted recording waits under an id and a key of its own. The step that rewrites the stored recording
joins it, before all else; then the session is transcribed from there on and its notes are made anew.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.privacy import deletions
from shared.db.queries.privacy.deletions import Remains
from shared.db.queries.records import further_recordings, notes, sessions
from shared.db.queries.work import outputs, steps
from shared.db.queries.work.outputs import Product
from shared.db.tables.core import TherapySession
from shared.db.tables.uploads import FurtherRecording
from shared.domain.errors import Conflict, InvalidInput, NotFound
from shared.domain.status import UNFINISHED, Status
from shared.domain.values import MediaFacts
from shared.pipeline import REDACT, TRANSCRIBE
from shared.services import idempotency
from shared.services.access import consent, legal_hold, ownership
from shared.services.access.caller import Caller
from shared.services.lifecycle.cancellation import LAST_WRITE_SECONDS
from shared.services.resources import Resources
from shared.services.uploads import joined_late, quotas
from shared.vault.sealing import Subject

MOST = 20  # a recorder that breaks more often than that wants another recorder


def require(resources: Resources, caller: Caller, session_id: UUID) -> TherapySession:
    """The caller's session, if a recording may join it; raises NotFound and Conflict."""
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own(db, caller, session_id)
        consent.require(db, caller, row.patient_id)
        _check(db, row)
        return row


def is_possible(resources: Resources, caller: Caller, session_id: UUID) -> bool:
    """Whether a recording may join the caller's session now, or as soon as the work on it ends."""
    try:
        require(resources, caller, session_id)
    except (NotFound, Conflict):
        return False
    return True


def register(
    resources: Resources,
    caller: Caller,
    session_id: UUID,
    recording: Subject,
    size: int,
    sha256: str,
    facts: MediaFacts,
    also: Callable[[DbSession], None],
) -> None:
    """Have a stored recording join the caller's session; ``also`` is done in the same transaction, first.

    Raises NotFound, Conflict, InvalidInput and LimitReached if session, consent, length or quota forbid it.
    """
    with resources.database.transaction(caller.practice_id) as db:
        also(db)
        row = ownership.own_to_work_on(db, caller, session_id)
        legal_hold.require_none(db, row.patient_id, session_id)
        _check(db, row)
        _check_length(row, facts, resources.settings.max_recording_seconds)
        further_recordings.add(db, row.practice_id, session_id, recording.id, size)
        _begin_again(db, row)
        row.request_id = caller.request_id
        ownership.audit(db, caller, "session.join", session_id)
        idempotency.complete(resources, db, caller, session_id, 202, sha256)
        quotas.charge(resources, db, row, facts, size)


def accepted(db: DbSession, caller: Caller, recording_id: UUID) -> tuple[UUID, int] | None:
    """Of an upload of the caller's that was accepted: its session, and its bytes."""
    if joined := further_recordings.of_therapist(db, caller.therapist_id, recording_id):
        return joined.session_id, joined.bytes
    session = sessions.of_therapist(db, caller.therapist_id, recording_id)
    return (session.id, session.audio_bytes) if session else None


def give_up(resources: Resources, caller: Caller, recording_id: UUID) -> bool:
    """Remove a further recording that could not be joined, and let its session go on without it.

    A cancelled session goes nowhere. False if there is no such recording. Raises Conflict where it is joined,
    or being joined.
    """
    with resources.database.transaction(caller.practice_id) as db:
        found = further_recordings.of_therapist(db, caller.therapist_id, recording_id)
    if found is None:
        return False
    # A worker may have joined it and died: what is in the recording is not given up.
    joined_late.note(resources, Subject(caller.practice_id, found.session_id), LAST_WRITE_SECONDS)
    with resources.database.transaction(caller.practice_id) as db:
        row = legal_hold.own_to_remove_from(db, caller, found.session_id)
        goes_on = take_back(db, caller, row, recording_id)
        order_erasure(db, row.practice_id, recording_id)
        ownership.audit(db, caller, "session.unjoin", row.id)
    if goes_on:
        resources.queue.publish_step(row.id, REDACT)
    return True


def take_back(db: DbSession, caller: Caller, row: TherapySession, recording_id: UUID) -> bool:
    """Have a session that the transaction holds go on without a recording that waits; whether it goes on.

    Key and object of the recording stay. Raises Conflict where it is joined, or being joined.
    """
    is_over = row.status in (Status.FAILED, Status.CANCELLED)
    if not is_over or recording_id not in further_recordings.waiting(db, row.id):
        raise Conflict(
            "The recording is joined, or is being joined. Only one that cannot be joined is taken back.",
            "joined",
        )
    further_recordings.remove(db, recording_id)
    goes_on = row.status == Status.FAILED
    if goes_on:
        _begin_again(db, row)
    row.request_id = caller.request_id
    return goes_on


def order_erasure(db: DbSession, practice_id: UUID, recording_id: UUID) -> None:
    """Have the dispatcher remove the key and the object that a further recording had of its own."""
    remains = Remains(recording_id, practice_id, whole=True)
    deletions.schedule(db, remains, due_seconds=0, last_seconds=LAST_WRITE_SECONDS)


def are_of_all(row: TherapySession, further: Sequence[FurtherRecording], made_at: datetime) -> bool:
    """Whether notes made then are of all recordings, or of all that there will be any notes of.

    Nothing works on a cancelled session any more. In a processed one, older notes are an edit, and new ones
    are offered beside it.
    """
    if not further or row.status == Status.CANCELLED:
        return True
    if row.status in UNFINISHED:
        return False
    heard = [one.transcribed_at for one in further if one.transcribed_at is not None]
    return len(heard) == len(further) and (row.status != Status.FAILED or max(heard) <= made_at)


def require_noted(db: DbSession, row: TherapySession, made_at: datetime) -> None:
    """Raise Conflict while notes of the session, made then, lack what a further recording says."""
    if are_of_all(row, further_recordings.of_sessions(db, [row.id]).get(row.id, ()), made_at):
        return
    require_none_behind(db, row)
    raise Conflict(
        "The notes of the whole session are not there yet. Sign them when they are; if the session has "
        "failed, retry it, or edit the notes yourself.",
        "being_joined",
    )


def require_none_behind(db: DbSession, row: TherapySession) -> None:
    """Raise Conflict while the transcript lacks what a further recording says."""
    if further_recordings.is_transcript_behind(db, row.id):
        raise Conflict(
            "A further recording of this session is not transcribed yet. Wait for it; if the session has "
            "failed, retry it, or give the recording up.",
            "being_joined",
        )


def _check(db: DbSession, row: TherapySession) -> None:
    if row.status == Status.CANCELLED:
        raise Conflict(
            "The session is cancelled, nothing works on it any more. Upload the recording as a session of "
            "its own.",
            "cancelled",
        )
    if notes.signed_version(db, row.id) is not None:
        raise Conflict(
            "The session has signed notes, which are not changed. Upload the recording as a session of its "
            "own.",
            "notes_signed",
        )
    if row.audio_removed_at is not None or row.transcript_removed_at is not None:
        raise Conflict(
            "The session's recording or transcript was removed when its time was over. Upload the recording "
            "as a session of its own.",
            "audio_removed",
        )
    if len(further_recordings.of_sessions(db, [row.id]).get(row.id, ())) >= MOST:
        raise Conflict(
            f"A session has at most {MOST} further recordings. Upload this one as a session of its own.",
            "too_many_recordings",
        )


def _check_length(row: TherapySession, facts: MediaFacts, most: float) -> None:
    if (row.duration_seconds or 0.0) + (facts.declared_seconds or 0.0) > most:
        raise InvalidInput(
            f"With this recording the session would be longer than {most / 3600:g} hours, the limit. Upload "
            "it as a session of its own.",
            "joined_too_long",
        )


def _begin_again(db: DbSession, row: TherapySession) -> None:
    """Rewrite the recording first, then go on; workers on the session lose their leases.

    Transcript and notes of before stay until there are new ones, with all that people said of them.
    """
    session_id = row.id
    sessions.move(db, session_id, Status.PENDING)
    outputs.discard(db, session_id, Product.PLAN, Product.CHUNK, Product.DRAFT)
    # A run that was under way may yet write what it decoded: that goes too.
    remains = Remains(session_id, row.practice_id, whole=False)
    deletions.schedule(db, remains, due_seconds=LAST_WRITE_SECONDS, last_seconds=LAST_WRITE_SECONDS)
    steps.put_first(db, row.practice_id, session_id, REDACT, TRANSCRIBE)
    sessions.dispatch_in(db, session_id, sessions.HINT_GRACE_SECONDS)
