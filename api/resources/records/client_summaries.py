"""The summary of a session for its client, written on request."""

from uuid import UUID

from flask import Response

from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import ETAG, answers
from api.resources.records.notes import notes_answer
from api.schemas.notes import NotesVersionSchema
from shared.services.access.caller import Scope
from shared.services.notes import editing

blueprint = Blueprint("client_summaries", __name__, url_prefix="/api/sessions")


@blueprint.route("/<id:session_id>/notes/client-summary", methods=["POST"])
@blueprint.response(200, NotesVersionSchema, headers=ETAG)
@answers(blueprint, 404, 409, 412, 422)
@needs(Scope.NOTES_WRITE)
def write_client_summary(session_id: UUID) -> Response:
    """Write a summary for the client (`patient_summary`) from the current notes, as a new version.

    No notes have one until it is asked for. It holds nothing on medication, no task that the client did
    not accept and no words of risk: such a sentence is under `unsupported` with its reason. Where violence
    at home was spoken of, `review_reasons` has `violence_at_home`: ask the client before you hand it over.
    """
    return notes_answer(editing.write_client_summary(resources(), caller(), session_id))
