"""Sessions: uploaded, listed, read, worked on again."""

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, jsonify, request

from api import idempotency
from api.auth import caller, needs, recheck, resources
from api.http import prefer_wait
from api.http.json_bodies import Blueprint
from api.http.pages import page_response, position
from api.openapi.document import ETAG, LOCATION, NEXT_PAGE, UPLOAD_BODY, WAIT_PARAMETER, answers
from api.resources.recordings import session_answers
from api.schemas.recordings import session_documents
from api.schemas.recordings.sessions import (
    ExtractedSchema,
    ExtractSchema,
    SessionQuerySchema,
    SessionSchema,
    SessionSummarySchema,
)
from api.schemas.recordings.uploads import UploadQuerySchema
from api.uploads import form as uploads
from shared.domain.status import Status
from shared.http import rate_limits
from shared.services.access.caller import Scope
from shared.services.idempotency import Answered
from shared.services.sessions import reading as sessions

blueprint = Blueprint("sessions", __name__, url_prefix="/api/sessions", description="Recorded sessions.")


def _upload_again(first: Answered) -> Response:
    return session_answers.accepted(first.resource_id)


def _extraction_again(first: Answered) -> Response:
    if first.status != 200:
        return session_answers.accepted(first.resource_id)
    record = sessions.get(resources(), caller(), first.resource_id)
    return jsonify({"extracted_notes": record.notes, "processing_time": round(first.seconds, 3)})


@blueprint.route("/upload", methods=["POST"], parameters=[idempotency.PARAMETER])
@blueprint.doc(requestBody=UPLOAD_BODY)
@blueprint.arguments(UploadQuerySchema, location="query")
@blueprint.response(202, SessionSchema, headers=LOCATION)
@answers(blueprint, 400, 404, 409, 413, 415, 422, 429)
@needs(Scope.SESSIONS_WRITE)
@idempotency.idempotent(_upload_again, uploads.skim)
def upload(query: dict[str, Any]) -> Response:
    """Upload a recording. It is encrypted as it arrives; once 202 is answered it will be worked on.

    All but the patient belongs in the form: another parameter in the query is a 400, `upload_query_invalid`.
    Without consent on file the answer is a 409 with the code `no_consent`, after its revocation
    `consent_revoked`. A language that the server cannot transcribe is a 422, `language_not_supported`.

    A repetition with the same `Idempotency-Key` is the same request if path, query, form fields,
    file name, declared type and the file's bytes are the same; the boundary does not matter.
    """
    return session_answers.accepted(uploads.accept(resources(), caller(), query["patient_id"]))


@blueprint.route("/", methods=["GET"])
@blueprint.arguments(SessionQuerySchema, location="query")
@blueprint.response(200, SessionSummarySchema(many=True), headers=NEXT_PAGE)
@answers(blueprint, 400, 422)
@needs(Scope.SESSIONS_READ)
def list_sessions(query: dict[str, Any]) -> Response:
    """The caller's sessions, newest `session_date` first; the next page is in the `Link` header."""
    wanted = sessions.Wanted(
        patient_id=query["patient_id"],
        status=query["status"],
        date_from=query["session_date_from"],
        date_before=query["session_date_before"],
        updated_since=query["updated_since"],
        external_id=query["external_id"],
        is_open=query["open"],
    )
    after = position(query["cursor"], wanted.listing)
    page = sessions.page(resources(), caller(), wanted, limit=query["limit"], after=after)
    return page_response([session_documents.summary(record) for record in page.items], page.next_cursor)


@blueprint.route("/<id:session_id>", methods=["GET"])
@blueprint.doc(parameters=[WAIT_PARAMETER])
@blueprint.response(200, SessionSchema, headers=ETAG)
@blueprint.alt_response(304, description="It is still what `If-None-Match` names")
@answers(blueprint, 404, 422)
@needs(Scope.SESSIONS_READ)
def show(session_id: UUID) -> Response:
    """Everything of one session. `Prefer: wait=N` holds the answer until the status changes.

    With `If-None-Match` of an older answer there is no wait: the news is there already.
    """
    seconds = prefer_wait.seconds_preferred()
    if seconds and not _has_news(session_id) and not _wait_for_change(session_id, seconds):
        seconds = 0
    response = _conditional(session_id)
    response.vary.add("Prefer")
    return _preference_applied(response, seconds)


@blueprint.route("/<id:session_id>/extract-notes", methods=["POST"])
@blueprint.doc(parameters=[WAIT_PARAMETER, idempotency.PARAMETER])
@blueprint.arguments(ExtractSchema, required=False)
@blueprint.response(202, SessionSchema, headers=LOCATION)
@blueprint.alt_response(
    200, schema=ExtractedSchema, description="Done within the preferred wait", success=True
)
@answers(blueprint, 400, 404, 409, 415, 422, 429)
@needs(Scope.NOTES_WRITE)
@idempotency.idempotent(_extraction_again)
def extract_notes(wanted: dict[str, Any], session_id: UUID) -> Response:
    """Make the notes again from the stored transcript, as a new version."""
    began = time.monotonic()
    seconds = prefer_wait.seconds_preferred()
    with rate_limits.taken(rate_limits.EXTRACTIONS):
        sessions.extract_again(resources(), caller(), session_id, wanted["template"], urgent=bool(seconds))
    ended = _wait_until(lambda: sessions.is_final(_status(session_id)), seconds) if seconds else None
    if ended:
        record = sessions.get(resources(), caller(), session_id)
        if record.row.status == Status.PROCESSED and record.notes is not None:
            done = {"extracted_notes": record.notes, "processing_time": round(time.monotonic() - began, 3)}
            return _preference_applied(jsonify(done), seconds)
    return _preference_applied(session_answers.accepted(session_id), 0 if ended is None else seconds)


@blueprint.route("/<id:session_id>/retry", methods=["POST"])
@blueprint.response(202, SessionSchema, headers=LOCATION)
@answers(blueprint, 404, 409, 422)
@needs(Scope.SESSIONS_WRITE)
def retry(session_id: UUID) -> Response:
    """Let a failed session go on from the step that failed."""
    sessions.retry(resources(), caller(), session_id)
    return session_answers.accepted(session_id)


def _status(session_id: UUID) -> Status:
    return sessions.status_of(resources(), caller(), session_id)


def _conditional(session_id: UUID) -> Response:
    response = session_answers.whole(session_id)
    response.add_etag()
    response.make_conditional(request)
    return response


def _has_news(session_id: UUID) -> bool:
    return bool(request.if_none_match) and _conditional(session_id).status_code != 304


def _wait_for_change(session_id: UUID, seconds: int) -> bool:
    """Wait, at most so long; False if there was no place to wait in."""
    before = _status(session_id)
    if sessions.is_final(before):
        return True
    return _wait_until(lambda: _status(session_id) != before, seconds) is not None


def _wait_until(has_happened: Callable[[], bool], seconds: int) -> bool | None:
    return prefer_wait.wait_until(has_happened, seconds, recheck())


def _preference_applied(response: Response, seconds: int) -> Response:
    if seconds:
        response.headers["Preference-Applied"] = f"wait={seconds}"
    return response
