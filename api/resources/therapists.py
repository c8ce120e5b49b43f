"""The people of a practice, for its administrators."""

from typing import Any
from uuid import UUID

from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from api.schemas.accounts import (
    EnrolmentCodeSchema,
    TherapistChangeSchema,
    TherapistCreateSchema,
    TherapistSchema,
)
from shared.db.tables.core import Therapist
from shared.services.access.caller import Scope
from shared.services.accounts import enrolment, people
from shared.services.accounts.enrolment import IssuedCode

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
    """Add a therapist or an administrator; they get their first key by an enrolment code."""
    return people.create(resources(), caller(), given["name"], given["role"])


@blueprint.route("/<id:therapist_id>", methods=["PATCH"])
@blueprint.arguments(TherapistChangeSchema)
@blueprint.response(200, TherapistSchema)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.PEOPLE)
def change(given: dict[str, Any], therapist_id: UUID) -> Therapist:
    """Rename, disable or enable a person. Disabled, none of their keys is taken any more."""
    return people.change(resources(), caller(), therapist_id, given)


@blueprint.route("/<id:therapist_id>/enrolment-code", methods=["POST"])
@blueprint.response(201, EnrolmentCodeSchema)
@answers(blueprint, 404, 409, 422)
@needs(Scope.PEOPLE)
def issue_code(therapist_id: UUID) -> IssuedCode:
    """Issue a one-time code that the person redeems for their first key (`POST /api/enrolments`).

    It is shown once, ends after 72 hours, and ends earlier codes of the person. A person who has used a
    key already gets none.
    """
    return enrolment.issue(resources(), caller(), therapist_id)
