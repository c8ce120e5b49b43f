"""What goes in and out as JSON for emergency access."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from shared.schemas.fields import Moment, Text


class EmergencyCreateSchema(Schema):
    """Whose record is needed, by `patient_id` or by the whole `name`, and why."""

    patient_id = fields.UUID(load_default=None, allow_none=True)
    name = Text(300, load_default=None, allow_none=True)
    reason = Text(
        2000, lines=True, required=True, metadata={"description": "The patient's therapist reads it."}
    )

    @validates_schema
    def _one_of_both(self, data: dict[str, Any], **_: Any) -> None:
        if (data.get("patient_id") is None) == (data.get("name") is None):
            raise ValidationError("Send patient_id or name.", "patient_id")


class EmergencySchema(Schema):
    """An emergency access; it lasts until `until_at`, or until it is ended."""

    id = fields.UUID()
    patient_id = fields.UUID()
    owner_id = fields.UUID(metadata={"description": "The patient's therapist, whom it is shown to."})
    therapist_id = fields.UUID(metadata={"description": "Who reads."})
    therapist = fields.String(metadata={"description": "Their name."})
    reason = fields.String()
    started_at = Moment()
    until_at = Moment()
    ended_at = Moment(allow_none=True)
    seen_at = Moment(allow_none=True)
    lasts = fields.Boolean()
