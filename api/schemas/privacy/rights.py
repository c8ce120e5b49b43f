"""What goes in and out as JSON for what patients ask of their records."""

from marshmallow import Schema, fields, validate

from shared.domain.rights import RequestKind, RequestStatus
from shared.schemas.fields import Moment, Text

_LONGEST = 20_000
SHORTEST_PASSWORD = 20  # the ZIP format derives its key in 1,000 rounds: the password must make up for that


class RightsRequestCreateSchema(Schema):
    """What a patient asks for."""

    kind = fields.Enum(RequestKind, by_value=True, required=True)
    words = Text(_LONGEST, lines=True, required=True, metadata={"description": "In the patient's own words."})
    session_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "Whose notes; needed for `amendment`."},
    )
    received_at = Moment(load_default=None, metadata={"description": "Not in the future. Default: now."})


class RightsRequestSchema(Schema):
    """A request, and what became of it."""

    id = fields.UUID()
    kind = fields.Enum(RequestKind, by_value=True)
    status = fields.Enum(RequestStatus, by_value=True)
    session_id = fields.UUID(allow_none=True)
    words = fields.String()
    answer = fields.String(allow_none=True)
    received_at = Moment()
    due_at = Moment()
    decided_at = Moment(allow_none=True)


class DecisionSchema(Schema):
    """What becomes of a request."""

    status = fields.Enum(
        RequestStatus,
        by_value=True,
        required=True,
        validate=validate.NoneOf([RequestStatus.OPEN]),
        metadata={"description": "`ended` is for a restriction that was agreed to."},
    )
    answer = Text(
        _LONGEST,
        lines=True,
        load_default=None,
        allow_none=True,
        metadata={"description": "What the patient gets to read; needed for `denied`."},
    )


class PackageSchema(Schema):
    """How a copy of the record is to be encrypted."""

    password = fields.String(
        required=True,
        validate=[
            validate.Length(min=SHORTEST_PASSWORD, max=200),
            validate.Regexp(r"[!-~]+\Z", error="Must be of printable ASCII characters without blanks."),
        ],
        metadata={
            "pattern": "^[!-~]+$",
            "description": "Give it to the patient by another way than the file.",
        },
    )
    request_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "The request for access that this fulfils, once all was sent."},
    )
