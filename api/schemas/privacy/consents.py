"""What goes in and out as JSON for the history of consent."""

from marshmallow import Schema, fields, validate

from shared.domain.consent import METHODS, SPOKEN, ConsentEvent, ConsentScope, ConsentState
from shared.schemas.fields import Moment, Text, Word, YesNo

_LONGEST_NAME, _LONGEST_TEXT = 300, 20_000


class ConsentSayingSchema(Schema):
    """A consent that was given or withdrawn."""

    event = fields.Enum(ConsentEvent, by_value=True, required=True)
    scopes = fields.List(
        fields.Enum(ConsentScope, by_value=True),
        required=True,
        validate=validate.Length(min=1, max=len(ConsentScope)),
        metadata={"description": "What it covers. Training is no scope: nothing is trained on records."},
    )
    on = Moment(
        load_default=None, metadata={"description": "When it was said; not in the future. Default: now."}
    )
    method = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(METHODS),
        metadata={"description": "How it was given; goes with `given` alone, which needs it."},
    )
    expires_on = Moment(
        load_default=None, allow_none=True, metadata={"description": "Until when it holds. Default: no end."}
    )
    text = Text(
        _LONGEST_TEXT,
        lines=True,
        load_default=None,
        allow_none=True,
        metadata={"description": "The words that were agreed to; kept sealed, with their SHA-256."},
    )
    text_sha256 = Word(
        "^[0-9a-f]{64}$",
        load_default=None,
        allow_none=True,
        metadata={"description": "The SHA-256 of these words, if they are kept elsewhere."},
    )
    participant_id = fields.UUID(
        load_default=None, allow_none=True, metadata={"description": "Who said it. Default: the patient."}
    )


class ConsentEntrySchema(Schema):
    """One row of the history."""

    number = fields.Integer()
    participant_id = fields.UUID(allow_none=True)
    scope = fields.Enum(ConsentScope, by_value=True)
    event = fields.Enum(ConsentEvent, by_value=True)
    on = Moment()
    method = fields.String(allow_none=True)
    expires_on = Moment(allow_none=True)
    text_sha256 = fields.String(allow_none=True)
    text = fields.String(allow_none=True)
    recorded_at = Moment()
    recorded_by = fields.UUID()


class ConsentEvidenceSchema(Schema):
    """Where in a recording a person was heard to consent to it."""

    participant_id = fields.UUID(allow_none=True)
    scope = fields.Enum(ConsentScope, by_value=True)
    method = fields.String(validate=validate.Equal(SPOKEN))
    session_id = fields.UUID(metadata={"description": "It may have been deleted since."})
    start_seconds = fields.Float()
    end_seconds = fields.Float()
    attached_at = Moment()
    attached_by = fields.UUID()


class PassageSchema(Schema):
    """A passage in which consent to being recorded seems to be asked for and given."""

    start = fields.Float(metadata={"description": "In seconds of the recording."})
    end = fields.Float()
    asked = fields.String(allow_none=True, metadata={"description": "Null: given in words of its own."})
    asked_by = fields.String(allow_none=True)
    given = fields.String()
    given_by = fields.String()
    attached = fields.Boolean(metadata={"description": "Whether a person has made it evidence."})


class PassagesSchema(Schema):
    """What rules for English propose of a transcript; a person decides."""

    passages = fields.List(fields.Nested(PassageSchema))


class AttachSchema(Schema):
    """Which passage is evidence, and whose consent it is."""

    start = fields.Float(
        required=True,
        validate=validate.Range(min=0, max=1_000_000),
        metadata={"description": "When the proposed passage begins, in seconds."},
    )
    participant_id = fields.UUID(
        load_default=None, allow_none=True, metadata={"description": "Who said it. Default: the patient."}
    )


class ConsentingPersonSchema(Schema):
    """The patient, whose ``id`` and ``name`` are null, or another who takes part."""

    id = fields.UUID(allow_none=True)
    name = fields.String(allow_none=True)
    left_at = Moment(allow_none=True)
    states = fields.Dict(
        keys=fields.Enum(ConsentScope, by_value=True), values=fields.Enum(ConsentState, by_value=True)
    )


class ConsentsSchema(Schema):
    """Who takes part, what may be done now, and all that was said, oldest first."""

    people = fields.List(fields.Nested(ConsentingPersonSchema))
    allowed = fields.Dict(
        keys=fields.Enum(ConsentScope, by_value=True),
        values=fields.Boolean(),
        metadata={"description": "Whether everybody who takes part consents."},
    )
    history = fields.List(fields.Nested(ConsentEntrySchema))
    evidence = fields.List(fields.Nested(ConsentEvidenceSchema))
    is_part2 = fields.Boolean(
        metadata={"description": "Whether 42 CFR Part 2 protects all records of the patient."}
    )


class ParticipantCreateSchema(Schema):
    """Who takes part from now on."""

    name = Text(_LONGEST_NAME, required=True)


class Part2Schema(Schema):
    """Whether 42 CFR Part 2 protects the records of a patient or of a session."""

    is_part2 = YesNo(required=True)
