"""The audit trail of a practice."""

from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate

from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.http.negotiation import attachment
from api.http.pages import page_response, position
from api.openapi.document import NEXT_PAGE, answers, file_answer
from api.schemas.core import PageQuerySchema
from api.schemas.privacy.incidents import ADDRESS, IncidentSchema, SuspicionSchema
from shared.schemas.fields import Moment
from shared.services.access.caller import Scope
from shared.services.audit_trail import incident, reading
from shared.services.audit_trail.incident import Suspicion
from shared.services.audit_trail.reading import Wanted

blueprint = Blueprint("audit_trail", __name__, url_prefix="/api/audit", description="The audit trail.")

_TYPES = {reading.NDJSON: "application/x-ndjson", reading.CSV: "text/csv"}
_WORD = validate.Regexp(r"^[a-z][a-z0-9_.]{0,99}$")


class AuditFilterSchema(Schema):
    """Which lines are wanted; all that is said must hold."""

    person_id = fields.UUID(load_default=None, metadata={"description": "Who acted."})
    patient_id = fields.UUID(
        load_default=None, metadata={"description": "About the patient and their sessions."}
    )
    session_id = fields.UUID(load_default=None, metadata={"description": "About the session."})
    record_id = fields.UUID(load_default=None, metadata={"description": "About any record with this id."})
    key_id = fields.UUID(load_default=None, metadata={"description": "With which key or browser session."})
    address = fields.String(
        load_default=None, validate=ADDRESS, metadata={"description": "From which address."}
    )
    action = fields.String(
        load_default=None,
        validate=_WORD,
        metadata={"description": "Such as `notes.read`; `notes` covers all that begin with `notes.`"},
    )
    since = Moment(load_default=None, metadata={"description": "Not before."})
    until = Moment(load_default=None, metadata={"description": "Before."})
    steps = fields.Boolean(
        load_default=False, metadata={"description": "Also what workers did with the steps of sessions."}
    )


class AuditQuerySchema(PageQuerySchema, AuditFilterSchema):
    """Which lines are wanted, and which page of them."""


class AuditExportSchema(AuditFilterSchema):
    """Which lines are wanted, and in which form."""

    format = fields.String(load_default=reading.NDJSON, validate=validate.OneOf(tuple(_TYPES)))


class AuditLineSchema(Schema):
    """A line of the audit trail: ids and codes, nothing of any record."""

    id = fields.Integer()
    at = Moment()
    actor = fields.String(
        metadata={
            "description": "`therapist:ID`, `administrator:ID`, `worker:NAME`, `dispatcher`, `server` …"
        }
    )
    name = fields.String(allow_none=True, metadata={"description": "Of the person who acted."})
    action = fields.String()
    code = fields.String(
        allow_none=True, metadata={"description": "More about it, such as a version or a form."}
    )
    subject_id = fields.UUID(allow_none=True, metadata={"description": "The record."})
    key_id = fields.UUID(allow_none=True, metadata={"description": "The key or the browser session."})
    address = fields.String(allow_none=True)
    request_id = fields.String(allow_none=True)
    step = fields.String(allow_none=True)
    part = fields.Integer(allow_none=True)
    attempt = fields.Integer(allow_none=True)


@blueprint.route("", methods=["GET"])
@blueprint.arguments(AuditQuerySchema, location="query")
@blueprint.response(200, AuditLineSchema(many=True), headers=NEXT_PAGE)
@answers(blueprint, 400, 422)
@needs(Scope.AUDIT_READ)
def list_lines(query: dict[str, Any]) -> Response:
    """Lines of the practice's audit trail, newest first; the next page is in the `Link` header.

    Reading them is a line of its own.
    """
    limit, cursor = query.pop("limit"), query.pop("cursor")
    wanted = Wanted(**query)
    before = reading.number_in(position(cursor, reading.listing(wanted)))
    page = reading.page(resources(), caller(), wanted, limit=limit, before=before)
    return page_response(AuditLineSchema(many=True).dump(page.items), page.next_cursor)


@blueprint.route("/incident", methods=["GET"])
@blueprint.arguments(SuspicionSchema, location="query")
@blueprint.response(200, IncidentSchema)
@answers(blueprint, 400, 422)
@needs(Scope.AUDIT_READ)
def report_incident(query: dict[str, Any]) -> Any:
    """What a key, a person or an address did with which records, in which time, and what to revoke.

    Nothing is revoked by it. Say at least one of `key_id`, `person_id`, `address` and `since`.
    """
    return incident.report(resources(), caller(), Suspicion(**query))


@blueprint.route("/export", methods=["GET"])
@blueprint.doc(responses={200: file_answer(*_TYPES.values())})
@blueprint.arguments(AuditExportSchema, location="query")
@blueprint.response(200)
@answers(blueprint, 422)
@needs(Scope.AUDIT_READ)
def export(query: dict[str, Any]) -> Response:
    """All such lines as a file: JSON in lines, or CSV."""
    form = query.pop("format")
    content = reading.export(resources(), caller(), Wanted(**query), form)
    return attachment(content, _TYPES[form], f"audit.{form}")
