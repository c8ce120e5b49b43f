"""Extraction: from the transcript to a draft of the notes."""

from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.people import api_keys
from shared.db.queries.privacy import consents
from shared.db.queries.records import patients, sessions
from shared.db.queries.work import outputs, steps
from shared.db.queries.work.outputs import Product
from shared.db.queries.work.step_claims import Lease
from shared.db.tables.core import TherapySession
from shared.domain.errors import PermanentStepError, RetryableStepError
from shared.domain.status import StepState
from shared.domain.template_forms import DEFAULT
from shared.domain.values import ExtractionRequest, JsonObject
from shared.pipeline import EXTRACT_NOTES, PERSIST
from shared.schemas.notes import NotesSchema
from shared.services.consents.history import NAME as PARTICIPANT_NAME
from shared.services.engines import engine_choice, sending_away, usage_metrics
from shared.services.jobs import leases
from shared.services.jobs.heartbeat import Heartbeat
from shared.services.jobs.worker_context import Workbench
from shared.services.notes import templates
from shared.services.patients import NAME as PATIENT_NAME
from shared.services.resources import Resources
from shared.services.transcripts import reading as transcripts
from shared.vault.sealing import Subject


def extract_notes(bench: Workbench, session_id: UUID, lease: Lease | None = None) -> bool:
    """Run the step, if it can be claimed (or is, by ``lease``); True once the draft is there."""
    ended = leases.run(
        bench,
        session_id,
        EXTRACT_NOTES,
        lambda held, heartbeat: _save(bench, held, _draft(bench, held, heartbeat)),
        lease,
    )
    return ended or leases.is_done(bench, session_id, EXTRACT_NOTES)


def _draft(bench: Workbench, lease: Lease, heartbeat: Heartbeat) -> JsonObject:
    resources = bench.resources
    session = lease.subject
    with resources.database.transaction(lease.practice_id) as db:
        words = transcripts.sealed(db, lease.session_id)
        row = sessions.get(db, lease.session_id)
        if row is not None:
            engine_choice.require_notes_may_be_drafted(resources, db, row)
        if words.transcript is not None:
            settings = resources.settings
            what = sending_away.DEIDENTIFIED if settings.deidentify else sending_away.TRANSCRIPT
            sending_away.note(resources, db, lease, settings.extractor, what)
        form = templates.named(resources.vault, db, row.template if row else DEFAULT)
        names = _known_names(resources, db, row) if row else ()
    if words.transcript is None or row is None:
        raise PermanentStepError(
            "The transcript is gone. Restore the database from a backup.", "transcript_gone"
        )
    request = ExtractionRequest(
        row.template, row.session_date.date().isoformat(), form.open_parts, known_names=names
    )
    transcript = transcripts.heard(resources.vault, session, words)
    notes = heartbeat.unless_lost(lambda: bench.extractor.extract(transcript, request))
    if NotesSchema().validate(notes):  # its messages could quote the notes, so they are not told
        raise RetryableStepError(
            "The engine's notes were not in the agreed form. Choose another model, then retry the session.",
            "notes_malformed",
        )
    return notes


def _known_names(resources: Resources, db: DbSession, row: TherapySession) -> tuple[str, ...]:
    """The names of the patient, the therapist and all who take or took part, if they must not leave."""
    settings = resources.settings
    if not (settings.deidentify and settings.sends_away(settings.extractor)):
        return ()
    patient = patients.of_therapist(db, row.therapist_id, row.patient_id)
    therapist = api_keys.therapist(db, row.practice_id, row.therapist_id)
    subject, open_ = Subject(row.practice_id, row.patient_id), resources.vault.open
    names = [open_(subject, PATIENT_NAME, patient.name)] if patient else []
    names += [open_(subject, PARTICIPANT_NAME, one.name) for one in consents.participants(db, row.patient_id)]
    return (*names, *([therapist.name] if therapist else []))


def _save(bench: Workbench, lease: Lease, notes: JsonObject) -> None:
    session = lease.subject
    sealed = bench.resources.vault.seal(session, outputs.kind(Product.DRAFT), notes)

    def save(db: DbSession) -> None:
        outputs.put(db, lease.practice_id, lease.session_id, Product.DRAFT, sealed)
        steps.make_ready(db, lease.session_id, PERSIST, from_state=StepState.WAITING)
        sessions.dispatch_in(db, lease.session_id, sessions.HINT_GRACE_SECONDS)
        usage_metrics.count_notes(db, lease.session_id, notes)

    leases.finish(bench.resources.database, lease, save)
