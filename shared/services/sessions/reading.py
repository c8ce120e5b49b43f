"""Sessions as their therapist sees them: read, listed, extracted again, retried."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.records import further_recordings, overview
from shared.db.queries.records import notes as note_rows
from shared.db.queries.records import sessions as rows
from shared.db.queries.records.overview import SessionFilter
from shared.db.queries.work import outputs, progress, steps
from shared.db.queries.work.outputs import Product
from shared.db.queries.work.progress import Progress
from shared.db.tables.core import TherapySession
from shared.db.tables.uploads import FurtherRecording
from shared.domain.consent import ConsentScope
from shared.domain.disclosures import act_of
from shared.domain.errors import Conflict, InvalidInput, NotFound
from shared.domain.status import FINAL, Status
from shared.domain.values import JsonObject
from shared.pipeline import EXTRACT_NOTES, TRANSCRIBE
from shared.services import idempotency, paging
from shared.services.access import consent, ownership
from shared.services.access.caller import Caller, Scope
from shared.services.jobs import dispatching
from shared.services.notes import reading as notes
from shared.services.notes import templates
from shared.services.notes.rows import Found, find
from shared.services.paging import Page, Position
from shared.services.resources import Resources
from shared.services.sessions import digests, references
from shared.services.transcripts import reading as transcripts
from shared.services.transcripts.off_record import require_redacted
from shared.services.uploads import joining
from shared.services.uploads.registration import FILE_NAME
from shared.storage.recordings import SPEECH_GONE
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Subject


@dataclass(frozen=True, slots=True, repr=False)
class Record:
    """One session: its row, how far it is, its file's name and hash, and what was made of it.

    ``transcript`` is a document of ``shared.domain.transcripts.serialization``, ``notes`` one of
    ``NotesSchema``; both None in lists, before they exist, and (the notes) for keys without ``notes:read``.
    """

    row: TherapySession
    progress: Progress
    file_name: str | None
    sha256: str | None
    external_id: str | None = None
    transcript: JsonObject | None = None
    notes: JsonObject | None = None
    further: Sequence[FurtherRecording] = ()
    has_waveform: bool = False


def get(resources: Resources, caller: Caller, session_id: UUID, *, with_notes: bool = True) -> Record:
    """Everything of one of the caller's sessions; raises NotFound. The notes may be left out."""
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own(db, caller, session_id)
        stored = transcripts.sealed(db, session_id)
        version = _notes(db, caller, session_id) if with_notes else None
        found = progress.of_sessions(db, [session_id])
        further = further_recordings.of_sessions(db, [session_id])
        drawn = outputs.exists(db, session_id, Product.WAVEFORM)
        ownership.audit(db, caller, "session.read", session_id)
    heard, _ = transcripts.shown(resources, row, stored)
    return Record(
        row,
        _progress(row, found),
        *_facts(resources, row),
        heard,
        notes.opened(resources, version).document if version else None,
        further.get(session_id, ()),
        drawn,
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sessions a list is to hold; see ``overview.SessionFilter``. None: any."""

    patient_id: UUID | None = None
    status: Status | None = None
    date_from: datetime | None = None
    date_before: datetime | None = None
    updated_since: datetime | None = None
    external_id: str | None = None
    is_open: bool = False

    @property
    def listing(self) -> str:
        """Names the list by its filters: a cursor leads on in the list that it came from."""
        given = [str(value or "") for value in astuple(self)[2:]]
        return ":".join(["sessions", str(self.patient_id or ""), str(self.status or ""), *given])

    def filter(self, resources: Resources, caller: Caller) -> SessionFilter:
        """As the database is asked."""
        found = None
        if self.external_id is not None:
            found = references.digests(resources.vault, caller.practice_id, self.external_id)
        times = self.date_from, self.date_before, self.updated_since
        return SessionFilter(self.patient_id, self.status, *times, found, self.is_open)


def page(
    resources: Resources, caller: Caller, wanted: Wanted, *, limit: int, after: Position | None = None
) -> Page[Record]:
    """The caller's sessions, newest ``session_date`` first; InvalidInput for a bad ``limit``.

    ``after`` comes from a cursor of ``wanted.listing``.
    """
    paging.check_limit(limit)
    filters = wanted.filter(resources, caller)
    with resources.database.transaction(caller.practice_id) as db:
        found = overview.page(db, caller.therapist_id, filters, limit=limit + 1, before=after)
        shown = found[:limit]
        far = progress.of_sessions(db, [row.id for row in shown])
        ownership.audit(db, caller, "session.list", wanted.patient_id)
    more = len(found) > limit
    last = (shown[-1].session_date, shown[-1].id) if more else None
    cursor = paging.cursor_after(last, wanted.listing) if last else None
    found_records = [_in_a_list(resources, row, far) for row in shown]
    return Page([record for record in found_records if record is not None], cursor)


def status_of(resources: Resources, caller: Caller, session_id: UUID) -> Status:
    """Where the caller's session stands; raises NotFound. Not audited: it tells no content."""
    with resources.database.transaction(caller.practice_id) as db:
        return Status(ownership.own(db, caller, session_id).status)


def transcript(resources: Resources, caller: Caller, session_id: UUID, code: str | None = None) -> JsonObject:
    """The session's transcript document; raises NotFound if there is none. ``code``: of an export."""
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own(db, caller, session_id)
        stored = transcripts.sealed(db, session_id)
        ownership.audit(db, caller, act_of("transcript", code), session_id, code)
    document, _ = transcripts.shown(resources, row, stored)
    if document is None:
        raise NotFound(
            "The session has no transcript: it is not made yet, or its time is over.", "no_transcript_yet"
        )
    return document


def extract_again(
    resources: Resources,
    caller: Caller,
    session_id: UUID,
    template: str | None = None,
    *,
    urgent: bool = False,
) -> None:
    """Have notes made again from the stored transcript, as a new version; ``urgent``: the caller waits.

    Raises NotFound, InvalidInput (no transcript, no such template) or Conflict (work is under way,
    cancelled, or consent to that is missing).
    """
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own_to_work_on(db, caller, session_id)
        consent.require(db, caller, row.patient_id, ConsentScope.AI_NOTES)
        joining.require_none_behind(db, row)
        require_redacted(db, row)
        if outputs.get(db, session_id, Product.TRANSCRIPT) is None:
            raise InvalidInput(
                "The session has no transcript to extract notes from. Wait until it is transcribed.",
                "no_transcript",
            )
        if row.status == Status.FAILED:
            rows.move(db, session_id, Status.PENDING)
        elif row.status != Status.PROCESSED:
            raise Conflict(f"The session is {row.status}: notes are extracted once that has ended.", "busy")
        rows.move(db, session_id, Status.EXTRACTING_NOTES)
        if template is not None:
            templates.require(db, template)
            row.template = template
        row.request_id = caller.request_id
        outputs.discard(db, session_id, Product.DRAFT)
        steps.begin_again(db, session_id, EXTRACT_NOTES, urgent=urgent)
        rows.dispatch_in(db, session_id, rows.HINT_GRACE_SECONDS)
        ownership.audit(db, caller, "session.extract_notes", session_id)
        idempotency.complete(resources, db, caller, session_id, 202)
    resources.queue.publish(session_id, EXTRACT_NOTES, urgent=urgent)


def retry(resources: Resources, caller: Caller, session_id: UUID) -> None:
    """Let a failed session go on from the step that failed; raises NotFound or Conflict."""
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own_to_work_on(db, caller, session_id)
        if row.status != Status.FAILED:
            raise Conflict(f"The session is {row.status}; only a failed one is retried.", "not_failed")
        failed_with = row.error_code
        rows.move(db, session_id, Status.PENDING)
        row.request_id = caller.request_id
        if failed_with == SPEECH_GONE:
            outputs.discard(db, session_id, Product.PLAN, Product.WAVEFORM, Product.CHUNK)
            steps.begin_again(db, session_id, TRANSCRIBE)
        else:
            steps.revive(db, session_id)
        rows.dispatch_in(db, session_id, rows.HINT_GRACE_SECONDS)
        ready = rows.ready_work(db, session_id)
        ownership.audit(db, caller, "session.retry", session_id)
    dispatching.publish_ready(resources.queue, session_id, ready)


def _notes(db: DbSession, caller: Caller, session_id: UUID) -> Found | None:
    if Scope.NOTES_READ not in caller.scopes or note_rows.current(db, session_id) is None:
        return None
    return find(db, caller, session_id)


def is_final(status: Status) -> bool:
    """Whether nothing more will happen to a session by itself."""
    return status in FINAL


def _progress(row: TherapySession, found: dict[UUID, Progress]) -> Progress:
    if row.status in FINAL:
        share = found.get(row.id, progress.NONE_YET).share
        return Progress(1.0 if row.status == Status.PROCESSED else share)
    return found.get(row.id, progress.NONE_YET)


def _in_a_list(resources: Resources, row: TherapySession, found: dict[UUID, Progress]) -> Record | None:
    try:
        return Record(row, _progress(row, found), *_facts(resources, row))
    except NotFound:  # deleted since the list was read
        return None


def _facts(resources: Resources, row: TherapySession) -> tuple[str | None, str | None, str | None]:
    """The file's name, the recording's hash and the client's reference; None where the key is destroyed: one
    lost key hides no other session."""
    session = Subject(row.practice_id, row.id)
    try:
        name = str(ownership.opened(resources, session, FILE_NAME, row.audio_filename))
        reference = None
        if row.external_id is not None:
            reference = references.opened(resources.vault, session, row.external_id)
        return name, digests.opened(resources.vault, row), reference
    except KeyDestroyed:
        return None, None, None
