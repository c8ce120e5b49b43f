"""What goes in and out as JSON about the engines of a practice."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from shared.schemas.fields import ENGINE_NAME, Moment, Text, Word
from shared.services.engines.practice_engines import LONGEST_WORD, MOST_WORDS


class EnginesSchema(Schema):
    """What the practice chose, beside what the server offers."""

    transcriber = fields.String(
        allow_none=True, metadata={"description": "The practice's choice; null: the server's, `usual`."}
    )
    usual = fields.String(metadata={"description": "The server's default, for practices that chose none."})
    offered = fields.List(fields.String(), metadata={"description": "What may be chosen here."})
    sends_away = fields.List(
        fields.String(),
        metadata={"description": "Those of them that send recordings to computers of others."},
    )
    vocabulary = fields.List(fields.String())
    away_allowed = fields.Function(lambda engines: engines.away_allowed_at is not None)
    away_allowed_at = Moment(allow_none=True)
    away_allowed_by = fields.UUID(allow_none=True)


class EnginesChangeSchema(Schema):
    """What of the choice may be changed."""

    transcriber = Word(ENGINE_NAME, allow_none=True)
    vocabulary = fields.List(
        Text(LONGEST_WORD),
        validate=validate.Length(max=MOST_WORDS),
        metadata={"description": "Words that every recording may hold: drugs, places, people."},
    )
    away_allowed = fields.Boolean(
        truthy={True},
        falsy={False},
        metadata={"description": "Whether recordings, and what was said, may go to computers of others."},
    )

    @validates_schema
    def _not_empty(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("Name at least one field to change.")
