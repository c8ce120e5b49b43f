"""What goes in and out as JSON about webhooks."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from api.schemas.core import PageQuerySchema
from shared.domain.webhooks import SUBSCRIBABLE, USUAL, DeliveryState, EventType
from shared.schemas.fields import Moment, Text, Whole
from shared.services.accounts.rotation_overlap import DEFAULT_OVERLAP_HOURS, MAX_OVERLAP_HOURS
from shared.services.webhooks.endpoints import LONGEST_URL

_LONGEST_LABEL = 100
_EVENT_WORDS = sorted(event.value for event in SUBSCRIBABLE)


class Events(fields.List[str]):
    """Kinds of events that an endpoint may want: at least one, each once."""

    def __init__(self, **options: Any) -> None:
        word = fields.String(validate=validate.OneOf(_EVENT_WORDS))
        metadata = {"uniqueItems": True}
        super().__init__(word, validate=validate.Length(min=1), metadata=metadata, **options)

    def _deserialize(self, *arguments: Any, **options: Any) -> Any:
        words = super()._deserialize(*arguments, **options) or []
        if len(set(words)) != len(words):
            raise ValidationError("Names an event twice.")
        return frozenset(EventType(word) for word in words if word)


class WebhookChangeSchema(Schema):
    """What of a webhook may be changed."""

    url = Text(LONGEST_URL, metadata={"description": "https, and no private address."})
    label = Text(_LONGEST_LABEL, may_be_empty=True)
    events = Events()
    paused = fields.Boolean(
        truthy={True},
        falsy={False},
        metadata={"description": "False sends what waits, with a new set of attempts."},
    )

    @validates_schema
    def _not_empty(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("Name at least one field to change.")


class WebhookCreateSchema(Schema):
    """A new webhook. ``session.risk_found`` is sent only where it is asked for by name."""

    url = Text(LONGEST_URL, required=True, metadata={"description": "https, and no private address."})
    label = Text(_LONGEST_LABEL, may_be_empty=True, load_default="")
    events = Events(load_default=USUAL, dump_default=sorted(event.value for event in USUAL))


class WebhookSchema(Schema):
    """An endpoint that is told what happens to sessions."""

    id = fields.UUID()
    url = fields.String()
    label = fields.String()
    events = fields.List(fields.String())
    paused = fields.String(
        allow_none=True,
        metadata={
            "description": "Why nothing is sent: `requested`, `failing` (for days), `gone` (it said 410)."
        },
    )
    paused_at = Moment(allow_none=True)
    failing_since = Moment(allow_none=True)
    created_at = Moment()
    old_secret_until = Moment(allow_none=True)


class NewSecretSchema(WebhookSchema):
    """With the signing secret, which is shown this once. A repeated request shows null."""

    secret = fields.String(allow_none=True)


class RotateSecretSchema(Schema):
    """For how long the old secret signs too."""

    overlap_hours = Whole(
        load_default=DEFAULT_OVERLAP_HOURS, metadata={"minimum": 0, "maximum": MAX_OVERLAP_HOURS}
    )


class AttemptSchema(Schema):
    """One attempt: the answer's status, or the word for why there was none."""

    at = Moment()
    milliseconds = fields.Integer()
    http_status = fields.Integer(allow_none=True)
    error = fields.String(allow_none=True)


class DeliverySchema(Schema):
    """One message to the endpoint, with every attempt. ``message_id`` is its ``webhook-id``."""

    id = fields.UUID()
    message_id = fields.UUID()
    type = fields.String()
    session_id = fields.UUID(allow_none=True)
    state = fields.String()
    created_at = Moment()
    next_attempt_at = Moment(allow_none=True)
    ended_at = Moment(allow_none=True)
    attempts = fields.List(fields.Nested(AttemptSchema))


class DeliveryQuerySchema(PageQuerySchema):
    """Which deliveries are wanted."""

    state = fields.Enum(DeliveryState, by_value=True, load_default=None)


class ReplaySchema(Schema):
    """From when on failed messages are sent again."""

    since = Moment(required=True)


class ReplayedSchema(Schema):
    """How many messages are sent again."""

    count = fields.Integer()
