"""How the caller likes the pages."""

from typing import Any

from api.auth import any_key, caller, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from api.schemas.accounts import PreferencesChangeSchema, PreferencesSchema
from shared.domain.preferences import Preferences
from shared.services.accounts import preferences

blueprint = Blueprint(
    "preferences", __name__, url_prefix="/api/preferences", description="How a person likes the pages."
)


@blueprint.route("", methods=["GET"])
@blueprint.response(200, PreferencesSchema)
@answers(blueprint)
@any_key
def show() -> Preferences:
    """Your theme, and how fast recordings play for you."""
    return preferences.get(resources(), caller())


@blueprint.route("", methods=["PATCH"])
@blueprint.arguments(PreferencesChangeSchema)
@blueprint.response(200, PreferencesSchema)
@answers(blueprint, 400, 415, 422)
@any_key
def change(given: dict[str, Any]) -> Preferences:
    """Choose the theme or the speed; what is not sent stays. All your browsers follow."""
    return preferences.change(resources(), caller(), given)
