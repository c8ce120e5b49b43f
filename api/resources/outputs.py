"""What was made of a session: its transcript and its notes, in several forms."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify, request
from flask_smorest import Blueprint
from werkzeug.exceptions import NotAcceptable

from api import notes_text, transcript_text
from api.auth import caller, needs, resources
from api.openapi import answers, text_answer
from api.session_schemas import FormatQuerySchema, NotesQuerySchema, NotesVersionSchema, TranscriptSchema
from shared.services import sessions
from shared.services.callers import Scope

blueprint = Blueprint(
    "outputs", __name__, url_prefix="/api/sessions", description="What was made of a session."
)

_JSON = "application/json"
_TRANSCRIPT_TYPES = {"json": _JSON} | {name: kind for name, (kind, _) in transcript_text.WRITERS.items()}
_NOTES_TYPES = {"json": _JSON, "md": "text/markdown"}


@blueprint.route("/<id:session_id>/transcript", methods=["GET"])
@blueprint.doc(responses={200: text_answer(*_TRANSCRIPT_TYPES.values())})
@blueprint.arguments(FormatQuerySchema, location="query")
@blueprint.response(200, TranscriptSchema)
@answers(blueprint, 404, 406, 422)
@needs(Scope.SESSIONS_READ)
def transcript(query: dict[str, Any], session_id: UUID) -> Response:
    """The transcript, by `Accept` or `?format=`; 404 until there is one."""
    wanted = _wanted(query["format"], _TRANSCRIPT_TYPES)
    document = sessions.transcript(resources(), caller(), session_id)
    if wanted == "json":
        return _varying(jsonify(TranscriptSchema().dump(document)))
    media_type, write = transcript_text.WRITERS[wanted]
    return _attachment(write(document), media_type, f"transcript-{session_id}.{wanted}")


@blueprint.route("/<id:session_id>/notes", methods=["GET"])
@blueprint.doc(responses={200: text_answer(*_NOTES_TYPES.values())})
@blueprint.arguments(NotesQuerySchema, location="query")
@blueprint.response(200, NotesVersionSchema)
@answers(blueprint, 404, 406, 422)
@needs(Scope.NOTES_READ)
def notes(query: dict[str, Any], session_id: UUID) -> Response:
    """The newest notes, or `?version=` of them; 404 until there are any."""
    wanted = _wanted(query["format"], _NOTES_TYPES)
    found = sessions.notes_of(resources(), caller(), session_id, query["version"])
    if wanted == "md":
        text = notes_text.as_markdown(found.document)
        return _attachment(text, _NOTES_TYPES["md"], f"notes-{session_id}-{found.version}.md")
    return _varying(jsonify({**NotesVersionSchema().dump(found), "extracted_notes": found.document}))


def _wanted(format_name: str | None, types: dict[str, str]) -> str:
    """The name of the form that the query or ``Accept`` asks for; raises NotAcceptable."""
    if format_name is not None:
        return format_name
    if not request.accept_mimetypes:
        return "json"
    best = request.accept_mimetypes.best_match(list(types.values()))
    if best is None:
        raise NotAcceptable
    return next(name for name, kind in types.items() if kind == best)


def _attachment(text: str, media_type: str, name: str) -> Response:
    # The name holds ids only; the uploaded file's own name is clinical.
    disposition = f'attachment; filename="{name}"'
    return _varying(
        Response(
            text, content_type=f"{media_type}; charset=utf-8", headers={"Content-Disposition": disposition}
        )
    )


def _varying(response: Response) -> Response:
    response.vary.add("Accept")
    return response
