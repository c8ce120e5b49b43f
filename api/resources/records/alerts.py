"""Risk alerts: open until their therapist has acknowledged them."""

from typing import Any
from uuid import UUID

from flask import Response

from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.http.pages import page_response, position
from api.openapi.document import NEXT_PAGE, answers
from api.schemas.alerts import AcknowledgeSchema, AlertQuerySchema, AlertSchema
from shared.services.access.caller import Scope
from shared.services.alerts import risk_alerts
from shared.services.alerts.risk_alerts import AlertRecord

blueprint = Blueprint(
    "risk-alerts", __name__, url_prefix="/api/risk-alerts", description="What must be answered for."
)


@blueprint.route("", methods=["GET"])
@blueprint.arguments(AlertQuerySchema, location="query")
@blueprint.response(200, AlertSchema(many=True), headers=NEXT_PAGE)
@answers(blueprint, 400, 422)
@needs(Scope.NOTES_READ)
def list_alerts(query: dict[str, Any]) -> Response:
    """The open alerts on the caller's sessions, newest first; `state=all` for those answered, too.

    That there is none means that nothing was found in what was transcribed, never that there is no risk.
    """
    wanted = query["state"] == "open", query["session_id"]
    after = position(query["cursor"], risk_alerts.listing(*wanted))
    page = risk_alerts.page(
        resources(),
        caller(),
        limit=query["limit"],
        open_only=wanted[0],
        session_id=wanted[1],
        after=after,
    )
    return page_response(AlertSchema(many=True).dump(page.items), page.next_cursor)


@blueprint.route("/<id:alert_id>/acknowledge", methods=["POST"])
@blueprint.arguments(AcknowledgeSchema)
@blueprint.response(200, AlertSchema)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.NOTES_WRITE)
def acknowledge(given: dict[str, Any], alert_id: UUID) -> AlertRecord:
    """Say that an alert was seen, and in `note` what was done; 409 if it was acknowledged before."""
    return risk_alerts.acknowledge(resources(), caller(), alert_id, given["note"])
