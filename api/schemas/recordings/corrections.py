"""What goes in and out as JSON for corrections of a transcript."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from shared.schemas.fields import Text, Whole
from shared.services.transcripts.corrections import Change

MOST_AT_ONCE = 200
_LONGEST = 20_000


class WordsChangeSchema(Schema):
    """What one segment is to say."""

    segment = Whole(
        required=True,
        validate=validate.Range(min=0, max=1_000_000),
        metadata={"description": "Its place in the transcript, from 0."},
    )
    was = fields.String(
        required=True,
        validate=validate.Length(max=_LONGEST),
        metadata={"description": "The text as you read it; if it reads differently, the answer is a 409."},
    )
    text = Text(
        _LONGEST,
        required=True,
        allow_none=True,
        metadata={"description": "What was said; null takes the correction back."},
    )
    speaker = Text(
        100,
        load_default=None,
        allow_none=True,
        metadata={"description": "The label of who said it; if left out, it stays."},
    )


class CorrectSchema(Schema):
    """Corrections, made one after the other."""

    corrections = fields.List(
        fields.Nested(WordsChangeSchema), required=True, validate=validate.Length(min=1, max=MOST_AT_ONCE)
    )

    @post_load
    def _as_changes(self, data: dict[str, Any], **_: Any) -> list[Change]:
        return [Change(**change) for change in data["corrections"]]


class CorrectedSchema(Schema):
    """Who corrected a segment and when, and what the engine had heard."""

    by = fields.UUID(metadata={"description": "The therapist."})
    at = fields.String(metadata={"format": "date-time"})
    heard = fields.String()


class CorrectionSchema(CorrectedSchema):
    """One corrected segment."""

    segment = fields.Integer()
    text = fields.String()
    speaker = fields.String(metadata={"description": "The label of who says it."})


class CorrectionsSchema(Schema):
    """The corrections of a session, by segment."""

    corrections = fields.List(fields.Nested(CorrectionSchema))
