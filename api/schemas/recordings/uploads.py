"""What comes with a recording, and what goes out as JSON for uploads."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from api.schemas.recordings.off_record import RangesText
from api.schemas.recordings.sessions import TEMPLATE_NAME
from shared.schemas.fields import ENGINE_NAME, Moment, Text, Word


class UnfinishedUploadSchema(Schema):
    """A resumable upload that is not whole yet."""

    id = fields.UUID()
    patient_id = fields.UUID()
    offset = fields.Integer(metadata={"description": "How many bytes are stored."})
    length = fields.Integer(
        allow_none=True, metadata={"description": "How many it will have; null where that follows."}
    )
    created_at = Moment()
    stored_at = Moment(metadata={"description": "When the last part came."})
    expires_at = Moment()


class UploadLimitsSchema(Schema):
    """What this server accepts; the content of a file decides, not its name."""

    extensions = fields.List(fields.String(), metadata={"description": "How a file's name may end."})
    max_bytes = fields.Integer()
    max_seconds = fields.Integer(metadata={"description": "Of sound, decoded."})
    uploads_per_hour = fields.Integer(metadata={"description": "Of one person, accepted."})
    attempts_per_hour = fields.Integer(metadata={"description": "Of one person, refused ones included."})
    uploads_at_once = fields.Integer(
        metadata={"description": "Of one person in one API process; a practice may have three times as many."}
    )


class UploadQuerySchema(Schema):
    """The patient, which may also be named in the form. Other parameters are refused: see uploads/query."""

    patient_id = fields.UUID(load_default=None)


class UploadFormSchema(Schema):
    """What may come with a recording."""

    patient_id = fields.UUID()
    joins = fields.UUID(
        metadata={
            "description": "The session that this recording continues. Nothing but `patient_id` may come "
            "with it: the rest is the session's."
        }
    )
    session_date = Moment(metadata={"description": "UTC if without a zone; now if not said."})
    template = Word(
        TEMPLATE_NAME,
        metadata={"description": "Of `GET /api/templates`; else the one that the practice usually uses."},
    )
    speakers = fields.Integer(
        validate=validate.Range(min=1, max=6),
        metadata={
            "description": "How many people speak, 2 if not said; a guess that is too high does little."
        },
    )
    language = Word(
        r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$",
        metadata={"description": "A tag such as `en-GB`; the model tiny.en knows English only."},
    )
    transcriber = Word(
        ENGINE_NAME,
        metadata={"description": "The speech engine, of those that the server offers; else the practice's."},
    )
    off_the_record = RangesText(
        metadata={"description": "Stretches to be silenced before all else: `12:30-13:05, 1:02:00-1:02:30`."}
    )
    external_id = Text(
        200,
        metadata={
            "description": "Your own reference, to find the session by: it comes in addresses. No names."
        },
    )
    vocabulary = Text(
        4000,
        lines=True,
        metadata={"description": "Words to expect, separated by commas or line breaks."},
    )

    @post_load
    def _words(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "vocabulary" in data:
            words = data["vocabulary"].replace("\r", ",").replace("\n", ",").split(",")
            data["vocabulary"] = tuple(word.strip() for word in words if word.strip())
        return data


class UploadBodySchema(UploadFormSchema):
    """An upload as it is documented: the file itself is streamed past the schema."""

    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class DirectUploadCreateSchema(UploadFormSchema):
    """A recording that is to be put into the bucket, and what comes with it."""

    file_name = Text(255, required=True)
    file_type = Text(255, required=True, metadata={"description": "Its media type, such as `audio/mpeg`."})
    bytes = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=0, max=10**17),
        metadata={"description": "The recording's size; no other will be taken."},
    )


class DirectUploadSchema(Schema):
    """An upload that was announced; ``url``, ``fields`` and ``send_until`` are null once it is a session."""

    id = fields.UUID(required=True)
    bytes = fields.Integer(required=True)
    url = fields.Url(
        required=True,
        allow_none=True,
        metadata={"description": "POST a `multipart/form-data` here: the `fields`, then the `file`, last."},
    )
    fields_ = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True, allow_none=True, data_key="fields"
    )
    send_until = fields.DateTime(required=True, allow_none=True)
    session_id = fields.UUID(required=True, allow_none=True, metadata={"description": "Once it is one."})
