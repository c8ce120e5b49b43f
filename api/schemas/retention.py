"""What goes in and out as JSON about legal holds."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from shared.schemas.fields import Moment, Text


class HoldQuerySchema(Schema):
    """Which holds are wanted."""

    lifted = fields.Boolean(
        load_default=False,
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "`true`: also those that were lifted."},
    )


class HoldReviewSchema(Schema):
    """When a hold is looked at again."""

    review_on = fields.Date(required=True, metadata={"description": "A day from today on."})


class HoldCreateSchema(HoldReviewSchema):
    """A new hold on a patient with all sessions, or on one session."""

    patient_id = fields.UUID()
    session_id = fields.UUID()
    matter = Text(200, required=True, metadata={"description": "The case, as the practice files it."})
    reason = Text(2000, lines=True, required=True)

    @validates_schema
    def _one_target(self, data: dict[str, Any], **_: Any) -> None:
        if ("patient_id" in data) == ("session_id" in data):
            raise ValidationError("Name either patient_id or session_id.")


class HoldSchema(Schema):
    """A legal hold."""

    id = fields.UUID()
    patient_id = fields.UUID()
    session_id = fields.UUID(allow_none=True, metadata={"description": "null: the whole patient is on hold."})
    matter = fields.String(allow_none=True, metadata={"description": "null once the patient is deleted."})
    reason = fields.String(allow_none=True)
    review_on = fields.Date()
    review_due = fields.Boolean()
    placed_by = fields.UUID()
    placed_at = Moment()
    lift_asked_by = fields.UUID(allow_none=True, metadata={"description": "Another administrator confirms."})
    lift_asked_at = Moment(allow_none=True)
    lifted_by = fields.UUID(allow_none=True)
    lifted_at = Moment(allow_none=True)
