"""Roles that the organisation's sign-in gives."""

from typing import Any

from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from api.schemas.accounts import ProviderRolesSchema
from shared.domain.provider_roles import RoleClaims
from shared.services.access.caller import Scope
from shared.services.sign_in import provider_roles

_NO_CLAIM = {"claim": None, "therapists": None, "administrators": None}
blueprint = Blueprint(
    "provider_roles", __name__, url_prefix="/api/practice", description="Roles by the provider's claim."
)


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
