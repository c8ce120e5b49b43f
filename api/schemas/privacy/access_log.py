"""Who saw a record, and to whom something of it was given."""

from marshmallow import Schema, fields, validate

from shared.domain.disclosures import PURPOSES
from shared.schemas.fields import Moment, Text
from shared.services.audit_trail.access_log import Kind


class AccessEntrySchema(Schema):
    """Something that was done with the record."""

    at = Moment()
    who = fields.String()
    what = fields.String(metadata={"description": "In plain words."})
    about = fields.String(metadata={"description": "The patient's details, or a session by its date (UTC)."})
    kind = fields.Enum(Kind, by_value=True)
    session_id = fields.UUID(allow_none=True)
    recipient = fields.String(allow_none=True)
    purpose = fields.String(allow_none=True)
    form = fields.String(allow_none=True)
    times = fields.Integer(metadata={"description": "So often in a row within minutes; `at` is the last."})


class AccessLogSchema(Schema):
    """Who did what with a patient's record, newest first."""

    patient_id = fields.UUID()
    patient = fields.String(allow_none=True, metadata={"description": "The name; null for auditors."})
    entries = fields.List(fields.Nested(AccessEntrySchema))


class DisclosureSchema(Schema):
    """Something of the record that was given out."""

    id = fields.UUID(allow_none=True, metadata={"description": "Of one that a person recorded."})
    at = Moment()
    kind = fields.String(
        metadata={"description": "`export`, `engine` (a processor of the practice) or `recorded`."}
    )
    by = fields.String()
    what = fields.String()
    recipient = fields.String(allow_none=True)
    purpose = fields.String(allow_none=True)
    session_id = fields.UUID(allow_none=True)


class NewDisclosureSchema(Schema):
    """Something that was given out past the service: on paper, by telephone, from a file."""

    recipient = Text(300, required=True, metadata={"description": "Name and address; kept sealed."})
    what = Text(300, required=True, metadata={"description": "What was given; kept sealed."})
    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES))
    session_id = fields.UUID(load_default=None, allow_none=True)
    at = Moment(load_default=None, allow_none=True, metadata={"description": "When; now if not said."})
