"""What goes in and out as JSON about people and the rotation of keys."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from api.schemas.core import networks_field
from shared.domain.preferences import SPEEDS, THEMES
from shared.schemas.fields import Moment, Text, Whole, YesNo
from shared.services.access.caller import Scope
from shared.services.accounts.accounts import ADMINISTRATOR, DEFAULT_EXPIRY_DAYS, MAX_EXPIRY_DAYS, THERAPIST
from shared.services.accounts.rotation_overlap import DEFAULT_OVERLAP_HOURS, MAX_OVERLAP_HOURS

_LONGEST_NAME = 100


class TherapistSchema(Schema):
    """A person of the practice."""

    id = fields.UUID()
    name = fields.String()
    role = fields.String()
    supervisor_id = fields.UUID(
        allow_none=True, metadata={"description": "Who co-signs what this therapist signs."}
    )
    created_at = Moment()
    disabled_at = Moment(allow_none=True)


class ProviderRolesSchema(Schema):
    """Which claim of the provider's token gives the practice's people their roles."""

    claim = Text(
        200,
        required=True,
        allow_none=True,
        metadata={"description": "Its name, or a path with dots; null: roles are set here alone."},
    )
    therapists = Text(
        200, load_default=None, allow_none=True, metadata={"description": "The value that makes a therapist."}
    )
    administrators = Text(
        200,
        load_default=None,
        allow_none=True,
        metadata={"description": "The value that makes an administrator; null: the provider makes none."},
    )

    @validates_schema
    def _whole(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("claim") is not None and data.get("therapists") is None:
            raise ValidationError("Say which value makes a therapist.", "therapists")


class PreferencesSchema(Schema):
    """How a person likes the pages."""

    theme = fields.String(metadata={"description": "`system`: as the browser and its system have it."})
    playback_speed = fields.Float()


class PreferencesChangeSchema(Schema):
    """What a person chooses; what is left out stays."""

    theme = fields.String(validate=validate.OneOf(THEMES))
    playback_speed = fields.Float(validate=validate.OneOf(SPEEDS))

    @validates_schema
    def _not_empty(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("Send a theme, a playback speed or both.")


class TherapistCreateSchema(Schema):
    """A new person."""

    name = Text(_LONGEST_NAME, required=True)
    role = fields.String(load_default=THERAPIST, validate=validate.OneOf((ADMINISTRATOR, THERAPIST)))


class TherapistChangeSchema(Schema):
    """What of a person may be changed."""

    name = Text(_LONGEST_NAME)
    disabled = YesNo()
    supervisor_id = fields.UUID(
        allow_none=True, metadata={"description": "Another active therapist; null: no co-signature."}
    )

    @validates_schema
    def _not_empty(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("Name at least one field to change.")


class RotateSchema(Schema):
    """For how long the old key still works, and how long the new one lasts."""

    overlap_hours = Whole(
        load_default=DEFAULT_OVERLAP_HOURS, metadata={"minimum": 0, "maximum": MAX_OVERLAP_HOURS}
    )
    expires_in_days = Whole(
        load_default=DEFAULT_EXPIRY_DAYS, metadata={"minimum": 1, "maximum": MAX_EXPIRY_DAYS}
    )


class EnrolmentCodeSchema(Schema):
    """A one-time code, shown once."""

    therapist_id = fields.UUID()
    code = fields.String()
    expires_at = Moment()


class RedeemSchema(Schema):
    """An enrolment code, and the key that is wanted for it."""

    code = Text(100, required=True)
    scopes = fields.List(
        fields.Enum(Scope, by_value=True),
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=1),
        metadata={"description": "Of those that the person may have; the usual ones and `keys` if not said."},
    )
    label = Text(100, may_be_empty=True, load_default="")
    expires_in_days = Whole(
        load_default=DEFAULT_EXPIRY_DAYS, metadata={"minimum": 1, "maximum": MAX_EXPIRY_DAYS}
    )
    networks = networks_field()
