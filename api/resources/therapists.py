"""The people of a practice, for its administrators."""

from typing import Any
from uuid import UUID

from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from api.schemas.accounts import (
    EnrolmentCodeSchema,
    ProviderRolesSchema,
    TherapistChangeSchema,
    TherapistCreateSchema,
    TherapistSchema,
)
from shared.db.tables.core import Therapist
from shared.domain.provider_roles import RoleClaims
from shared.services.access.caller import Scope
from shared.services.accounts import enrolment, people
from shared.services.accounts.enrolment import IssuedCode
from shared.services.sign_in import provider_roles

_NO_CLAIM = {"claim": None, "therapists": None, "administrators": None}
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


@blueprint.route("/provider-roles", methods=["GET"])
@blueprint.response(200, ProviderRolesSchema)
@answers(blueprint)
@needs(Scope.PEOPLE)
def show_provider_roles() -> Any:
    """Which claim of your organisation's sign-in gives people their roles."""
    return provider_roles.get(resources(), caller()) or _NO_CLAIM


@blueprint.route("/provider-roles", methods=["PUT"])
@blueprint.arguments(ProviderRolesSchema)
@blueprint.response(200, ProviderRolesSchema)
@answers(blueprint, 400, 415, 422)
@needs(Scope.PEOPLE)
def change_provider_roles(given: dict[str, Any]) -> Any:
    """Have a claim give people their roles at each sign-in with the provider; without a role none is let in.

    The provider makes an administrator only if `administrators` is set; without it administrators stay
    what they are. With another role a person's keys and sessions end.
    """
    wanted = RoleClaims(**given) if given["claim"] is not None else None
    return provider_roles.change(resources(), caller(), wanted) or _NO_CLAIM


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
