"""Recordings that a recorder began and could not end: made a session of, or given up."""

from uuid import UUID

from flask import request
from werkzeug.wrappers import Response as Redirect

from shared.http import rate_limits
from shared.services.access.caller import Scope
from shared.services.uploads import resumable, unfinished
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages

blueprint = Pages("cut_off", __name__)


@blueprint.post("/patients/<id:patient_id>/recordings/<id:upload_id>")
@signed_in(Scope.SESSIONS_WRITE)
def end(patient_id: UUID, upload_id: UUID) -> Redirect:
    """Make a session of what has come of a recording, and go on recording it, or give it up.

    It may also be a further recording that could not be joined to its session.
    """
    if request.form.get("do") == "discard":
        resumable.terminate(resources(), caller(), upload_id)
        if (session_id := request.form.get("session", type=UUID)) is not None:
            return form_values.see(f"/sessions/{session_id}")
        return form_values.see(f"/patients/{patient_id}")
    session_id = unfinished.finish(resources(), caller(), upload_id, rate_limits.upload_taken)
    if request.form.get("do") == "continue":
        return form_values.see(f"/patients/{patient_id}/record?joins={session_id}")
    return form_values.see(f"/sessions/{session_id}")
