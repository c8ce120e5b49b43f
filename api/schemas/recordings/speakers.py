"""What goes in and out as JSON for the speakers of a session."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from shared.domain.transcripts.roles import Role
from shared.domain.transcripts.speakers import Person
from shared.schemas.fields import Text

ROLES = tuple(role.value for role in Role)


class SpeakerSchema(Schema):
    """One speaker: what the voice is labelled, and who it is."""

    label = fields.String(metadata={"description": "Never changes; what `PUT …/speakers` goes by."})
    shown_as = fields.String(metadata={"description": "The `speaker` of segments, notes and findings."})
    name = fields.String(allow_none=True)
    role = fields.String(allow_none=True, validate=validate.OneOf(ROLES))
    confidence = fields.Float(allow_none=True, metadata={"description": "Of the role; 1.0 if confirmed."})
    confirmed = fields.Boolean(metadata={"description": "The role was said by a person, not proposed."})
    seconds = fields.Float()
    words = fields.Integer()


class SpeakersSchema(Schema):
    """The speakers of a session."""

    speakers = fields.List(fields.Nested(SpeakerSchema))
    extracting_notes = fields.Boolean(
        metadata={"description": "Roles changed, so the notes are being made again."}
    )


class PersonSchema(Schema):
    """Who a speaker is; a role or a name that is left out, or null, is taken back."""

    label = fields.String(required=True, validate=validate.Length(min=1, max=100))
    role = fields.Enum(Role, by_value=True, load_default=None, allow_none=True)
    name = Text(200, load_default=None, allow_none=True)


class CastSchema(Schema):
    """Who the speakers are, by their labels; of a label that is named twice the last counts."""

    speakers = fields.List(
        fields.Nested(PersonSchema), required=True, validate=validate.Length(min=1, max=16)
    )

    @post_load
    def _as_casting(self, data: dict[str, Any], **_: Any) -> dict[str, Person]:
        return {said["label"]: Person(said["role"], said["name"]) for said in data["speakers"]}
