"""What operators see of single sessions: their history, in ids and codes."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields

from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from api.schemas.recordings.sessions import ErrorSchema
from shared.schemas.fields import Moment
from shared.services.access.caller import Scope
from shared.services.sessions import history
from shared.services.sessions.history import History

blueprint = Blueprint("operations", __name__, url_prefix="/api", description="What happened to a session.")


class StatusChangeSchema(Schema):
    """A change of status."""

    status = fields.String()
    code = fields.String(allow_none=True)
    at = Moment()


class StepAttemptSchema(Schema):
    """One run of a step."""

    step = fields.String()
    part = fields.Integer(metadata={"description": "Of `transcribe_chunk`, which chunk; else 0."})
    attempt = fields.Integer()
    worker = fields.String(metadata={"description": "Machine and process."})
    started_at = Moment()
    ended_at = Moment(allow_none=True)
    duration_seconds = fields.Float(allow_none=True)
    outcome = fields.String(
        metadata={
            "description": "`running`; `done`, `fanned_out` (shared out into chunks), `postponed` (tried "
            "again later), `failed`, `given_back` (its worker was stopped), `lost` (its worker was not heard "
            "of any more), `fenced` (it came back too late)."
        }
    )
    code = fields.String(allow_none=True)


class SessionHistorySchema(Schema):
    """What happened to a session, oldest first: ids and codes, nothing that was said."""

    session_id = fields.UUID()
    status = fields.String()
    error = fields.Nested(ErrorSchema, allow_none=True)
    created_at = Moment()
    changes = fields.List(fields.Nested(StatusChangeSchema))
    attempts = fields.List(fields.Nested(StepAttemptSchema))


@blueprint.route("/sessions/<id:session_id>/history", methods=["GET"])
@blueprint.response(200, SessionHistorySchema)
@answers(blueprint, 404, 422)
@needs(Scope.SESSIONS_READ)
def own_history(session_id: UUID) -> dict[str, Any]:
    """Each attempt of each step of a session of yours: worker, times, outcome, code."""
    return _document(history.of_own(resources(), caller(), session_id))


@blueprint.route("/operations/sessions/<id:session_id>/history", methods=["GET"])
@blueprint.response(200, SessionHistorySchema)
@answers(blueprint, 404, 422)
@needs(Scope.OPERATIONS)
def any_history(session_id: UUID) -> dict[str, Any]:
    """The same of any session of the practice, for administrators."""
    return _document(history.of_any(resources(), caller(), session_id))


def _document(found: History) -> dict[str, Any]:
    row = found.session
    return {
        "session_id": row.id,
        "status": row.status,
        "error": {"code": row.error_code, "message": row.error_detail} if row.error_code else None,
        "created_at": row.created_at,
        "changes": found.changes,
        "attempts": [
            asdict(attempt) | {"duration_seconds": attempt.duration_seconds} for attempt in found.attempts
        ],
    }
