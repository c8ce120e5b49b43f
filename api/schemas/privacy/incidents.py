"""The report of an incident as JSON."""

from marshmallow import Schema, fields, validate

from shared.schemas.fields import Moment

ADDRESS = validate.Regexp(r"^[0-9A-Za-z.:%]{1,45}$")


class SuspicionSchema(Schema):
    """What is suspected; all that is said must hold of a line."""

    key_id = fields.UUID(load_default=None, metadata={"description": "A key or a browser session."})
    person_id = fields.UUID(load_default=None, metadata={"description": "Who acted."})
    address = fields.String(load_default=None, validate=ADDRESS, metadata={"description": "From where."})
    since = Moment(load_default=None, metadata={"description": "Not before."})
    until = Moment(load_default=None, metadata={"description": "Before."})


class AffectedSchema(Schema):
    """A patient whose record was touched."""

    patient_id = fields.UUID()
    therapist_id = fields.UUID()
    sessions = fields.List(fields.UUID())
    reads = fields.Integer()
    exports = fields.Integer()
    changes = fields.Integer()
    only_listed = fields.Boolean(metadata={"description": "Only the name was seen, in a list."})
    actions = fields.Dict(keys=fields.String(), values=fields.Integer())


class UsedSchema(Schema):
    """A credential that was used."""

    id = fields.UUID()
    kind = fields.String(metadata={"description": "`api_key` or `browser_session`"})
    person_id = fields.UUID()
    person = fields.String()
    ended_at = Moment(allow_none=True, metadata={"description": "Revoked or signed out; null: not yet."})
    made = fields.Boolean(metadata={"description": "Made in the incident, and not used in it."})


class HeldSchema(Schema):
    """An emergency access to a colleague's patient that one of the people held."""

    id = fields.UUID()
    patient_id = fields.UUID()
    therapist_id = fields.UUID(metadata={"description": "Who held it."})
    owner_id = fields.UUID(metadata={"description": "The patient's therapist, who can end it."})
    started_at = Moment()
    until_at = Moment()
    ended_at = Moment(allow_none=True)


class IncidentSchema(Schema):
    """What is known of an incident, of the audit trail."""

    lines = fields.Integer()
    refused = fields.Integer(metadata={"description": "Calls that were refused."})
    first_at = Moment(allow_none=True)
    last_at = Moment(allow_none=True)
    addresses = fields.Dict(keys=fields.String(), values=fields.Integer())
    practice = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "Actions that concern no patient, such as `key.create`."},
    )
    patients = fields.List(
        fields.Nested(AffectedSchema), metadata={"description": "Whom to tell, the most affected first."}
    )
    credentials = fields.List(fields.Nested(UsedSchema))
    emergencies = fields.List(fields.Nested(HeldSchema))
    steps = fields.List(fields.String(), metadata={"description": "Commands to run now."})
