"""What a supervisor hears and reads of a therapist's session, and the page on which it is opened."""

from uuid import UUID

from flask import render_template
from werkzeug.wrappers import Response as Redirect

from shared.domain.errors import NotFound
from shared.services.access import supervision
from shared.services.access.caller import Caller, Scope
from shared.services.notes import reading as notes
from shared.services.notes.reading import Notes
from shared.services.resources import Resources
from shared.services.sessions import overview
from shared.services.sessions import reading as sessions
from web import form_values
from web.access import caller, resources, signed_in
from web.keys import KEYS
from web.pages import Pages
from web.sessions.notes_view import view_of
from web.sessions.transcript_view import rows_of

blueprint = Pages("supervision_pages", __name__)

_NOT_HERE = ("edit", "alerts")  # keys for what a supervisor does not do
_STANDING = "/sessions/<id:session_id>/supervision"


@blueprint.get("/supervision")
@signed_in(Scope.SESSIONS_READ)
def page() -> str:
    """What is open to the caller, and what the caller opened."""
    return render_template("supervision/list.html", found=supervision.listed(resources(), caller()))


@blueprint.get(_STANDING)
@signed_in(Scope.SESSIONS_READ, Scope.SESSIONS_WRITE)
def standing(session_id: UUID) -> str:
    """Whether the caller's supervisor may hear and read the session."""
    found = supervision.standing(resources(), caller(), session_id)
    return render_template("supervision/standing.html", session_id=session_id, standing=found)


@blueprint.post(_STANDING)
@signed_in(Scope.SESSIONS_WRITE)
def change(session_id: UUID) -> Redirect:
    """Open the session to the supervisor, or close it."""
    do = form_values.choice("do", "The answer", ("grant", "revoke"))
    act = supervision.grant if do == "grant" else supervision.revoke
    act(resources(), caller(), session_id)
    return form_values.back(f"/sessions/{session_id}/supervision")


@blueprint.get("/supervision/sessions/<id:session_id>")
@signed_in(Scope.SESSIONS_READ, Scope.NOTES_READ)
def read(session_id: UUID) -> str:
    """A session that is open to the caller: to be heard and read."""
    narrow, who = supervision.reading(resources(), caller(), session_id)
    record = sessions.get(narrow, who, session_id, with_notes=False)
    found = _notes(narrow, who, session_id)
    segments = record.transcript["segments"] if record.transcript else []
    shown = view_of(found.document, [one["speaker"] for one in segments]) if found else None
    return render_template(
        "supervision/session.html",
        row=record.row,
        has_waveform=record.has_waveform,
        patient=overview.names(narrow, who, {record.row.patient_id}).get(record.row.patient_id, "A patient"),
        notes=found,
        notes_view=shown,
        language=record.transcript.get("language") if record.transcript else None,
        rows=rows_of(record.transcript, shown.items_by_segment if shown else {}) if record.transcript else [],
        all_keys=[key for key in KEYS if key.action not in _NOT_HERE],
    )


def _notes(narrow: Resources, who: Caller, session_id: UUID) -> Notes | None:
    try:
        return notes.read(narrow, who, session_id)
    except NotFound:
        return None
