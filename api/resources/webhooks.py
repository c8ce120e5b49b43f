"""Webhooks: where a practice's own systems are told what happens, managed by its administrators."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify

from api import idempotency
from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.http.pages import page_response, position
from api.openapi.document import LOCATION, NEXT_PAGE, answers
from api.schemas.webhooks import (
    DeliveryQuerySchema,
    DeliverySchema,
    NewSecretSchema,
    ReplayedSchema,
    ReplaySchema,
    RotateSecretSchema,
    WebhookChangeSchema,
    WebhookCreateSchema,
    WebhookSchema,
)
from shared.services.access.caller import Scope
from shared.services.idempotency import Answered
from shared.services.webhooks import delivery_log
from shared.services.webhooks import endpoints as webhooks
from shared.services.webhooks.delivery_log import Delivery
from shared.services.webhooks.endpoints import Endpoint

blueprint = Blueprint(
    "webhooks",
    __name__,
    url_prefix="/api/webhooks",
    description="Where events of sessions are posted, by the Standard Webhooks specification.",
)


@blueprint.route("", methods=["GET"])
@blueprint.response(200, WebhookSchema(many=True))
@answers(blueprint)
@needs(Scope.WEBHOOKS)
def list_webhooks() -> Any:
    """The practice's webhooks, newest first."""
    return webhooks.listed(resources(), caller())


def _made_again(first: Answered) -> Response:
    """What was made, without its secret: that was shown once."""
    return _made(webhooks.get(resources(), caller(), first.resource_id), None)


@blueprint.route("", methods=["POST"])
@blueprint.doc(parameters=[idempotency.PARAMETER])
@blueprint.arguments(WebhookCreateSchema)
@blueprint.response(201, NewSecretSchema, headers=LOCATION)
@answers(blueprint, 400, 409, 415, 422)
@needs(Scope.WEBHOOKS)
@idempotency.idempotent(_made_again)
def create(given: dict[str, Any]) -> Response:
    """Add a webhook. The signing secret is shown once; where the answer was lost, rotate it."""
    return _made(*webhooks.create(resources(), caller(), **given))


@blueprint.route("/<id:webhook_id>", methods=["GET"])
@blueprint.response(200, WebhookSchema)
@answers(blueprint, 404, 422)
@needs(Scope.WEBHOOKS)
def show(webhook_id: UUID) -> Endpoint:
    """One webhook."""
    return webhooks.get(resources(), caller(), webhook_id)


@blueprint.route("/<id:webhook_id>", methods=["PATCH"])
@blueprint.arguments(WebhookChangeSchema)
@blueprint.response(200, WebhookSchema)
@answers(blueprint, 400, 404, 415, 422)
@needs(Scope.WEBHOOKS)
def change(given: dict[str, Any], webhook_id: UUID) -> Endpoint:
    """Change where it is, what it is told, or whether it is paused; what waits meanwhile is kept."""
    return webhooks.change(resources(), caller(), webhook_id, given)


@blueprint.route("/<id:webhook_id>", methods=["DELETE"])
@blueprint.response(204)
@answers(blueprint, 404, 422)
@needs(Scope.WEBHOOKS)
def remove(webhook_id: UUID) -> None:
    """Remove a webhook, with its log and what waits for it."""
    webhooks.remove(resources(), caller(), webhook_id)


@blueprint.route("/<id:webhook_id>/rotate", methods=["POST"])
@blueprint.arguments(RotateSecretSchema, required=False)
@blueprint.response(201, NewSecretSchema, headers=LOCATION)
@answers(blueprint, 400, 404, 415, 422)
@needs(Scope.WEBHOOKS)
def rotate(given: dict[str, Any], webhook_id: UUID) -> Response:
    """Make a new signing secret; for `overlap_hours` (24 unless said) both sign."""
    return _made(*webhooks.rotate(resources(), caller(), webhook_id, **given))


@blueprint.route("/<id:webhook_id>/test", methods=["POST"])
@blueprint.response(202, DeliverySchema)
@answers(blueprint, 404, 409, 422)
@needs(Scope.WEBHOOKS)
def test(webhook_id: UUID) -> tuple[Delivery, int]:
    """Send a message of type `webhook.test`, tried once; what came of it is in the deliveries."""
    return delivery_log.test(resources(), caller(), webhook_id), 202


@blueprint.route("/<id:webhook_id>/deliveries", methods=["GET"])
@blueprint.arguments(DeliveryQuerySchema, location="query")
@blueprint.response(200, DeliverySchema(many=True), headers=NEXT_PAGE)
@answers(blueprint, 400, 404, 422)
@needs(Scope.WEBHOOKS)
def deliveries(query: dict[str, Any], webhook_id: UUID) -> Response:
    """What was sent there in the last 30 days, newest first, with each attempt."""
    page = delivery_log.page(
        resources(),
        caller(),
        webhook_id,
        limit=query["limit"],
        state=query["state"],
        after=position(query["cursor"], delivery_log.listing(webhook_id, query["state"])),
    )
    return page_response(DeliverySchema(many=True).dump(page.items), page.next_cursor)


@blueprint.route("/<id:webhook_id>/deliveries/<id:delivery_id>/replay", methods=["POST"])
@blueprint.response(202, DeliverySchema)
@answers(blueprint, 404, 422)
@needs(Scope.WEBHOOKS)
def replay(webhook_id: UUID, delivery_id: UUID) -> tuple[Delivery, int]:
    """Send one message again, under the same `webhook-id`, also after a successful delivery."""
    return delivery_log.replay(resources(), caller(), webhook_id, delivery_id), 202


@blueprint.route("/<id:webhook_id>/replay", methods=["POST"])
@blueprint.arguments(ReplaySchema)
@blueprint.response(202, ReplayedSchema)
@answers(blueprint, 400, 404, 415, 422)
@needs(Scope.WEBHOOKS)
def replay_failed(given: dict[str, Any], webhook_id: UUID) -> tuple[dict[str, int], int]:
    """Send every message again that failed for good and was made at `since` or later."""
    return {"count": delivery_log.replay_failed(resources(), caller(), webhook_id, given["since"])}, 202


def _made(endpoint: Endpoint, secret: str | None) -> Response:
    response = jsonify({**WebhookSchema().dump(endpoint), "secret": secret})
    response.status_code = 201
    response.headers["Location"] = f"/api/webhooks/{endpoint.id}"
    return response
