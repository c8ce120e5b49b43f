"""A patient's upload form for browsers without JavaScript: the API's upload, answered with a page."""

from uuid import UUID

from flask import g, request
from werkzeug.wrappers import Response

from api.uploads import form
from shared.http import csrf
from shared.services.access.caller import Scope
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages

blueprint = Pages("form_upload", __name__)


@blueprint.post("/patients/<id:patient_id>/upload")
@signed_in(Scope.SESSIONS_WRITE, token_in_stream=True)
def send(patient_id: UUID) -> Response:
    """Take one recording, as it arrives; the token is the form's first field, or in the header."""
    in_header = csrf.HEADER in request.headers
    if in_header:
        csrf.require_token(g.csrf_token, in_form=False)
    made = form.accept(resources(), caller(), patient_id, None if in_header else g.csrf_token)
    return form_values.see(f"/sessions/{made}")
