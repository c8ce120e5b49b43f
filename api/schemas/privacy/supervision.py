"""What goes in and out as JSON about sessions that are open to a supervisor."""

from marshmallow import Schema, fields

from shared.schemas.fields import Moment, YesNo


class StandingSchema(Schema):
    """Whether a session is open to its therapist's supervisor."""

    supervisor_id = fields.UUID(allow_none=True, metadata={"description": "Null: you have no supervisor."})
    supervisor = fields.String(allow_none=True, metadata={"description": "The supervisor's name."})
    granted_at = Moment(allow_none=True, metadata={"description": "Since when it is open; null: it is not."})


class StandingChangeSchema(Schema):
    """Opens or closes a session."""

    granted = YesNo(required=True)


class OpenSessionSchema(Schema):
    """A session that is open to a supervisor."""

    session_id = fields.UUID()
    session_date = Moment()
    person_id = fields.UUID(metadata={"description": "The other: its therapist, or the supervisor."})
    person = fields.String()
    granted_at = Moment()


class SupervisionSchema(Schema):
    """At most 1,000 sessions of each kind, the latest first."""

    open = fields.List(fields.Nested(OpenSessionSchema), metadata={"description": "Open to you."})
    granted = fields.List(fields.Nested(OpenSessionSchema), metadata={"description": "Opened by you."})
