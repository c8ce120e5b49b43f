"""What goes in and out as JSON for direct uploads."""

from marshmallow import Schema, fields, validate

from api.schemas.sessions import UploadFormSchema
from shared.schemas.fields import Text


class DirectUploadCreateSchema(UploadFormSchema):
    """A recording that is to be put into the bucket, and what comes with it."""

    patient_id = fields.UUID(required=True)
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
