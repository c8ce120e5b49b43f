"""Items of the notes that show the words they came from: evidence, and what was agreed and told."""

from marshmallow import Schema, fields, validate

from shared.domain.verification.acceptance import AGREEMENTS, OPEN
from shared.domain.verification.evidence import SUPPORTS

MEDICATION_CHANGES = (
    "not_said", "started", "increased", "reduced", "stopped", "restarted", "switched", "unchanged",
)  # fmt: skip
ADHERENCES = ("not_said", "taken", "missed")
PROGRESSES = ("not_said", "forward", "no_change", "back", "reached")
RISK_ACTIONS = ("safety_plan", "means", "report", "crisis_contact", "referral", "check_in")

PHRASE = validate.Length(min=1, max=300)
PASSAGE = validate.Length(max=4_000)
MANY = validate.Length(max=200)


class EvidenceSchema(Schema):
    """What was said: the segment's index, the times (seconds) and the exact words."""

    segment = fields.Integer(required=True, strict=True, validate=validate.Range(min=0))
    start = fields.Float(required=True, validate=validate.Range(min=0))
    end = fields.Float(required=True, validate=validate.Range(min=0))
    quote = fields.String(required=True, validate=PASSAGE)
    changed = fields.Boolean()


class EvidencedSchema(Schema):
    """Anything that has to show the words it came from."""

    evidence = fields.List(fields.Nested(EvidenceSchema), required=True, validate=MANY)
    verified = fields.Boolean(load_default=False)
    by_clinician = fields.Boolean()
    words_changed = fields.Boolean()
    support = fields.String(validate=validate.OneOf(SUPPORTS))


class ActionItemSchema(EvidencedSchema):
    """What is to be done until the next session.

    ``agreement``: the client ``accepted`` it, left it ``open``, or the ``therapist`` does it. What the
    client turned down is no task.
    """

    task = fields.String(required=True, validate=validate.Length(min=1, max=1_000))
    category = fields.String(required=True, validate=PHRASE)
    details = fields.String(required=True, validate=PASSAGE)
    agreement = fields.String(load_default=OPEN, validate=validate.OneOf(AGREEMENTS))


class AppointmentSchema(EvidencedSchema):
    """When the next session is, in the words that both sides used last."""

    when = fields.String(required=True, validate=PHRASE)
    agreement = fields.String(load_default=OPEN, validate=validate.OneOf(AGREEMENTS))
    details = fields.String(required=True, validate=PASSAGE)


class MedicationSchema(EvidencedSchema):
    """A drug that was spoken of: dose and effects as they were said, empty where they were not."""

    drug = fields.String(required=True, validate=PHRASE)
    dose = fields.String(required=True, validate=validate.Length(max=300))
    change = fields.String(required=True, validate=validate.OneOf(MEDICATION_CHANGES))
    adherence = fields.String(required=True, validate=validate.OneOf(ADHERENCES))
    side_effect = fields.String(required=True, validate=PASSAGE)
    effect = fields.String(required=True, validate=PASSAGE)


class MeasureSchema(EvidencedSchema):
    """A questionnaire or rating whose score was named aloud."""

    name = fields.String(required=True, validate=PHRASE)
    score = fields.String(required=True, validate=PHRASE)
    details = fields.String(required=True, validate=PASSAGE)


class GoalSchema(EvidencedSchema):
    """What therapy is to reach, and what was said of how far it got."""

    goal = fields.String(required=True, validate=validate.Length(min=1, max=1_000))
    progress = fields.String(required=True, validate=validate.OneOf(PROGRESSES))
    details = fields.String(required=True, validate=PASSAGE)


class RiskActionSchema(EvidencedSchema):
    """What was done or agreed about a risk: a safety plan, means put away, a service called."""

    action = fields.String(required=True, validate=validate.Length(min=1, max=1_000))
    kind = fields.String(required=True, validate=validate.OneOf(RISK_ACTIONS))
    agreement = fields.String(load_default=OPEN, validate=validate.OneOf(AGREEMENTS))
