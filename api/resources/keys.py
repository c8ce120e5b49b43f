"""API keys, and who one is."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify

from api import idempotency
from api.auth import any_key, caller, needs, public, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import LOCATION, answers
from api.schemas.accounts import RedeemSchema, RotateSchema
from api.schemas.core import CallerSchema, KeyCreateSchema, KeySchema, NewKeySchema
from shared.db.tables.core import ApiKey
from shared.http import rate_limits
from shared.http.request_ids import request_id
from shared.services.access.caller import Caller, Scope
from shared.services.accounts import accounts, api_keys, enrolment, key_rotation
from shared.services.accounts.enrolment import WantedKey
from shared.services.idempotency import Answered

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
@any_key
def list_keys() -> Any:
    """All keys that act for the caller; for an administrator with the scope `keys`, the practice's."""
    return api_keys.list_keys(resources(), caller())


def _key_again(first: Answered) -> Response:
    """What was made, without its secret: of that nothing is kept but a hash."""
    return _made(api_keys.get_key(resources(), caller(), first.resource_id), None)


@blueprint.route("/keys", methods=["POST"])
@blueprint.doc(parameters=[idempotency.PARAMETER])
@blueprint.arguments(KeyCreateSchema, required=False)
@blueprint.response(201, NewKeySchema, headers=LOCATION)
@answers(blueprint, 400, 409, 415, 422)
@needs(Scope.KEYS)
@idempotency.idempotent(_key_again)
def create_key(wanted: dict[str, Any]) -> Response:
    """Make a key of one's own. People without a key get their first one by an enrolment code.

    Where the answer was lost, a repetition with the same `Idempotency-Key` gives the key's `id` but
    `null` for its secret, which is not kept: revoke it, and make another.
    """
    whose = wanted.pop("therapist_id") or caller().therapist_id
    key, secret = accounts.create_key(resources(), caller().practice_id, whose, caller=caller(), **wanted)
    return _made(key, secret)


@blueprint.route("/keys/<id:key_id>", methods=["DELETE"])
@blueprint.response(204)
@answers(blueprint, 404, 422)
@needs(Scope.KEYS)
def revoke_key(key_id: UUID) -> None:
    """End a key from its next request on."""
    api_keys.revoke_key(resources(), caller(), key_id)


@blueprint.route("/keys/<id:key_id>/rotate", methods=["POST"])
@blueprint.arguments(RotateSchema, required=False)
@blueprint.response(201, NewKeySchema)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.KEYS)
def rotate_key(wanted: dict[str, Any], key_id: UUID) -> Response:
    """Make a key in the place of another of one's own, which ends after `overlap_hours` (24 unless said)."""
    return _made(*key_rotation.rotate(resources(), caller(), key_id, **wanted))


@blueprint.route("/enrolments", methods=["POST"])
@blueprint.doc(security=[])
@blueprint.arguments(RedeemSchema)
@blueprint.response(201, NewKeySchema, headers=LOCATION)
@answers(blueprint, 400, 401, 409, 415, 422, 503, public=True)
@public
def redeem(given: dict[str, Any]) -> Response:
    """Redeem an enrolment code for a key, which is shown once. The code ends with it."""
    code = given.pop("code")
    wanted = WantedKey(**given)
    return _made(*enrolment.redeem(resources(), code, wanted, request_id(), rate_limits.address()))


def _made(key: ApiKey, secret: str | None) -> Response:
    response = jsonify({**KeySchema().dump(key), "key": secret})
    response.status_code = 201
    response.headers["Location"] = f"/api/keys/{key.id}"
    return response
