"""A session as the answer to a call that began work on it."""

from uuid import UUID

from flask import Response, jsonify

from api.auth import caller, resources
from api.schemas.recordings import session_documents
from shared.services.sessions import reading


def whole(session_id: UUID) -> Response:
    """The caller's session as it is now."""
    return jsonify(session_documents.whole(reading.get(resources(), caller(), session_id)))


def accepted(session_id: UUID) -> Response:
    """The same with 202, and where it is: the work goes on."""
    response = whole(session_id)
    response.status_code = 202
    response.headers["Location"] = f"/api/sessions/{session_id}"
    return response
