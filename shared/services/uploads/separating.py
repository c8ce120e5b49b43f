"""A further recording that cannot be joined, made a session of its own: what was accepted is not lost.

Key and object have the recording's id already; it becomes the session's.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.privacy import consents, holds
from shared.db.queries.records import further_recordings
from shared.db.tables.core import TherapySession
from shared.domain.status import Status
from shared.pipeline import REDACT
from shared.services.access import legal_hold, ownership
from shared.services.access.caller import Caller
from shared.services.lifecycle.cancellation import LAST_WRITE_SECONDS
from shared.services.resources import Resources
from shared.services.sessions import digests
from shared.services.uploads import accepting, joined_late, joining
from shared.services.uploads.registration import VOCABULARY, Received, UploadDetails, promise
from shared.storage.recordings import RECORDING
from shared.vault.sealing import Subject


def separate(
    resources: Resources,
    caller: Caller,
    recording_id: UUID,
    admit: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> bool:
    """Make a session of a further recording that waits in a failed or cancelled session.

    It has what was said of the other: patient, date, speakers, language, words, engine, template, and whether
    it is a record under 42 CFR Part 2. That one goes on without it if it has failed. False if the caller has
    no such recording. Raises Conflict where it is joined, being joined or on hold, and what consent and quota
    forbid.
    """
    with resources.database.transaction(caller.practice_id) as db:
        found = further_recordings.of_therapist(db, caller.therapist_id, recording_id)
        if found is None:
            return False
        row = ownership.own(db, caller, found.session_id)
    joined_late.note(resources, Subject(caller.practice_id, row.id), LAST_WRITE_SECONDS)
    recording = Subject(caller.practice_id, recording_id)
    with resources.recordings.open(recording, RECORDING) as source:
        received = Received(source.size, digests.of(source), resources.decoder.probe(source))
    details = _details_of(resources, row, received)
    with admit():
        promise(
            resources,
            caller,
            recording,
            received,
            details,
            lambda db: _take_out(db, caller, row.id, recording_id),
        )
    accepting.begin_work(resources, recording_id, received.size, details)
    if row.status == Status.FAILED:
        resources.queue.publish_step(row.id, REDACT)
    return True


def _take_out(db: DbSession, caller: Caller, session_id: UUID, recording_id: UUID) -> None:
    """Within the transaction that promises the new session."""
    row = legal_hold.own_with_patient(db, caller, session_id)
    if row.id in holds.held_sessions(db, row.patient_id):
        raise legal_hold.held()  # a session of its own would be outside that hold
    joining.take_back(db, caller, row, recording_id)
    if consents.is_part2(db, row.patient_id, row.id) and not consents.is_part2(db, row.patient_id):
        consents.flag_part2(db, row.practice_id, row.patient_id, recording_id, caller.therapist_id)
        ownership.audit(db, caller, "part2.flag", recording_id)
    ownership.audit(db, caller, "session.separate", row.id)


def _details_of(resources: Resources, row: TherapySession, received: Received) -> UploadDetails:
    session = Subject(row.practice_id, row.id)
    words = resources.vault.open(session, VOCABULARY, row.vocabulary) if row.vocabulary else ()
    return UploadDetails(
        patient_id=row.patient_id,
        session_date=row.session_date,
        file_name=f"recording.{received.facts.family}",
        declared_type=None,
        speakers=row.speakers,
        language=row.language,
        template=row.template,
        vocabulary=tuple(words),
        transcriber=row.transcriber,
    )
