"""The session page: transcript, notes with their evidence, risk, and the player."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import render_template

from shared.domain.errors import NotFound
from shared.domain.status import FINAL, Status
from shared.domain.transcripts import continuing
from shared.domain.transcripts.replaced_words import Offer
from shared.services import patients
from shared.services.access import supervision
from shared.services.access.caller import Caller, Scope
from shared.services.access.supervision import Standing
from shared.services.alerts import risk_alerts
from shared.services.alerts.risk_alerts import AlertRecord
from shared.services.consents import evidence
from shared.services.consents.evidence import Passage
from shared.services.notes import reading as notes
from shared.services.notes import templates
from shared.services.notes.reading import Notes
from shared.services.patients import PatientRecord
from shared.services.resources import Resources
from shared.services.sessions import reading as sessions
from shared.services.sessions.reading import Record
from shared.services.transcripts import off_record, vocabulary
from shared.services.uploads import joining
from web.access import caller, resources, signed_in
from web.keys import KEYS
from web.pages import Pages
from web.sessions.notes_view import NotesView, unsupported, view_of
from web.sessions.transcript_view import Row, rows_of

blueprint = Pages("session", __name__)

MOST_ALERTS = 100


@dataclass(frozen=True, slots=True, repr=False)
class SessionView:
    """Everything of a session that its page shows; what does not exist yet is None or empty."""

    record: Record
    patient: PatientRecord
    alerts: Sequence[AlertRecord]
    notes: Notes | None
    notes_view: NotesView | None
    left_out: list[tuple[str, str]]
    rows: list[Row]
    offers: Sequence[Offer]
    supervision: Standing
    consent_heard: list[Passage]
    may_join: bool

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen by itself."""
        return Status(self.record.row.status) in FINAL

    @property
    def is_noted(self) -> bool:
        """Whether the notes are of all recordings: else they cannot be signed."""
        made_at = self.notes.head.created_at if self.notes else None
        return made_at is not None and joining.are_of_all(self.record.row, self.record.further, made_at)

    @property
    def is_closed(self) -> bool:
        """Whether the recording is never to be heard: something off the record is in it for good."""
        return off_record.is_closed(self.record.row)

    @property
    def off_the_record(self) -> str:
        """What was taken off the record, for the waveform: ``12.5-15.25 40-42``."""
        quality = self.record.transcript["quality"] if self.record.transcript else {}
        spans = quality.get("off_the_record", [])
        return " ".join(f"{span['start']:g}-{span['end']:g}" for span in spans)

    @property
    def open_alerts(self) -> list[AlertRecord]:
        """The alerts that are not acknowledged."""
        return [alert for alert in self.alerts if alert.acknowledged_at is None]


@blueprint.get("/sessions/<id:session_id>")
@signed_in(Scope.SESSIONS_READ)
def page(session_id: UUID) -> str:
    """One of the caller's sessions."""
    return render_template("sessions/session.html", **known(session_id))


def known(session_id: UUID) -> dict[str, Any]:
    """What the templates of a session know."""
    return {
        "view": view(resources(), caller(), session_id),
        "all_keys": KEYS,
        "seam": continuing.SEAM,
        "templates": [stored.template for stored in templates.listed(resources(), caller())],
    }


def view(resources: Resources, caller: Caller, session_id: UUID) -> SessionView:
    """All of one of the caller's sessions; raises NotFound."""
    record = sessions.get(resources, caller, session_id, with_notes=False)
    patient = patients.get(resources, caller, record.row.patient_id)
    may_read_notes = Scope.NOTES_READ in caller.scopes
    alerts = (
        risk_alerts.page(resources, caller, limit=MOST_ALERTS, open_only=False, session_id=session_id).items
        if may_read_notes
        else []
    )
    found = _notes(resources, caller, session_id) if may_read_notes else None
    segments = record.transcript["segments"] if record.transcript else []
    shown = view_of(found.document, [segment["speaker"] for segment in segments]) if found else None
    return SessionView(
        record,
        patient,
        alerts,
        found,
        shown,
        unsupported(found.document) if found else [],
        rows_of(record.transcript, shown.items_by_segment if shown else {}) if record.transcript else [],
        _offers(resources, caller, record),
        supervision.standing(resources, caller, session_id),
        evidence.beside(resources, caller, session_id, patient.id, record.transcript),
        Scope.SESSIONS_WRITE in caller.scopes and joining.is_possible(resources, caller, session_id),
    )


def _offers(resources: Resources, caller: Caller, record: Record) -> Sequence[Offer]:
    """Where words of the session were corrected, what the therapist's corrections suggest."""
    segments = record.transcript["segments"] if record.transcript else ()
    if Scope.SESSIONS_WRITE not in caller.scopes or not any("corrected" in one for one in segments):
        return ()
    return vocabulary.get(resources, caller).offers


def _notes(resources: Resources, caller: Caller, session_id: UUID) -> Notes | None:
    try:
        return notes.read(resources, caller, session_id)
    except NotFound:
        return None
