"""Edits of notes that were begun and not saved: kept, read, listed and discarded."""

from typing import Any
from uuid import UUID

from flask import Response

from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from api.schemas.notes import UnsavedEditSchema, UnsavedListedSchema
from shared.services.access.caller import Scope
from shared.services.notes import unsaved
from shared.services.notes.unsaved import UnsavedEdit

blueprint = Blueprint(
    "unsaved_edits", __name__, url_prefix="/api", description="Edits that are not saved yet."
)


@blueprint.route("/unsaved-edits", methods=["GET"])
@blueprint.response(200, UnsavedListedSchema(many=True))
@answers(blueprint)
@needs(Scope.NOTES_WRITE)
def list_unsaved() -> Any:
    """Your sessions whose notes have an unsaved edit, at most 1,000, the latest first; without their text."""
    return unsaved.listed(resources(), caller())


@blueprint.route("/sessions/<id:session_id>/notes/unsaved", methods=["GET"])
@blueprint.response(200, UnsavedEditSchema)
@answers(blueprint, 404, 422)
@needs(Scope.NOTES_WRITE)
def show_unsaved(session_id: UUID) -> Any:
    """What was typed of an edit and not saved; 404 `nothing_unsaved` if there is none."""
    return _unsaved(unsaved.get(resources(), caller(), session_id))


@blueprint.route("/sessions/<id:session_id>/notes/unsaved", methods=["PUT"])
@blueprint.arguments(UnsavedEditSchema)
@blueprint.response(200, UnsavedEditSchema)
@answers(blueprint, 400, 404, 415, 422)
@needs(Scope.NOTES_WRITE)
def keep_unsaved(given: dict[str, Any], session_id: UUID) -> Any:
    """Keep an edit that is not saved yet, in the place of the one before; it is no version of the notes."""
    tag = given["tag"].strip('"')  # as an ETag is written
    return _unsaved(unsaved.keep(resources(), caller(), session_id, tag, given["fields_"]))


@blueprint.route("/sessions/<id:session_id>/notes/unsaved", methods=["DELETE"])
@blueprint.response(204)
@answers(blueprint, 404, 422)
@needs(Scope.NOTES_WRITE)
def discard_unsaved(session_id: UUID) -> Response:
    """Forget the unsaved edit; that it is not there is no error."""
    unsaved.discard(resources(), caller(), session_id)
    return Response(status=204)


def _unsaved(found: UnsavedEdit) -> dict[str, Any]:
    return {"tag": found.tag, "fields_": found.fields, "saved_at": found.saved_at}
