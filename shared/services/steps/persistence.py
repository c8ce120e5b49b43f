"""Persistence: the draft's evidence is verified and the notes become a version of the record."""

from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.records import notes
from shared.db.queries.work import outbox, outputs
from shared.db.queries.work.outputs import Product
from shared.db.queries.work.step_claims import Lease
from shared.db.tables.records import NotesVersion
from shared.domain.errors import PermanentStepError
from shared.domain.notes.drafts import checked
from shared.domain.notes.record import Kind
from shared.domain.notes.templates import rendered
from shared.domain.notes.values import Notes
from shared.domain.webhooks import EventType
from shared.pipeline import PERSIST
from shared.services.alerts import risk_alerts
from shared.services.jobs import leases
from shared.services.jobs.heartbeat import Heartbeat
from shared.services.jobs.worker_context import Workbench
from shared.services.notes import templates
from shared.services.steps.speech_plan import forget_speech, session_row
from shared.services.transcripts import reading as transcripts


def persist(bench: Workbench, session_id: UUID, lease: Lease | None = None) -> bool:
    """Run the step, if it can be claimed (or is, by ``lease``); True once the notes are published."""

    def work(held: Lease, _: Heartbeat) -> None:
        _publish(bench, held, _verified(bench, held))
        forget_speech(bench, held.subject)  # if the first try, after transcribing, failed

    ended = leases.run(bench, session_id, PERSIST, work, lease)
    return ended or leases.is_done(bench, session_id, PERSIST)


def _verified(bench: Workbench, lease: Lease) -> Notes:
    """The draft and the screen's risk flags, each item checked against the transcript."""
    session = lease.subject
    with bench.resources.database.transaction(lease.practice_id) as db:
        stored = outputs.several(db, lease.session_id, Product.DRAFT, *transcripts.WORDS)
        draft, words = stored[Product.DRAFT].get(0), transcripts.stored_in(stored)
        row = session_row(db, lease)
        form = templates.named(bench.resources.vault, db, row.template)
    if draft is None or words.transcript is None:
        raise PermanentStepError(
            "The draft of the notes is gone. Extract the notes again: `sessionscribe extract-notes ID`.",
            "draft_gone",
        )
    vault = bench.resources.vault
    heard = transcripts.heard(vault, session, words)
    drafted = Notes.of(vault.open(session, outputs.kind(Product.DRAFT), draft))
    screening = bench.screen_risk(heard)
    checked_notes = checked(
        drafted,
        heard,
        screening.flags,
        readers=screening.readers,
        alert_severity=bench.resources.settings.risk_alert_severity,
    )
    return rendered(checked_notes, form, heard)


def _publish(bench: Workbench, lease: Lease, made: Notes) -> None:
    vault = bench.resources.vault
    session = lease.subject
    document = made.document
    beyond_the_screen = risk_alerts.unalerted(bench.resources, session, made.flags)
    alert = risk_alerts.alert_for(bench.resources, session, beyond_the_screen)

    def save(db: DbSession) -> None:
        # Drawn and sealed here, where the session is held: an edit that came meanwhile has its own number.
        version = notes.next_version(db, lease.session_id)
        before = notes.current(db, lease.session_id)
        kind = _kind_after(db, before)
        notes.add(
            db,
            lease.practice_id,
            lease.session_id,
            version=version,
            body=vault.seal(lease.subject, notes.kind(version), document),
            engine=document["engine"],
            template=document["template"],
            kind=kind,
            based_on=before.version if before else None,
        )
        if kind is Kind.EXTRACTION:
            outbox.enqueue(db, lease.practice_id, EventType.NOTES_PROPOSED, lease.session_id, version=version)
        outputs.discard(db, lease.session_id, Product.DRAFT)
        risk_alerts.raise_alert(db, session, alert)

    leases.finish(bench.resources.database, lease, save)


def _kind_after(db: DbSession, before: NotesVersion | None) -> Kind:
    """An engine replaces what an engine wrote; what a person wrote or signed it is only offered beside."""
    if before is None:
        return Kind.DRAFT
    by_a_person = before.kind is Kind.EDIT or notes.signed_version(db, before.session_id) is not None
    return Kind.EXTRACTION if by_a_person else Kind.DRAFT
