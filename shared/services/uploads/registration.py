"""Promising to work on a recording that is stored: one transaction, however it came in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session as DbSession

from shared.db.queries.records import sessions
from shared.db.queries.work import outputs, steps
from shared.db.queries.work.outputs import Product
from shared.db.tables.core import TherapySession
from shared.domain.status import Status
from shared.domain.transcripts.off_record import Ranges
from shared.domain.values import MediaFacts
from shared.pipeline import REDACT, TRANSCRIBE
from shared.services import idempotency
from shared.services.access import consent, ownership
from shared.services.access.caller import Caller
from shared.services.engines import engine_choice
from shared.services.notes import templates
from shared.services.resources import Resources
from shared.services.sessions import digests, references
from shared.services.uploads import joining, quotas
from shared.vault.sealing import Subject

FILE_NAME = "session.audio_filename"
VOCABULARY = "session.vocabulary"


@dataclass(frozen=True, slots=True)
class UploadDetails:
    """What came with a recording. ``file_name`` and ``declared_type`` are the client's words."""

    patient_id: UUID
    session_date: datetime
    file_name: str
    declared_type: str | None
    speakers: int = 2
    language: str | None = None
    template: str | None = None  # None: the one that the practice usually uses
    vocabulary: tuple[str, ...] = ()
    transcriber: str | None = None
    off_the_record: Ranges = ()
    external_id: str | None = None  # the client's own reference
    joins: UUID | None = None  # the session that the recording continues


@dataclass(frozen=True, slots=True)
class Received:
    """A recording that is stored: its size in bytes, its hash in hex, what the decoder says of it."""

    size: int
    sha256: str
    facts: MediaFacts


def promise(
    resources: Resources,
    caller: Caller,
    session: Subject,
    received: Received,
    details: UploadDetails,
    also: Callable[[DbSession], None] = lambda _: None,
) -> None:
    """Insert the session with its steps; ``also`` is done in the same transaction, before all else.

    A recording that joins a session is registered there instead. Raises NotFound, Conflict and LimitReached
    if patient, consent or quota forbid it by now.
    """
    if details.joins is not None:
        size, sha256 = received.size, received.sha256
        joining.register(resources, caller, details.joins, session, size, sha256, received.facts, also)
        return
    row = _row_of(resources, caller, session, received, details)
    with resources.database.transaction(caller.practice_id) as db:
        also(db)
        row.template = templates.chosen(db, caller.practice_id, details.template)
        # Held until the commit: consent that is revoked meanwhile comes before or after, never between.
        consent.require(db, caller, details.patient_id, hold=True)
        engine_choice.check_consent(resources, db, details.patient_id, details.transcriber)
        sessions.add(db, row)
        steps.insert_chain(db, caller.practice_id, session.id, received.facts.declared_seconds)
        if details.off_the_record:
            row.off_record_due = True
            sealed = resources.vault.seal(session, outputs.kind(Product.OFF_RECORD), details.off_the_record)
            outputs.put(db, caller.practice_id, session.id, Product.OFF_RECORD, sealed)
            steps.put_first(db, caller.practice_id, session.id, REDACT, TRANSCRIBE)
        ownership.audit(db, caller, "session.upload", session.id)
        idempotency.complete(resources, db, caller, session.id, 202, received.sha256)
        quotas.charge(resources, db, row, received.facts)


def _row_of(
    resources: Resources, caller: Caller, session: Subject, received: Received, details: UploadDetails
) -> TherapySession:
    vault, reference = resources.vault, details.external_id
    return TherapySession(
        id=session.id,
        practice_id=caller.practice_id,
        therapist_id=caller.therapist_id,
        patient_id=details.patient_id,
        session_date=details.session_date,
        status=Status.PENDING,
        audio_filename=vault.seal(session, FILE_NAME, details.file_name),
        audio_family=received.facts.family,
        audio_bytes=received.size,
        audio_digest=digests.seal(vault, session, received.sha256),
        external_id=references.sealed(vault, session, reference) if reference else None,
        external_id_hash=references.digest(vault, session.practice_id, reference) if reference else None,
        speakers=details.speakers,
        language=details.language,
        transcriber=details.transcriber,
        vocabulary=vault.seal(session, VOCABULARY, details.vocabulary) if details.vocabulary else None,
        request_id=caller.request_id,
        dispatch_after=func.now() + timedelta(seconds=sessions.HINT_GRACE_SECONDS),
    )
