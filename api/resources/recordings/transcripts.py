"""What was heard in a session: its transcript, in several forms."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify

from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.http.negotiation import JSON, attachment, varying, wanted
from api.openapi.document import answers, text_answer
from api.schemas.recordings.corrections import CorrectionsSchema, CorrectSchema
from api.schemas.recordings.sessions import FormatQuerySchema, TranscriptSchema
from shared.domain.disclosures import export_code
from shared.exports import transcript_text
from shared.services.access.caller import Scope
from shared.services.sessions import reading as sessions
from shared.services.transcripts import corrections
from shared.services.transcripts.corrections import Change

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
    code = export_code(form, query["recipient"], query["purpose"], is_file=form != "json")
    document = sessions.transcript(resources(), caller(), session_id, code)
    if form == "json":
        return varying(jsonify(TranscriptSchema().dump(document)))
    media_type, write = transcript_text.WRITERS[form]
    return attachment(write(document), media_type, f"transcript-{session_id}.{form}")


@blueprint.route("/<id:session_id>/transcript/corrections", methods=["GET"])
@blueprint.response(200, CorrectionsSchema)
@answers(blueprint, 404, 422)
@needs(Scope.SESSIONS_READ)
def show_corrections(session_id: UUID) -> dict[str, Any]:
    """The corrected segments, with what the engine heard; 404 until transcribed."""
    return {"corrections": corrections.listed(resources(), caller(), session_id)}


@blueprint.route("/<id:session_id>/transcript/corrections", methods=["PUT"])
@blueprint.arguments(CorrectSchema)
@blueprint.response(200, CorrectionsSchema)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.SESSIONS_WRITE)
def correct(changes: list[Change], session_id: UUID) -> dict[str, Any]:
    """Correct what segments say, or who says them; the engine's words are kept and can be had back.

    Transcript, exports and notes go by the corrected words from then on. In notes that are not signed,
    a quote that the correction changed reads as it does now, or is marked `changed` if it is gone.
    Segments that are not named stay as they are. Notes are not made again: `extract-notes` does that,
    and screens the corrected words for risk.
    """
    return {"corrections": corrections.correct(resources(), caller(), session_id, changes)}
