"""What goes in and out as JSON for what patients ask of their records."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from shared.domain.errors import InvalidInput
from shared.domain.rights import PackageForm, PackageState, RequestKind, RequestStatus
from shared.schemas.fields import Moment, Text
from shared.services.operations import encrypted_backups
from shared.services.rights.packages import Lock

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


class PackageRequestSchema(Schema):
    """How a copy of the record is to be encrypted: with a password, or to a recipient's public key."""

    password = fields.String(
        load_default=None,
        validate=[
            validate.Length(min=SHORTEST_PASSWORD, max=200),
            validate.Regexp(r"[!-~]+\Z", error="Must be of printable ASCII characters without blanks."),
        ],
        metadata={
            "pattern": "^[!-~]+$",
            "description": "Of an AES-256 ZIP file. Give it to the patient by another way than the file.",
        },
    )
    recipient = fields.String(
        load_default=None,
        validate=validate.Regexp(r"age1[0-9a-z]{8,200}\Z"),
        metadata={
            "pattern": "^age1[0-9a-z]{8,200}$",
            "description": "A public key that begins with `age1`: the ZIP file is then encrypted with age.",
        },
    )
    request_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "The request for access that this fulfils, once all was fetched."},
    )

    @validates_schema
    def _one_of_both(self, data: dict[str, Any], **_: Any) -> None:
        if (data["password"] is None) == (data["recipient"] is None):
            raise ValidationError({"password": ["Give either a password or a recipient."]})
        if data["recipient"] is not None:
            try:
                encrypted_backups.recipients([data["recipient"]])
            except InvalidInput as error:
                raise ValidationError({"recipient": [str(error)]}) from None

    @post_load
    def _as_lock(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        form = PackageForm.AGE if data["password"] is None else PackageForm.ZIP
        return {"lock": Lock(form, data["password"] or data["recipient"]), "request_id": data["request_id"]}


class PackageSchema(Schema):
    """A copy of the record, and how far it is."""

    id = fields.UUID()
    state = fields.Enum(PackageState, by_value=True)
    form = fields.Enum(PackageForm, by_value=True)
    code = fields.String(
        allow_none=True, metadata={"description": "Why it ended; `docs/privacy.md` has them."}
    )
    request_id = fields.UUID(allow_none=True)
    parts_done = fields.Integer(
        metadata={"description": "Sessions that are in the file, and the rest as one."}
    )
    parts_total = fields.Integer(allow_none=True, metadata={"description": "Null before it is begun."})
    bytes = fields.Integer(allow_none=True)
    created_at = Moment()
    ready_at = Moment(allow_none=True)
    expires_at = Moment(allow_none=True)
    fetched_at = Moment(allow_none=True)
    ended_at = Moment(allow_none=True)
