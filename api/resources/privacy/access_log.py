"""Who saw a patient's record, and to whom something of it was given."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Response, jsonify, request
from marshmallow import Schema, fields, validate

from api import idempotency
from api.auth import any_key, caller, needs, resources
from api.http.json_bodies import Blueprint
from api.http.negotiation import JSON, attachment, varying, wanted
from api.openapi.document import LOCATION, answers, file_answer
from api.schemas.privacy.access_log import AccessLogSchema, DisclosureSchema, NewDisclosureSchema
from shared.domain import spreadsheets
from shared.exports import FILES
from shared.exports.access_log import access_log_outline
from shared.schemas.fields import Moment
from shared.services.access.caller import Scope
from shared.services.audit_trail import access_log, disclosures
from shared.services.audit_trail.access_log import Entry
from shared.services.audit_trail.disclosures import New
from shared.services.idempotency import Answered

blueprint = Blueprint(
    "access_log", __name__, url_prefix="/api/patients", description="Who saw a record, and who was given it."
)

_TYPES = {"json": JSON, "csv": "text/csv", "pdf": FILES["pdf"][0]}
_COLUMNS = ("at", "who", "what", "about", "kind", "recipient", "purpose", "form", "times")


class PeriodSchema(Schema):
    """Of which time."""

    since = Moment(load_default=None, metadata={"description": "Not before."})
    until = Moment(load_default=None, metadata={"description": "Before."})


class AccessLogQuerySchema(PeriodSchema):
    """Of which time, and in which form; the query wins over ``Accept``."""

    format = fields.String(load_default=None, validate=validate.OneOf(tuple(_TYPES)))


@blueprint.route("/<id:patient_id>/access-log", methods=["GET"])
@blueprint.doc(responses={200: file_answer(*_TYPES.values())})
@blueprint.arguments(AccessLogQuerySchema, location="query")
@blueprint.response(200, AccessLogSchema)
@answers(blueprint, 400, 404, 406, 422)
@any_key
def show_access_log(query: dict[str, Any], patient_id: UUID) -> Response:
    """Who did what with the record of a patient of yours, in plain words: as JSON, CSV or PDF.

    Needs `patients:read`; with `audit:read`, of any patient of the practice, without the name. At most
    5,000 entries: for more, ask with `since` and `until`.
    """
    form = wanted(query.pop("format"), _TYPES)
    found = access_log.read(resources(), caller(), patient_id, code=None if form == "json" else form, **query)
    if form == "json":
        return varying(jsonify(AccessLogSchema().dump(found)))
    content = _as_csv(found.entries) if form == "csv" else FILES["pdf"][1](access_log_outline(found))
    return attachment(content, _TYPES[form], f"access-log-{patient_id}.{form}")


def _as_csv(entries: Iterable[Entry]) -> str:
    rows = ([_plain(getattr(entry, name)) for name in _COLUMNS] for entry in entries)
    return "".join(map(spreadsheets.row, (_COLUMNS, *rows)))


def _plain(value: object) -> object:
    return value.astimezone(UTC).isoformat(timespec="seconds") if isinstance(value, datetime) else value


@blueprint.route("/<id:patient_id>/disclosures", methods=["GET"])
@blueprint.arguments(PeriodSchema, location="query")
@blueprint.response(200, DisclosureSchema(many=True))
@answers(blueprint, 400, 404, 422)
@any_key
def list_disclosures(query: dict[str, Any], patient_id: UUID) -> Any:
    """What of the record left the system, newest first: exports, calls of engines elsewhere, recorded ones.

    Needs `patients:read`; with `audit:read`, of any patient of the practice, without what is sealed.
    """
    return disclosures.listed(resources(), caller(), patient_id, **query)


def _again(first: Answered) -> Response:
    patient_id: UUID = (request.view_args or {})["patient_id"]
    return _made(patient_id, disclosures.again(resources(), caller(), patient_id, first.resource_id))


@blueprint.route("/<id:patient_id>/disclosures", methods=["POST"])
@blueprint.doc(parameters=[idempotency.PARAMETER])
@blueprint.arguments(NewDisclosureSchema)
@blueprint.response(201, DisclosureSchema, headers=LOCATION)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.PATIENTS_WRITE)
@idempotency.idempotent(_again)
def record_disclosure(given: dict[str, Any], patient_id: UUID) -> Response:
    """Record that something of the record was given to another. It cannot be changed afterwards."""
    return _made(patient_id, disclosures.record(resources(), caller(), patient_id, New(**given)))


def _made(patient_id: UUID, given: disclosures.Given) -> Response:
    response = jsonify(DisclosureSchema().dump(given))
    response.status_code = 201
    response.headers["Location"] = f"/api/patients/{patient_id}/disclosures"
    return response
