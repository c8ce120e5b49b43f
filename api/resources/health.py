"""Whether the server lives and is ready, and how the work goes on."""

import hmac
from typing import Any

from flask import Flask, Response, current_app, request
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from api.auth import public, resources
from api.metrics import prometheus as metrics_text
from api.openapi.document import answers
from shared.domain.errors import NotAuthenticated
from shared.http import rate_limits
from shared.services.operations import readiness
from shared.services.operations.metrics import Observer
from shared.services.operations.readiness import Readiness
from shared.services.resources import Resources

blueprint = Blueprint("health", __name__, description="Whether the server lives and is ready.")


_READINESS, _OBSERVER = "sessionscribe.readiness", "sessionscribe.observer"


def install(app: Flask, resources: Resources) -> None:
    """Have ``app`` answer for these resources."""
    app.extensions[_READINESS], app.extensions[_OBSERVER] = Readiness(resources), Observer(resources)


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
    """Whether requests can be served. Without the broker they can: work starts when it is back.

    Answers within two seconds; a part that has not answered by then is down.
    """
    rate_limits.take_here(rate_limits.ANONYMOUS)
    found = current_app.extensions[_READINESS].check()
    ready = readiness.is_ready(found)
    word = "unavailable" if not ready else "ready" if all(found.values()) else "degraded"
    checks = {name: "up" if up else "down" for name, up in found.items()}
    return {"status": word, "checks": checks}, 200 if ready else 503


@blueprint.route("/metrics", methods=["GET"])
@blueprint.doc(
    security=[],  # of keys there is none: see below
    responses={200: {"description": "OK", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
@blueprint.response(200)
@answers(blueprint, 401, public=True)
@public
def metrics() -> Response:
    """How the work goes on, for Prometheus. Needs the token of `SESSIONSCRIBE_METRICS_TOKEN`, not a key.

    Every answer is asked of Postgres anew, so that each process of the API gives the same.
    """
    rate_limits.take_here(rate_limits.ANONYMOUS)
    expected = resources().settings.metrics_token
    scheme, _, presented = request.headers.get("Authorization", "").partition(" ")
    known = expected is not None and hmac.compare_digest(presented.strip().encode(), expected.encode())
    if scheme.lower() != "bearer" or not known:
        raise NotAuthenticated(
            "Send the metrics token as `Authorization: Bearer ...`; SESSIONSCRIBE_METRICS_TOKEN sets it."
        )
    observed = current_app.extensions[_OBSERVER].observe()
    return Response(metrics_text.text_of(observed), mimetype=metrics_text.CONTENT_TYPE)
