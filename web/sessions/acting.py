"""What is done with a session by the forms of its page."""

from uuid import UUID

from flask import render_template, request
from werkzeug.wrappers import Response

from shared.domain.disclosures import PURPOSES, RECIPIENTS
from shared.domain.errors import InvalidInput
from shared.services.access.caller import Scope
from shared.services.alerts import risk_alerts
from shared.services.consents import evidence
from shared.services.lifecycle import cancellation, deletion
from shared.services.notes import editing
from shared.services.sessions import reading as sessions
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages
from web.sessions.page import known
from web.translation import gettext

blueprint = Pages("session_acting", __name__)


@blueprint.post("/alerts/<id:alert_id>/acknowledge")
@signed_in(Scope.NOTES_WRITE)
def acknowledge(alert_id: UUID) -> Response:
    """Note that a risk alert was seen, and what was done about it."""
    note = form_values.optional_text("note", gettext("What you did"), 4000, lines=True)
    alert = risk_alerts.acknowledge(resources(), caller(), alert_id, note)
    return form_values.back(f"/sessions/{alert.session_id}#alert-{alert_id}")


@blueprint.post("/sessions/<id:session_id>/retry")
@signed_in(Scope.SESSIONS_WRITE)
def retry(session_id: UUID) -> Response:
    """Let a failed session go on."""
    sessions.retry(resources(), caller(), session_id)
    return form_values.see(f"/sessions/{session_id}")


@blueprint.post("/sessions/<id:session_id>/cancel")
@signed_in(Scope.SESSIONS_WRITE)
def cancel(session_id: UUID) -> Response:
    """Stop the work on a session."""
    cancellation.cancel(resources(), caller(), session_id)
    return form_values.see(f"/sessions/{session_id}")


@blueprint.post("/sessions/<id:session_id>/extract")
@signed_in(Scope.NOTES_WRITE)
def extract(session_id: UUID) -> Response:
    """Have the notes made again from the transcript as it reads now."""
    template = request.form.get("template") or None
    sessions.extract_again(resources(), caller(), session_id, template)
    return form_values.see(f"/sessions/{session_id}")


@blueprint.post("/sessions/<id:session_id>/client-summary")
@signed_in(Scope.NOTES_WRITE)
def client_summary(session_id: UUID) -> Response:
    """Have a summary for the client written from the notes."""
    editing.write_client_summary(resources(), caller(), session_id)
    return form_values.see(f"/sessions/{session_id}#block-patient_summary")


@blueprint.post("/sessions/<id:session_id>/consent-heard")
@signed_in(Scope.PATIENTS_WRITE, Scope.SESSIONS_READ)
def attach_consent(session_id: UUID) -> Response:
    """Attach a passage to the patient's consents as evidence."""
    start = request.form.get("start", type=float)
    if start is None:
        raise InvalidInput(gettext("Choose a passage."))
    evidence.attach(resources(), caller(), session_id, start)
    return form_values.see(f"/sessions/{session_id}#consent-heading")


@blueprint.post("/sessions/<id:session_id>/offer")
@signed_in(Scope.NOTES_WRITE)
def offer(session_id: UUID) -> Response:
    """Take newer notes that were offered, or leave one's own."""
    version = form_values.number("version", gettext("The version"))
    if request.form.get("do") == "accept":
        editing.accept(resources(), caller(), session_id, version, None)
    else:
        editing.dismiss(resources(), caller(), session_id, version)
    return form_values.see(f"/sessions/{session_id}#notes-heading")


@blueprint.get("/sessions/<id:session_id>/files")
@signed_in(Scope.SESSIONS_READ)
def files(session_id: UUID) -> str:
    """What can be downloaded of a session."""
    whom = {"recipients": RECIPIENTS, "purposes": PURPOSES}
    return render_template("sessions/files.html", **known(session_id), **whom)


@blueprint.get("/sessions/<id:session_id>/delete")
@signed_in(Scope.SESSIONS_WRITE, fresh=True)
def ask_to_delete(session_id: UUID) -> str:
    """Asks before a session is deleted."""
    return render_template("sessions/delete.html", **known(session_id))


@blueprint.post("/sessions/<id:session_id>/delete")
@signed_in(Scope.SESSIONS_WRITE, fresh=True)
def delete(session_id: UUID) -> Response:
    """Delete a session for good."""
    if request.form.get("sure") != "yes":
        raise InvalidInput(
            gettext("Tick the box to say that the session is to be deleted for good."), "not_confirmed"
        )
    signed_too = request.form.get("signed_too") == "yes"
    receipt = deletion.delete(resources(), caller(), session_id, signed_too=signed_too)
    return form_values.see(f"/patients/{receipt.patient_id}")
