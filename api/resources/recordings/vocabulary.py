"""The words that a therapist's recordings are to expect, and those that corrections suggest."""

from typing import Any

from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from api.schemas.recordings.vocabulary import VocabularyChangeSchema, VocabularySchema, WordAnswerSchema
from shared.services.access.caller import Scope
from shared.services.transcripts import vocabulary
from shared.services.transcripts.vocabulary import Vocabulary

blueprint = Blueprint(
    "vocabulary", __name__, url_prefix="/api/vocabulary", description="Words that recordings are to expect."
)


@blueprint.route("", methods=["GET"])
@blueprint.response(200, VocabularySchema)
@answers(blueprint)
@needs(Scope.SESSIONS_READ)
def show() -> Vocabulary:
    """Your words, and the words that you corrected twice in the same way."""
    return vocabulary.get(resources(), caller())


@blueprint.route("", methods=["PUT"])
@blueprint.arguments(VocabularyChangeSchema)
@blueprint.response(200, VocabularySchema)
@answers(blueprint, 400, 415, 422)
@needs(Scope.SESSIONS_WRITE)
def change(given: dict[str, Any]) -> Vocabulary:
    """Set your own words: the engine expects them in each of your recordings from then on."""
    return vocabulary.change(resources(), caller(), given["words"])


@blueprint.route("/answers", methods=["POST"])
@blueprint.arguments(WordAnswerSchema)
@blueprint.response(200, VocabularySchema)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.SESSIONS_WRITE)
def answer(given: dict[str, Any]) -> Vocabulary:
    """Accept an offered word into your own, or dismiss it; a dismissed one is not offered again."""
    do = vocabulary.accept if given["accept"] else vocabulary.dismiss
    return do(resources(), caller(), given["offer"])
