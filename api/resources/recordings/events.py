"""What happens to a person's sessions, as one stream."""

from flask import Response, request

from api.auth import caller, needs, recheck, resources
from api.http import event_stream, person_stream
from api.http.json_bodies import Blueprint
from api.openapi.document import EVENTS_ANSWER, LAST_EVENT_PARAMETER, answers
from shared.domain.errors import Unavailable
from shared.services.access.caller import Scope
from shared.services.sessions import person_feed
from shared.services.sessions.person_feed import OwnNews

blueprint = Blueprint("events", __name__, url_prefix="/api/events", description="What happens, as a stream.")


@blueprint.route("", methods=["GET"])
@blueprint.doc(parameters=[LAST_EVENT_PARAMETER], responses={200: EVENTS_ANSWER})
@blueprint.response(200)
@answers(blueprint, 422)
@needs(Scope.SESSIONS_READ)
def events() -> Response:
    """Each change of all own sessions as Server-Sent Events; `Last-Event-ID` resumes.

    Events are `status`, `progress` and `risk` as in the stream of one session, each with its
    `session_id`. The changes of the last minute come first and may come twice. The stream ends
    after ten minutes; come back with the id of the last event.
    """
    known, who, still_good = resources(), caller(), recheck()  # the stream outlives the request's context

    def ask(since: int) -> OwnNews:
        still_good()
        return person_feed.news(known, who, since)

    after = person_feed.begin(known, who, person_stream.seen(request.headers.get("Last-Event-ID")))
    if not event_stream.places.acquire(blocking=False):
        raise Unavailable(
            "Too many follow sessions now. Come back, or poll the sessions.", "too_many_streams"
        )
    response = Response(
        person_stream.events(ask, after),
        content_type="text/event-stream; charset=utf-8",
        headers={"X-Accel-Buffering": "no"},  # a proxy that buffers would make news old
    )
    response.call_on_close(event_stream.places.release)
    return response
