"""Who spoke: proposed, and corrected by one call."""

from typing import Any
from uuid import UUID

from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from api.schemas.recordings.speakers import CastSchema, SpeakersSchema
from shared.domain.transcripts.speakers import Person
from shared.services.access.caller import Scope
from shared.services.transcripts import speakers
from shared.services.transcripts.speakers import Speakers

blueprint = Blueprint("speakers", __name__, url_prefix="/api/sessions", description="Who spoke.")


@blueprint.route("/<id:session_id>/speakers", methods=["GET"])
@blueprint.response(200, SpeakersSchema)
@answers(blueprint, 404, 422)
@needs(Scope.SESSIONS_READ)
def show(session_id: UUID) -> dict[str, Any]:
    """The speakers with how long each spoke, and the roles that are proposed; 404 until transcribed."""
    return _document(speakers.get(resources(), caller(), session_id))


@blueprint.route("/<id:session_id>/speakers", methods=["PUT"])
@blueprint.arguments(CastSchema)
@blueprint.response(200, SpeakersSchema)
@answers(blueprint, 404, 409, 415, 422)
@needs(Scope.SESSIONS_WRITE)
def cast(casting: dict[str, Person], session_id: UUID) -> dict[str, Any]:
    """Say who the speakers are: transcript, notes and findings show it from then on.

    A role that changes has the notes made again. Two labels with one name are shown as one person.
    Labels that are not named stay as they are.
    """
    return _document(speakers.cast(resources(), caller(), session_id, casting))


def _document(found: Speakers) -> dict[str, Any]:
    return {"speakers": found.people, "extracting_notes": found.extracting}
