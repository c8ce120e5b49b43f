"""What goes in as JSON, and in forms, for what is off the record."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from shared.domain.transcripts.off_record import MOST_RANGES, Ranges, merged, parsed

_LONGEST_SECONDS = 86_400.0


class RangeSchema(Schema):
    """A stretch of the recording, in seconds from its start."""

    start = fields.Float(
        required=True,
        validate=validate.Range(min=0, max=_LONGEST_SECONDS),
        metadata={"description": "Before `end`."},
    )
    end = fields.Float(
        required=True, validate=validate.Range(min=0, min_inclusive=False, max=_LONGEST_SECONDS)
    )

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        if data["start"] >= data["end"]:
            raise ValidationError("Must be after the start.", "end")


class OffTheRecordSchema(Schema):
    """What is to be taken out of a session."""

    ranges = fields.List(
        fields.Nested(RangeSchema), required=True, validate=validate.Length(min=1, max=MOST_RANGES)
    )
    keep_signed_notes = fields.Boolean(
        load_default=False,
        metadata={"description": "Keep signed notes unchanged. Default: refuse with a 409."},
    )

    @post_load
    def _merged(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**data, "ranges": merged((one["start"], one["end"]) for one in data["ranges"])}


class RangesText(fields.Field[Ranges]):
    """Ranges as people write them, in a form: ``12:30-13:05, 1:02:00-1:02:30``."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Ranges:
        try:
            found = parsed(str(value))
        except ValueError:
            raise ValidationError("Must be ranges such as `12:30-13:05, 1:02:00-1:02:30`.") from None
        if len(found) > MOST_RANGES:
            raise ValidationError(f"Must be {MOST_RANGES} ranges at most.")
        return found
