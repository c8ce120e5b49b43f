"""How a practice wants its recordings transcribed, for its administrators."""

from typing import Any

from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from api.schemas.engines import EnginesChangeSchema, EnginesSchema
from shared.services.access.caller import Scope
from shared.services.engines import practice_engines
from shared.services.engines.practice_engines import Engines

blueprint = Blueprint(
    "engines", __name__, url_prefix="/api/practice/engines", description="The speech engines of a practice."
)


@blueprint.route("", methods=["GET"])
@blueprint.response(200, EnginesSchema)
@answers(blueprint)
@needs(Scope.ENGINES)
def show() -> Engines:
    """What the practice chose, and what this server offers."""
    return practice_engines.get(resources(), caller())


@blueprint.route("", methods=["PATCH"])
@blueprint.arguments(EnginesChangeSchema)
@blueprint.response(200, EnginesSchema)
@answers(blueprint, 400, 409, 415, 422)
@needs(Scope.ENGINES)
def change(given: dict[str, Any]) -> Engines:
    """Choose the transcriber, the words to expect, and whether recordings may leave.

    Without the last a transcriber that sends them to computers of others is a 409, here and at
    every upload. It counts from the next call to an engine on, also for recordings that wait.
    """
    return practice_engines.change(resources(), caller(), given)
