"""Whether the server lives and is ready."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields

from api.auth import public, resources
from api.openapi import answers
from shared.services import readiness

blueprint = Blueprint("health", __name__, description="Whether the server lives and is ready.")


class AliveSchema(Schema):
    """The process answers."""

    status = fields.String()


class ReadySchema(AliveSchema):
    """``ready``, ``degraded`` (recordings are accepted, work waits) or ``unavailable``."""

    checks = fields.Dict(keys=fields.String(), values=fields.String())


@blueprint.route("/healthz", methods=["GET"])
@blueprint.doc(security=[])
@blueprint.response(200, AliveSchema)
@answers(blueprint, public=True)
@public
def healthz() -> dict[str, str]:
    """Whether the process answers."""
    return {"status": "alive"}


@blueprint.route("/readyz", methods=["GET"])
@blueprint.doc(security=[])
@blueprint.response(200, ReadySchema)
@blueprint.alt_response(503, schema=ReadySchema, description="The database or the storage is away")
@answers(blueprint, public=True)
@public
def readyz() -> tuple[dict[str, Any], int]:
    """Whether requests can be served. Without the broker they can: work starts when it is back."""
    found = readiness.check(resources())
    ready = readiness.is_ready(found)
    word = "unavailable" if not ready else "ready" if all(found.values()) else "degraded"
    checks = {name: "up" if up else "down" for name, up in found.items()}
    return {"status": word, "checks": checks}, 200 if ready else 503
