"""What was heard in a session: its transcript, in several forms."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify
from flask_smorest import Blueprint

from api.auth import caller, needs, resources
from api.http.negotiation import JSON, attachment, varying, wanted
from api.openapi.document import answers, text_answer
from api.schemas import transcript_text
from api.schemas.sessions import FormatQuerySchema, TranscriptSchema
from shared.services.access.caller import Scope
from shared.services.sessions import reading as sessions

blueprint = Blueprint(
    "outputs", __name__, url_prefix="/api/sessions", description="What was heard in a session."
)

_TYPES = {"json": JSON} | {name: kind for name, (kind, _) in transcript_text.WRITERS.items()}


@blueprint.route("/<id:session_id>/transcript", methods=["GET"])
@blueprint.doc(responses={200: text_answer(*_TYPES.values())})
@blueprint.arguments(FormatQuerySchema, location="query")
@blueprint.response(200, TranscriptSchema)
@answers(blueprint, 404, 406, 422)
@needs(Scope.SESSIONS_READ)
def transcript(query: dict[str, Any], session_id: UUID) -> Response:
    """The transcript, by `Accept` or `?format=`; 404 until there is one."""
    form = wanted(query["format"], _TYPES)
    document = sessions.transcript(resources(), caller(), session_id)
    if form == "json":
        return varying(jsonify(TranscriptSchema().dump(document)))
    media_type, write = transcript_text.WRITERS[form]
    return attachment(write(document), media_type, f"transcript-{session_id}.{form}")
