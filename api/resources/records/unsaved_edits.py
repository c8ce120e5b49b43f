"""Edits of notes that were begun and not saved: kept, read, listed and discarded."""

from typing import Any
from uuid import UUID

from flask import Response

from api.auth import caller, needs, resources
from api.http import preconditions
from api.http.json_bodies import Blueprint
from api.openapi.document import ETAG, answers
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
@blueprint.response(200, UnsavedEditSchema, headers=ETAG)
@answers(blueprint, 404, 422)
@needs(Scope.NOTES_WRITE)
def show_unsaved(session_id: UUID) -> Any:
    """What was typed of an edit and not saved; 404 `nothing_unsaved` if there is none."""
    return _unsaved(unsaved.get(resources(), caller(), session_id))


@blueprint.route("/sessions/<id:session_id>/notes/unsaved", methods=["PUT"])
@blueprint.doc(parameters=[preconditions.PARAMETER, preconditions.NONE_YET])
@blueprint.arguments(UnsavedEditSchema)
@blueprint.response(200, UnsavedEditSchema, headers=ETAG)
@answers(blueprint, 400, 404, 412, 415, 422)
@needs(Scope.NOTES_WRITE)
def keep_unsaved(given: dict[str, Any], session_id: UUID) -> Any:
    """Keep an edit that is not saved yet, in the place of the one before; it is no version of the notes.

    With `If-Match` (or `If-None-Match: *`, where you know of none) it replaces no other one: 412 if the same
    edit went on somewhere else.
    """
    tag = given["tag"].strip('"')  # as an ETag is written
    before = unsaved.NOTHING if preconditions.is_for_none_yet() else preconditions.tag_named()
    return _unsaved(unsaved.keep(resources(), caller(), session_id, tag, given["fields_"], before=before))


@blueprint.route("/sessions/<id:session_id>/notes/unsaved", methods=["DELETE"])
@blueprint.response(204)
@answers(blueprint, 404, 422)
@needs(Scope.NOTES_WRITE)
def discard_unsaved(session_id: UUID) -> Response:
    """Forget the unsaved edit; that it is not there is no error."""
    unsaved.discard(resources(), caller(), session_id)
    return Response(status=204)


def _unsaved(found: UnsavedEdit) -> Any:
    document = {"tag": found.tag, "fields_": found.fields, "saved_at": found.saved_at}
    return document, {"ETag": f'"{found.etag}"'}
