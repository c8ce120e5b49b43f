"""The life of a session between upload and end: followed, cancelled, deleted."""

from typing import Any
from uuid import UUID

from flask import Response, request

from api.auth import caller, needs, recheck, resources
from api.http import event_stream
from api.http.json_bodies import Blueprint
from api.openapi.document import EVENTS_ANSWER, LAST_EVENT_PARAMETER, LOCATION, answers
from api.resources.recordings import session_answers
from api.schemas.recordings.sessions import DeleteQuerySchema, ReceiptSchema, SessionSchema
from shared.domain.errors import Unavailable
from shared.services.access.caller import Scope
from shared.services.lifecycle import cancellation, deletion
from shared.services.sessions import event_feed
from shared.services.sessions.event_feed import News

blueprint = Blueprint(
    "lifecycle", __name__, url_prefix="/api/sessions", description="Followed, cancelled, deleted."
)


@blueprint.route("/<id:session_id>/cancel", methods=["POST"])
@blueprint.response(202, SessionSchema, headers=LOCATION)
@answers(blueprint, 404, 409, 422)
@needs(Scope.SESSIONS_WRITE)
def cancel(session_id: UUID) -> Response:
    """Stop the work on a session for good; it ends within seconds. What was made before stays.

    A cancelled session gives the same answer again; one that is processed or failed gives 409.
    """
    cancellation.cancel(resources(), caller(), session_id)
    return session_answers.accepted(session_id)


@blueprint.route("/<id:session_id>", methods=["DELETE"])
@blueprint.arguments(DeleteQuerySchema, location="query")
@blueprint.response(200, ReceiptSchema)
@blueprint.alt_response(
    202, schema=ReceiptSchema, description="Gone for every caller; the storage is yet to follow", success=True
)
@answers(blueprint, 404, 409, 422)
@needs(Scope.SESSIONS_WRITE, fresh=True)
def delete(query: dict[str, Any], session_id: UUID) -> tuple[Any, int]:
    """Delete recording, transcript, notes and their key, also while a worker processes them.

    Signed notes are deleted only with `?signed_notes=delete`, otherwise the answer is 409; what
    remains of them is who signed, when, and the hash of what was signed.

    The answer is the receipt, and for a session deleted before it is the same receipt again.
    """
    receipt = deletion.delete(resources(), caller(), session_id, signed_too=query["signed_notes"] is not None)
    return receipt, 200 if receipt.erased_at else 202


@blueprint.route("/<id:session_id>/events", methods=["GET"])
@blueprint.doc(parameters=[LAST_EVENT_PARAMETER], responses={200: EVENTS_ANSWER})
@blueprint.response(200)
@blueprint.alt_response(204, description="The session has ended and all of it was told", success=True)
@answers(blueprint, 404, 422)
@needs(Scope.SESSIONS_READ)
def events(session_id: UUID) -> Response:
    """Each change of status and of the progress as Server-Sent Events; `Last-Event-ID` resumes.

    Events are `status` (`status`, `at`, `progress`, of a failure `error`), `progress` (`progress`,
    in percent), `risk` (`code`: `risk_found` or `risk_overdue`; see the risk alerts) and `deleted`.
    Beside `progress` stands `seconds_left`, where it can be estimated how long the transcription
    will take. The stream ends with the session, within five seconds of the key's end, or after ten
    minutes.
    """
    known, who, still_good = resources(), caller(), recheck()  # the stream outlives the request's context

    def ask(after: int) -> News:
        still_good()
        return event_feed.news(known, who, session_id, after)

    since = event_stream.seen(request.headers.get("Last-Event-ID"))
    first = event_feed.begin(known, who, session_id, since.change)
    since = since if first else event_stream.Seen()
    news = event_feed.news(known, who, session_id, since.change)
    if news.ended and not news.changes:
        return Response(status=204)  # which tells an EventSource to stay away
    if not event_stream.places.acquire(blocking=False):
        raise Unavailable("Too many follow sessions now. Come back, or poll the session.", "too_many_streams")
    response = Response(
        event_stream.events(ask, since),
        content_type="text/event-stream; charset=utf-8",
        headers={"X-Accel-Buffering": "no"},  # a proxy that buffers would make news old
    )
    response.call_on_close(event_stream.places.release)
    return response
