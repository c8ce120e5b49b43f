"""Direct uploads: announced here, sent to the bucket, taken over from there."""

from typing import Any
from uuid import UUID

from flask import Response, g, jsonify

from api import idempotency
from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import LOCATION, answers
from api.resources.recordings import session_answers
from api.schemas.recordings.sessions import SessionSchema
from api.schemas.recordings.uploads import DirectUploadCreateSchema, DirectUploadSchema
from api.uploads.details import details_of
from shared.domain.errors import InvalidInput
from shared.http import rate_limits
from shared.schemas import file_names
from shared.services.access.caller import Scope
from shared.services.idempotency import Answered
from shared.services.uploads import direct_uploads, resumable
from shared.services.uploads.direct_uploads import Direct

PATH = "/api/direct-uploads"
blueprint = Blueprint(
    "direct_uploads", __name__, url_prefix=PATH, description="Uploads straight into the bucket."
)


def _again(first: Answered) -> Response:
    return _created(direct_uploads.show(resources(), caller(), first.resource_id))


@blueprint.route("", methods=["POST"])
@blueprint.doc(parameters=[idempotency.PARAMETER])
@blueprint.arguments(DirectUploadCreateSchema)
@blueprint.response(201, DirectUploadSchema, headers=LOCATION)
@answers(blueprint, 400, 404, 409, 413, 415, 422)
@needs(Scope.SESSIONS_WRITE)
@idempotency.idempotent(_again)
def create(given: dict[str, Any]) -> Response:
    """Announce a recording; the answer says where to put it, and for how long that works.

    `file_name`, `patient_id` and the rest are what they are in any upload. Where the server takes no direct
    uploads the answer is a 409, `direct_uploads_off`.
    """
    g.body_unread = False
    name = file_names.cleaned(given.pop("file_name"))
    if not name:
        raise InvalidInput("Name the file, with its extension.", "file_name_missing")
    length, declared_type = given.pop("bytes"), given.pop("file_type")
    rate_limits.require(rate_limits.UPLOADS)
    details = details_of(name, declared_type, given)
    return _created(direct_uploads.announce(resources(), caller(), length, details))


@blueprint.route("/<id:upload_id>", methods=["GET"])
@blueprint.response(200, DirectUploadSchema)
@answers(blueprint, 404, 409, 422)
@needs(Scope.SESSIONS_WRITE)
def show(upload_id: UUID) -> Response:
    """The upload, with an invitation that is valid for an hour from now."""
    return jsonify(_document(direct_uploads.show(resources(), caller(), upload_id)))


@blueprint.route("/<id:upload_id>/complete", methods=["POST"])
@blueprint.response(202, SessionSchema, headers=LOCATION)
@answers(blueprint, 400, 404, 409, 413, 415, 422)
@needs(Scope.SESSIONS_WRITE)
def complete(upload_id: UUID) -> Response:
    """Have what was sent taken over: hashed, encrypted, checked, and promised, as any recording is.

    The answer is the session, also when it is asked for again. What is refused for good is gone; a 429 or 503
    leaves the upload as it was. 409 `direct_upload_missing`: nothing has been sent yet.
    """
    session_id = direct_uploads.complete(resources(), caller(), upload_id, rate_limits.upload_taken)
    return session_answers.accepted(session_id)


@blueprint.route("/<id:upload_id>", methods=["DELETE"])
@blueprint.response(204)
@answers(blueprint, 404, 422)
@needs(Scope.SESSIONS_WRITE)
def give_up(upload_id: UUID) -> Response:
    """Give up an upload that is no session yet: what was sent of it is removed."""
    resumable.terminate(resources(), caller(), upload_id)
    return Response(status=204)


def _created(direct: Direct) -> Response:
    response = jsonify(_document(direct))
    response.status_code = 201
    response.headers["Location"] = f"{PATH}/{direct.id}"
    return response


def _document(direct: Direct) -> dict[str, Any]:
    invitation = direct.invitation
    return {
        "id": direct.id,
        "bytes": direct.length,
        "url": invitation.url if invitation else None,
        "fields": invitation.fields if invitation else None,
        "send_until": invitation.until if invitation else None,
        "session_id": direct.session_id,
    }
