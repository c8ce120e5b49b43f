"""The privacy report of a practice."""

from typing import Any

from flask import Response, jsonify
from marshmallow import Schema, fields

from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from shared.services.access.caller import Scope
from shared.services.audit_trail import privacy_report

blueprint = Blueprint("privacy", __name__, url_prefix="/api/practice", description="The privacy report.")


class PrivacyReportSchema(Schema):
    """What is processed, of whom, where, and by whom."""

    made_at = fields.String()
    practice = fields.String()
    purpose = fields.String()
    categories = fields.List(fields.Dict(), metadata={"description": "Kinds of data."})
    held = fields.Dict(keys=fields.String(), values=fields.Integer())
    engines = fields.Dict(metadata={"description": "Which engines work, and which are elsewhere."})
    webhooks = fields.List(fields.Dict())
    given_out_in_a_year = fields.Dict(keys=fields.String(), values=fields.Integer())
    storage = fields.Dict()
    sign_in = fields.Dict()
    audit_trail = fields.Dict()
    reconciled_at = fields.String(allow_none=True)
    look_at = fields.List(
        fields.String(), metadata={"description": "What an assessment of impact should ask about."}
    )


@blueprint.route("/privacy-report", methods=["GET"])
@blueprint.response(200, PrivacyReportSchema)
@answers(blueprint)
@needs(Scope.AUDIT_READ)
def show() -> Response | Any:
    """Records of processing and inputs for an impact assessment, from settings and tables."""
    return jsonify(privacy_report.make(resources(), caller()))
