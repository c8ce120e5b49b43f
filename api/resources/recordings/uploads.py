"""Resumable uploads, by the tus protocol: announced, asked for, gone on with, given up."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from flask import Response, g, request

from api import idempotency
from api.auth import caller, needs, public, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from api.openapi.tus_documents import CREATED, CREATION, DESCRIBED, FINISHED, HEADERS, PATCHING, STATE
from api.resources.recordings import session_answers
from api.schemas.recordings.sessions import SessionSchema
from api.schemas.recordings.uploads import UnfinishedUploadSchema
from api.server import bodies
from api.uploads import tus
from shared.domain.errors import NotFound, TooLarge
from shared.domain.ports import Block
from shared.http import rate_limits
from shared.services.access.caller import Scope
from shared.services.idempotency import Answered
from shared.services.uploads import resumable, tus_creation
from shared.services.uploads import unfinished as listings

blueprint = Blueprint("uploads", __name__, url_prefix=tus.PATH, description="Resumable uploads (tus 1.0).")
blueprint.before_request(tus.require_version)

_BLOCK_BYTES = 1024 * 1024


def _again(first: Answered) -> Response:
    response = _created(first.resource_id)
    with suppress(NotFound):  # it may have expired since: then the next request answers 404
        tus.tell(response, resumable.state(resources(), caller(), first.resource_id), offset=False)
    return response


def _asked() -> tuple[str, str]:
    length = request.headers.get("Upload-Length", "") or f"defer {request.headers.get('Upload-Defer-Length')}"
    return idempotency.digest_of(length, request.headers.get("Upload-Metadata", "")), ""


@blueprint.route("", methods=["OPTIONS"])
@blueprint.doc(security=[])
@blueprint.response(204, headers=DESCRIBED)
@answers(blueprint, public=True)
@public
def describe() -> Response:
    """What this server can do with uploads: versions, extensions, the largest size."""
    return tus.describe(resources().settings.max_upload_bytes)


@blueprint.route("", methods=["GET"])
@blueprint.response(200, UnfinishedUploadSchema(many=True))
@answers(blueprint)
@needs(Scope.SESSIONS_READ)
def unfinished() -> Any:
    """Your uploads that are not whole yet, from the newest: send the rest, or give them up.

    A recording that a recorder could not end has no `length`: `PATCH` it without a body and with its
    `offset` as `Upload-Length` to make a session of what there is.
    """
    return listings.listed(resources(), caller())


@blueprint.route("", methods=["POST"])
@blueprint.doc(parameters=[*CREATION, idempotency.PARAMETER])
@blueprint.response(201, headers=CREATED)
@answers(blueprint, 400, 404, 409, 412, 413, 415, 422, 429)
@needs(Scope.SESSIONS_WRITE)
@idempotency.idempotent(_again, _asked)
def create() -> Response:
    """Announce a recording; its bytes go to the address in `Location`, in as many parts as it takes.

    `Upload-Metadata` names `filename`, `patient_id`, and what else comes with an upload: `filetype`,
    `session_date`, `template`, `speakers`, `language`, `vocabulary`, `transcriber`,
    `off_the_record`, `joins`. A recording that is still being made has `Upload-Defer-Length: 1` in the
    place of its length, and a later part says it. When the last byte has come and the recording is
    accepted, the session has its id; one that joins a session is named by `Content-Location`.
    """
    g.body_unread = False
    ticket = caller().ticket
    if ticket is not None:
        ticket.asked = _asked()[0]
    length = tus.length()
    details, metadata = tus.details()
    rate_limits.require(rate_limits.UPLOADS)
    made = tus_creation.create(resources(), caller(), length, details, metadata)
    return tus.tell(_created(made.id), made, offset=False)


@blueprint.route("/<id:upload_id>", methods=["HEAD"])
@blueprint.doc(parameters=HEADERS)
@blueprint.response(200, headers=STATE)
@answers(blueprint, 404, 412, 422)
@needs(Scope.SESSIONS_WRITE, when_idle=True)
def show(upload_id: UUID) -> Response:
    """How much of the upload is stored: where to go on."""
    state = resumable.state(resources(), caller(), upload_id)
    response = Response(status=200)
    if state.length is None:
        response.headers["Upload-Defer-Length"] = "1"
    else:
        response.headers["Upload-Length"] = str(state.length)
    if state.metadata:
        response.headers["Upload-Metadata"] = state.metadata
    return tus.tell(response, state)


@blueprint.route("/<id:upload_id>", methods=["PATCH"])
@blueprint.doc(**PATCHING)
@blueprint.response(204, headers=STATE)
@answers(blueprint, 400, 404, 408, 409, 412, 413, 415, 422, 429)
@needs(Scope.SESSIONS_WRITE, when_idle=True)
def patch(upload_id: UUID) -> Response:
    """More bytes of the upload, from `Upload-Offset` on. With the last one it is checked, and accepted.

    `Upload-Length` says the length of an upload that was announced without; a part may be empty then.
    What is refused then, as any recording may be, is gone; a 429 or 503 leaves the upload open.
    """
    g.body_unread = True
    tus.require_patch_type()
    offset, checksum = tus.number("Upload-Offset"), tus.Checksum()
    state = resumable.receive(
        resources(),
        caller(),
        upload_id,
        offset,
        lambda write: _read_body(write, checksum),
        declared=request.content_length,
        length=tus.number("Upload-Length") if "Upload-Length" in request.headers else None,
        all_or_nothing=checksum.given,
        admit=rate_limits.upload_taken,
    )
    return tus.tell(Response(status=204), state)


@blueprint.route("/<id:upload_id>/finish", methods=["POST"])
@blueprint.doc(parameters=HEADERS)
@blueprint.response(202, SessionSchema, headers=FINISHED)
@answers(blueprint, 400, 404, 409, 412, 413, 415, 422, 429)
@needs(Scope.SESSIONS_WRITE)
def finish(upload_id: UUID) -> Response:
    """Make a session of what there is: of a recording that was cut off, or of one that cannot be joined.

    A recording without a length ends with what came of it. A further recording that its session cannot take
    (it has failed, or the work was stopped) becomes a session of its own. Asked again, it answers the same.
    """
    session_id = listings.finish(resources(), caller(), upload_id, rate_limits.upload_taken)
    return session_answers.accepted(session_id)


@blueprint.route("/<id:upload_id>", methods=["DELETE"])
@blueprint.doc(parameters=HEADERS)
@blueprint.response(204)
@answers(blueprint, 404, 409, 412, 422)
@needs(Scope.SESSIONS_WRITE)
def terminate(upload_id: UUID) -> Response:
    """Give up an unfinished upload, or a further recording that cannot be joined: what came is removed."""
    resumable.terminate(resources(), caller(), upload_id)
    return Response(status=204)


def _created(upload_id: UUID) -> Response:
    response = Response(status=201)
    response.headers["Location"] = f"{tus.PATH}/{upload_id}"
    return response


def _read_body(write: Callable[[Block], None], checksum: tus.Checksum) -> None:
    request.max_content_length = resources().settings.max_upload_bytes
    if (request.content_length or 0) > request.max_content_length:
        raise TooLarge("There is more in the body than an upload may have.", "recording_too_large")
    stream: Any = bodies.stream_of(request)
    with memoryview(bytearray(_BLOCK_BYTES)) as block:
        while count := bodies.read_into(stream, block):
            checksum.update(block[:count])
            write(block[:count])
    checksum.verify()
    g.body_unread = False
