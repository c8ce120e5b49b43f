"""What goes in and out as JSON: errors, pages, patients, keys."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from shared.domain.disclosures import PURPOSES, RECIPIENTS
from shared.schemas.fields import Moment, Text, Whole
from shared.services.access.caller import Scope
from shared.services.accounts import key_networks
from shared.services.paging import DEFAULT_LIMIT, MAX_LIMIT
from shared.services.patients import CONSENT_METHODS

_LONGEST_NAME = 300


class ProblemSchema(Schema):
    """An error (RFC 9457)."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "What was wrong and what to do."})
    code = fields.String(required=True, metadata={"description": "A stable machine word."})
    request_id = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), metadata={"description": "Messages by field."})


class PageQuerySchema(Schema):
    """Which part of a list is wanted."""

    limit = fields.Integer(
        load_default=DEFAULT_LIMIT,
        metadata={"minimum": 1, "maximum": MAX_LIMIT, "description": "Out of range is a 400."},
    )
    cursor = fields.String(
        load_default=None,
        allow_none=False,
        validate=validate.Length(min=1),
        metadata={"description": "Of the `Link` of a page with the same filters; opaque."},
    )


class GivenToSchema(Schema):
    """To whom an export goes, and why, in words of ours: addresses are logged on their way."""

    recipient = fields.String(load_default=None, validate=validate.OneOf(RECIPIENTS))
    purpose = fields.String(load_default=None, validate=validate.OneOf(PURPOSES))


class ConsentSchema(Schema):
    """The consent to be recorded. ``given_on`` and ``method`` come together."""

    given_on = Moment(allow_none=True, metadata={"description": "When; goes with `method`."})
    method = fields.String(
        allow_none=True,
        validate=validate.OneOf(CONSENT_METHODS),
        metadata={"description": "How; goes with `given_on`."},
    )
    revoked_on = Moment(
        allow_none=True,
        metadata={"description": "Not before the day of `given_on`; once set, uploads are refused."},
    )


class ConsentGivenSchema(ConsentSchema):
    """The consent of a new patient: given, with its day and its method, or not yet."""


class PatientChangeSchema(Schema):
    """What of a patient may be changed."""

    name = Text(_LONGEST_NAME)
    consent = fields.Nested(ConsentSchema)

    @validates_schema
    def _not_empty(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("Name at least one field to change.")


class PatientCreateSchema(PatientChangeSchema):
    """A new patient."""

    name = Text(_LONGEST_NAME, required=True)
    consent = fields.Nested(ConsentGivenSchema)


class PatientSchema(Schema):
    """A patient."""

    id = fields.UUID()
    name = fields.String()
    consent = fields.Nested(ConsentSchema)
    created_at = Moment()
    updated_at = Moment()


def networks_field() -> Any:
    """The networks that a new key is taken from."""
    return fields.List(
        Text(50),
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=1, max=key_networks.MOST),
        metadata={
            "description": "The key is taken from these networks only (CIDR; of IPv6 /64 or larger). "
            "From anywhere if not said."
        },
    )


class KeyCreateSchema(Schema):
    """A new API key of the caller's own; any other ``therapist_id`` is refused."""

    therapist_id = fields.UUID(load_default=None)
    scopes = fields.List(
        fields.Enum(Scope, by_value=True),
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=1),
        metadata={"description": "Of those that the person may have; all usual ones if not said."},
    )
    label = Text(100, may_be_empty=True, load_default="")
    expires_in_days = Whole(load_default=90, metadata={"minimum": 1, "maximum": 365})
    networks = networks_field()


class KeySchema(Schema):
    """An API key, without what makes it one."""

    id = fields.UUID()
    therapist_id = fields.UUID()
    prefix = fields.String()
    label = fields.String()
    scopes = fields.List(fields.String())
    networks = fields.List(fields.String(), allow_none=True)
    created_at = Moment()
    expires_at = Moment(allow_none=True)
    revoked_at = Moment(allow_none=True)
    last_used_at = Moment(allow_none=True)


class NewKeySchema(KeySchema):
    """A key just made: the only time that ``key`` is shown. A repeated request shows null."""

    key = fields.String(allow_none=True)


class CallerSchema(Schema):
    """Whose key was sent, and what it may do."""

    practice_id = fields.UUID()
    therapist_id = fields.UUID()
    role = fields.String()
    scopes = fields.List(fields.String())
    key_id = fields.UUID()
