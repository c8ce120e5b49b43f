"""What was said off the record, taken out of a session."""

from typing import Any
from uuid import UUID

from flask import Response

from api import idempotency
from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import LOCATION, answers
from api.resources.recordings import session_answers
from api.schemas.recordings.off_record import OffTheRecordSchema
from api.schemas.recordings.sessions import SessionSchema
from shared.services.access.caller import Scope
from shared.services.idempotency import Answered
from shared.services.transcripts import off_record

blueprint = Blueprint("off_record", __name__, url_prefix="/api/sessions", description="Off the record.")


def _again(first: Answered) -> Response:
    return session_answers.accepted(first.resource_id)


@blueprint.route("/<id:session_id>/off-the-record", methods=["POST"])
@blueprint.doc(parameters=[idempotency.PARAMETER])
@blueprint.arguments(OffTheRecordSchema)
@blueprint.response(202, SessionSchema, headers=LOCATION)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.SESSIONS_WRITE)
@idempotency.idempotent(_again)
def off_the_record(wanted: dict[str, Any], session_id: UUID) -> Response:
    """Take stretches out of recording, transcript and notes for good; times stay as they were.

    With the answer the words are gone from transcript and notes. The sound follows within the time
    that decoding takes; until then the recording cannot be heard (409 `being_redacted`). The recording
    becomes a 16 kHz WAV. Notes that are not signed are removed and made again; for a session with
    signed notes say `keep_signed_notes`, or the answer is a 409 `notes_signed`.
    """
    off_record.cut(
        resources(),
        caller(),
        session_id,
        wanted["ranges"],
        keep_signed_notes=wanted["keep_signed_notes"],
    )
    return session_answers.accepted(session_id)
