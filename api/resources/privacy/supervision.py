"""Sessions that a therapist opened to their supervisor: heard and read, and never changed."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify

from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import ETAG, RANGE_PARAMETERS, answers, binary_answer
from api.resources.recordings.audio import audio_answer, waveform_answer
from api.schemas.privacy.supervision import StandingChangeSchema, StandingSchema, SupervisionSchema
from api.schemas.recordings import session_documents
from api.schemas.recordings.audio import WaveformQuerySchema, WaveformSchema
from api.schemas.recordings.sessions import SessionSchema
from shared.services.access import supervision
from shared.services.access.caller import Scope
from shared.services.access.supervision import Standing, Supervision
from shared.services.sessions import reading as sessions

blueprint = Blueprint(
    "supervision", __name__, url_prefix="/api", description="Sessions that supervisors hear and read."
)

_OPEN = "/supervision/sessions/<id:session_id>"


@blueprint.route("/supervision", methods=["GET"])
@blueprint.response(200, SupervisionSchema)
@answers(blueprint)
@needs(Scope.SESSIONS_READ)
def show_all() -> Supervision:
    """The sessions that are open to you as a supervisor, and those that you opened to yours."""
    return supervision.listed(resources(), caller())


@blueprint.route("/sessions/<id:session_id>/supervision", methods=["GET"])
@blueprint.response(200, StandingSchema)
@answers(blueprint, 404, 422)
@needs(Scope.SESSIONS_READ)
def show(session_id: UUID) -> Standing:
    """Whether your supervisor may hear and read the session."""
    return supervision.standing(resources(), caller(), session_id)


@blueprint.route("/sessions/<id:session_id>/supervision", methods=["PUT"])
@blueprint.arguments(StandingChangeSchema)
@blueprint.response(200, StandingSchema)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.SESSIONS_WRITE)
def change(given: dict[str, Any], session_id: UUID) -> Standing:
    """Open the session to your supervisor, or close it. Each read of theirs is in the audit trail."""
    act = supervision.grant if given["granted"] else supervision.revoke
    return act(resources(), caller(), session_id)


@blueprint.route(_OPEN, methods=["GET"])
@blueprint.response(200, SessionSchema)
@answers(blueprint, 404, 422)
@needs(Scope.SESSIONS_READ)
def read(session_id: UUID) -> Response:
    """A session that is open to you, with transcript and notes. Psychotherapy notes stay closed."""
    narrow, who = supervision.reading(resources(), caller(), session_id)
    return jsonify(session_documents.whole(sessions.get(narrow, who, session_id)))


@blueprint.route(f"{_OPEN}/audio", methods=["GET"])
@blueprint.doc(
    parameters=RANGE_PARAMETERS,
    responses={200: binary_answer("The recording"), 206: binary_answer("The range that was asked for")},
)
@blueprint.response(200, headers=ETAG)
@blueprint.alt_response(304, description="It is still what `If-None-Match` names")
@answers(blueprint, 404, 409, 410, 416, 422)
@needs(Scope.SESSIONS_READ)
def hear(session_id: UUID) -> Response:
    """The recording of a session that is open to you, whole or a `Range` of it."""
    narrow, who = supervision.reading(resources(), caller(), session_id)
    return audio_answer(narrow, who, session_id, None)


@blueprint.route(f"{_OPEN}/waveform", methods=["GET"])
@blueprint.arguments(WaveformQuerySchema, location="query")
@blueprint.response(200, WaveformSchema)
@answers(blueprint, 404, 422)
@needs(Scope.SESSIONS_READ)
def show_waveform(query: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """The waveform of a session that is open to you."""
    narrow, who = supervision.reading(resources(), caller(), session_id)
    return waveform_answer(narrow, who, session_id, query["points"])
