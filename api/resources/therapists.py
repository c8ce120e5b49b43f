"""The people of a practice, for its administrators."""

from typing import Any
from uuid import UUID

from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from api.schemas.accounts import TherapistChangeSchema, TherapistCreateSchema, TherapistSchema
from shared.db.tables.core import Therapist
from shared.services.access.caller import Scope
from shared.services.accounts import people

blueprint = Blueprint(
    "therapists", __name__, url_prefix="/api/therapists", description="The people of a practice."
)


@blueprint.route("", methods=["GET"])
@blueprint.response(200, TherapistSchema(many=True))
@answers(blueprint)
@needs(Scope.PEOPLE)
def list_therapists() -> Any:
    """Everybody in the practice, first come first."""
    return people.listed(resources(), caller())


@blueprint.route("", methods=["POST"])
@blueprint.arguments(TherapistCreateSchema)
@blueprint.response(201, TherapistSchema)
@answers(blueprint, 400, 415, 422)
@needs(Scope.PEOPLE)
def create(given: dict[str, Any]) -> Therapist:
    """Add a therapist or an administrator; keys are made for them with `POST /api/keys`."""
    return people.create(resources(), caller(), given["name"], given["role"])


@blueprint.route("/<id:therapist_id>", methods=["PATCH"])
@blueprint.arguments(TherapistChangeSchema)
@blueprint.response(200, TherapistSchema)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.PEOPLE)
def change(given: dict[str, Any], therapist_id: UUID) -> Therapist:
    """Rename, disable or enable a person. Disabled, none of their keys is taken any more."""
    return people.change(resources(), caller(), therapist_id, given)
