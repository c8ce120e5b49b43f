"""What goes in and out as JSON about legal holds and rules of retention."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from shared.domain.retention import BIRTH_YEARS, MOST_DAYS, MOST_GRACE_DAYS, RetentionEvent, RetentionKind
from shared.schemas.fields import Moment, Text, Whole


class HoldQuerySchema(Schema):
    """Which holds are wanted."""

    lifted = fields.Boolean(
        load_default=False,
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "`true`: also those that were lifted."},
    )


class HoldReviewSchema(Schema):
    """When a hold is looked at again."""

    review_on = fields.Date(required=True, metadata={"description": "A day from today on."})


class HoldCreateSchema(HoldReviewSchema):
    """A new hold on a patient with all sessions, or on one session."""

    patient_id = fields.UUID()
    session_id = fields.UUID()
    matter = Text(200, required=True, metadata={"description": "The case, as the practice files it."})
    reason = Text(2000, lines=True, required=True)

    @validates_schema
    def _one_target(self, data: dict[str, Any], **_: Any) -> None:
        if ("patient_id" in data) == ("session_id" in data):
            raise ValidationError("Name either patient_id or session_id.")


class HoldSchema(Schema):
    """A legal hold."""

    id = fields.UUID()
    patient_id = fields.UUID()
    session_id = fields.UUID(allow_none=True, metadata={"description": "null: the whole patient is on hold."})
    matter = fields.String(allow_none=True, metadata={"description": "null once the patient is deleted."})
    reason = fields.String(allow_none=True)
    review_on = fields.Date()
    review_due = fields.Boolean()
    placed_by = fields.UUID()
    placed_at = Moment()
    lift_asked_by = fields.UUID(allow_none=True, metadata={"description": "Another administrator confirms."})
    lift_asked_at = Moment(allow_none=True)
    lifted_by = fields.UUID(allow_none=True)
    lifted_at = Moment(allow_none=True)


class RetentionRuleSetSchema(Schema):
    """How long one kind of record is kept."""

    event = fields.Enum(RetentionEvent, by_value=True, required=True)
    days = Whole(
        required=True,
        validate=validate.Range(0, MOST_DAYS),
        metadata={"description": "Kept for so many days after the event."},
    )
    grace_days = Whole(
        load_default=7,
        validate=validate.Range(0, MOST_GRACE_DAYS),
        metadata={"description": "Then, or from when the rule was set, what is due waits for so long."},
    )


class RetentionRuleSchema(RetentionRuleSetSchema):
    """A rule of the practice."""

    kind = fields.Enum(RetentionKind, by_value=True)
    changed_by = fields.UUID()
    changed_at = Moment()
    suspended_at = Moment(
        allow_none=True,
        metadata={"description": "Since a restore it removes nothing, until it is set again."},
    )


class PreviewQuerySchema(Schema):
    """How far to look ahead."""

    days = fields.Integer(load_default=1, validate=validate.Range(0, 366))


class DueSchema(Schema):
    """What a rule removes of a session, when, and what keeps it all the same."""

    kind = fields.Enum(RetentionKind, by_value=True)
    session_id = fields.UUID()
    patient_id = fields.UUID()
    event_at = Moment(metadata={"description": "When the event was from which the days count."})
    remove_at = Moment()
    on_hold = fields.Boolean(metadata={"description": "A legal hold keeps it."})
    kept_until = fields.Date(allow_none=True, metadata={"description": "An exception for the patient."})


class TrailDueSchema(Schema):
    """What goes of the audit trail next."""

    lines = fields.Integer()
    upto = Moment(allow_none=True, metadata={"description": "They were written before this time."})
    is_blocked = fields.Boolean(
        metadata={"description": "A hold or an exception keeps the next lines, and all after them."}
    )


class PreviewSchema(Schema):
    """What would go."""

    due = fields.List(fields.Nested(DueSchema))
    without_birth_year = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "By kind: sessions kept because the year of birth is not known."},
    )
    is_cut = fields.Boolean(metadata={"description": "There is more than is shown."})
    trail = fields.Nested(TrailDueSchema, allow_none=True, metadata={"description": "null: no rule for it."})


class PatientRetentionSchema(Schema):
    """What rules of retention know of one patient."""

    birth_year = Whole(required=True, allow_none=True, validate=validate.Range(*BIRTH_YEARS))
    keep_until = fields.Date(
        required=True,
        allow_none=True,
        metadata={"description": "Until the end of that day no rule removes anything of the patient."},
    )
