"""Psychotherapy notes: the therapist's own, with their own permission and their own export."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify

from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.http.negotiation import JSON, attachment, varying, wanted
from api.http.preconditions import PARAMETER as IF_MATCH
from api.http.preconditions import tag_named, tagged
from api.openapi.document import ETAG, answers, file_answer
from api.schemas.templates import ProcessNotesQuerySchema, ProcessNotesSchema, ProcessNotesWriteSchema
from shared.domain.disclosures import export_code
from shared.exports import FILES, process_outline
from shared.services.access.caller import Scope
from shared.services.notes import process_notes
from shared.services.notes.process_notes import Process

blueprint = Blueprint(
    "process_notes", __name__, url_prefix="/api/sessions", description="Psychotherapy notes."
)

_TYPES = {"json": JSON} | {name: kind for name, (kind, _) in FILES.items()}


@blueprint.route("/<id:session_id>/process-notes", methods=["GET"])
@blueprint.doc(responses={200: file_answer(*_TYPES.values())})
@blueprint.arguments(ProcessNotesQuerySchema, location="query")
@blueprint.response(200, ProcessNotesSchema, headers=ETAG)
@blueprint.alt_response(304, description="They are still what `If-None-Match` names")
@answers(blueprint, 404, 406, 422)
@needs(Scope.PROCESS_NOTES_READ)
def show(query: dict[str, Any], session_id: UUID) -> Response:
    """The process notes of the session, for its own therapist only; 404 until there are any."""
    form = wanted(query["format"], _TYPES)
    code = export_code(form, query["recipient"], query["purpose"], is_file=form != "json")
    found = process_notes.read(resources(), caller(), session_id, code)
    if form == "json":
        return _answer(found)
    kind, write = FILES[form]
    response = attachment(write(process_outline(found)), kind, f"process-notes-{session_id}.{form}")
    return tagged(response, f"{found.revision}.{form}")


@blueprint.route("/<id:session_id>/process-notes", methods=["PUT"])
@blueprint.doc(parameters=[IF_MATCH])
@blueprint.arguments(ProcessNotesWriteSchema)
@blueprint.response(200, ProcessNotesSchema, headers=ETAG)
@answers(blueprint, 400, 404, 412, 415, 422, 428)
@needs(Scope.PROCESS_NOTES_WRITE)
def write(given: dict[str, Any], session_id: UUID) -> Response:
    """Write the process notes. Where there are some, `If-Match` takes the `ETag` that was read.

    They are in no export of the notes, no webhook and no FHIR document, and what they were before is
    not kept.
    """
    return _answer(process_notes.write(resources(), caller(), session_id, given["text"], tag_named()))


@blueprint.route("/<id:session_id>/process-notes", methods=["DELETE"])
@blueprint.response(204)
@answers(blueprint, 404, 422)
@needs(Scope.PROCESS_NOTES_WRITE)
def delete(session_id: UUID) -> None:
    """Remove the process notes for good."""
    process_notes.delete(resources(), caller(), session_id)


def _answer(found: Process) -> Response:
    return varying(tagged(jsonify(ProcessNotesSchema().dump(found)), str(found.revision)))
