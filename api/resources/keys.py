"""API keys, and who one is."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify

from api.auth import any_key, caller, needs, resources
from api.json_bodies import Blueprint
from api.openapi import answers
from api.schemas import CallerSchema, KeyCreateSchema, KeySchema, NewKeySchema
from shared.services import accounts
from shared.services.callers import Caller, Scope

blueprint = Blueprint("keys", __name__, url_prefix="/api", description="API keys.")


@blueprint.route("/whoami", methods=["GET"])
@blueprint.response(200, CallerSchema)
@answers(blueprint)
@any_key
def whoami() -> Caller:
    """Whose key this is, and what it may do."""
    return caller()


@blueprint.route("/keys", methods=["GET"])
@blueprint.response(200, KeySchema(many=True))
@answers(blueprint)
@needs(Scope.KEYS)
def list_keys() -> Any:
    """The keys that the caller may manage."""
    return accounts.list_keys(resources(), caller())


@blueprint.route("/keys", methods=["POST"])
@blueprint.arguments(KeyCreateSchema)
@blueprint.response(201, NewKeySchema)
@answers(blueprint, 400, 404, 415, 422)
@needs(Scope.KEYS)
def create_key(wanted: dict[str, Any]) -> Response:
    """Make a key: an administrator for anybody in the practice, a therapist for themselves."""
    whose = wanted.pop("therapist_id") or caller().therapist_id
    key, secret = accounts.create_key(resources(), caller().practice_id, whose, caller=caller(), **wanted)
    response = jsonify({**KeySchema().dump(key), "key": secret})
    response.status_code = 201
    response.headers["Location"] = f"/api/keys/{key.id}"
    return response


@blueprint.route("/keys/<id:key_id>", methods=["DELETE"])
@blueprint.response(204)
@answers(blueprint, 404, 422)
@needs(Scope.KEYS)
def revoke_key(key_id: UUID) -> None:
    """End a key from its next request on."""
    accounts.revoke_key(resources(), caller(), key_id)
