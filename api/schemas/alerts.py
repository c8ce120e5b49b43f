"""What goes in and out as JSON for risk alerts."""

from marshmallow import Schema, fields, validate

from api.schemas.core import PageQuerySchema
from shared.schemas.fields import AsStored, Moment, Text
from shared.schemas.notes import RiskFlagSchema


class AlertQuerySchema(PageQuerySchema):
    """Which alerts are wanted."""

    state = fields.String(load_default="open", validate=validate.OneOf(("open", "all")))
    session_id = fields.UUID(load_default=None)


class AlertSchema(Schema):
    """Grave findings of one session, and who has answered for them."""

    id = fields.UUID()
    session_id = fields.UUID()
    patient_id = fields.UUID()
    session_date = Moment()
    findings = fields.List(AsStored(RiskFlagSchema))
    found_at = Moment()
    due_at = Moment(metadata={"description": "When the reminder of an unacknowledged alert is due."})
    reminders = fields.Integer(metadata={"description": "How many reminders were sent."})
    acknowledged_at = Moment(allow_none=True)
    acknowledged_by = fields.UUID(allow_none=True)
    note = fields.String(allow_none=True)


class AcknowledgeSchema(Schema):
    """What the clinician did about it; kept encrypted."""

    note = Text(
        4000, load_default=None, allow_none=True, lines=True, metadata={"description": "What was done."}
    )
