"""The clinical notes of one session, and the words each part of them came from.

Design: no sentence in a note stands without the words it came from.

* Every item of every list carries ``evidence`` (what was said, where and when) and ``verified``
  (set by ``shared.domain.verification.evidence.verified`` alone). Lists of bare phrases are therefore lists
  of ``{text, evidence, verified}``. A risk flag's ``evidence`` is that same list.
* ``topic_summary``, ``therapist_notes`` and ``patient_summary`` are plain text. ``field_evidence``
  holds, under the same names, the sentences they are put together from (joined by one space), each
  with its evidence; for ``session_mood`` and ``mood_trajectory`` it holds the sentence that says why.
  A sentence is ``structural`` if it claims nothing that was said; only the sentences of
  ``shared.domain.verification.boilerplate`` may be; none of them says that something was not mentioned.
* ``risk_readers`` are the readers that the screen for risk had (absent in notes from before there were two).
* ``support`` says what ``verified`` rests on: ``claim_supported`` (what is claimed agrees with the quotes) or
  ``quote_found`` (the words were said, and little more is claimed; read the label beside them).
* ``by_clinician``: a clinician wrote it, and the transcript does not bear it out (never with ``verified``).
* ``schema_version`` is that of the release that stored the notes (``shared.domain.notes.stored``).
* ``words_changed``: the transcript was corrected, and does not bear the item out any more (never with
  ``verified``); what of its evidence is gone is marked ``changed``. With neither mark and not
  ``verified``, an engine wrote it, and the check of a later release does not let it stand.
* ``sections`` is what the ``template`` makes of all this, sentence by sentence (empty for ``default``).
* ``written_parts`` are the parts of a practice's own template that an engine was asked to write to
  their instructions; they are kept when the notes are put into another template and back.
* What could not be verified is in ``unsupported`` with the reason, and nowhere else.
* ``key_topics`` has three to seven items; fewer where a recording honestly supports fewer.
* ``patient_summary`` is empty until it is asked for (``shared.domain.notes.client_summary``).
* ``therapist_notes`` has 150 to 200 words in the normal case; a recording with next to no speech has less
  rather than anything invented, and so has a text from which verification removed a sentence.
"""

from marshmallow import Schema, fields, validate

from shared.domain.verification.boilerplate import RISK_LABELS
from shared.domain.verification.evidence import CANNOT_TELL
from shared.domain.verification.risk import LEVELS, READERS
from shared.schemas.note_items import (
    MANY,
    PASSAGE,
    PHRASE,
    ActionItemSchema,
    AppointmentSchema,
    EvidencedSchema,
    EvidenceSchema,
    GoalSchema,
    MeasureSchema,
    MedicationSchema,
    RiskActionSchema,
)

STRATEGY_STATUSES = ("introduced", "practiced", "assigned", "reviewed")
TRIGGER_SEVERITIES = ("mild", "moderate", "severe")
RISK_SEVERITIES = ("low", "medium", "high")
MOODS = ("very_low", "low", "neutral", "positive", "very_positive", CANNOT_TELL)
COLUMBIA_LEVELS = ("1", "2", "3", "4", "5", "preparation", "behaviour")
TRAJECTORIES = ("improving", "declining", "stable", "fluctuating", CANNOT_TELL)
MAX_TOPICS = 7


class TextItemSchema(EvidencedSchema):
    """A short phrase: a topic, an emotion, a concern."""

    text = fields.String(required=True, validate=validate.Length(min=1, max=1_000))


class StrategySchema(EvidencedSchema):
    """A technique that was spoken of, and how far it got in this session."""

    name = fields.String(required=True, validate=PHRASE)
    category = fields.String(required=True, validate=PHRASE)
    status = fields.String(required=True, validate=validate.OneOf(STRATEGY_STATUSES))
    context = fields.String(required=True, validate=PASSAGE)


class TriggerSchema(EvidencedSchema):
    """What set off distress."""

    trigger = fields.String(required=True, validate=validate.Length(min=1, max=1_000))
    context = fields.String(required=True, validate=PASSAGE)
    severity = fields.String(required=True, validate=validate.OneOf(TRIGGER_SEVERITIES))


class QuoteSchema(EvidencedSchema):
    """Words worth keeping; ``timestamp_start`` in seconds."""

    quote = fields.String(required=True, validate=PASSAGE)
    context = fields.String(required=True, validate=PASSAGE)
    timestamp_start = fields.Float(required=True, validate=validate.Range(min=0))


class RiskFlagSchema(EvidencedSchema):
    """A mention of risk, also one that was denied; a person judges it.

    ``speaker`` is the label of who said the first words of the evidence, ``about`` whose risk it is.
    ``asked_by_therapist``: the mention is a question and the evidence holds the answer, if one was
    found. ``figurative``: it may be a figure of speech. ``found_by``: ``engine``, ``screen`` (what runs over
    every transcript), or both; neither can remove what the other found. ``readers`` says which of them:
    ``rules``, ``local model`` (its words are only *like* words of this kind) or ``language model``.
    ``level``: ``look``, ``flag`` or ``alert``. ``question``: the question just before, if one was asked.
    Notes from before these fields existed lack them. ``columbia``:
    the highest level of the Columbia scale (C-SSRS) that the words can mean: ideation ``1`` to ``5``,
    ``preparation`` or ``behaviour``; a clinician rates, not we.
    """

    type = fields.String(required=True, validate=validate.OneOf(tuple(RISK_LABELS)))
    severity = fields.String(required=True, validate=validate.OneOf(RISK_SEVERITIES))
    negated = fields.Boolean(load_default=False)
    asked_by_therapist = fields.Boolean(load_default=False)
    temporality = fields.String(load_default="present", validate=validate.OneOf(("present", "past")))
    about = fields.String(load_default="unclear", validate=validate.OneOf(("self", "other", "unclear")))
    figurative = fields.Boolean(load_default=False)
    speaker = fields.String(load_default="", validate=validate.Length(max=100))
    found_by = fields.List(fields.String(validate=validate.OneOf(("engine", "screen"))), load_default=list)
    readers = fields.List(fields.String(validate=validate.OneOf(READERS)))
    level = fields.String(validate=validate.OneOf(LEVELS))
    question = fields.Nested(EvidenceSchema, allow_none=True)
    columbia = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(COLUMBIA_LEVELS))


class SentenceSchema(EvidencedSchema):
    """One sentence of a text with the words it came from."""

    sentence = fields.String(required=True, validate=PASSAGE)
    structural = fields.Boolean(load_default=False)


class SectionSchema(Schema):
    """One part of a template, such as the S of SOAP."""

    name = fields.String(required=True, validate=PHRASE)
    title = fields.String(required=True, validate=PHRASE)
    sentences = fields.List(fields.Nested(SentenceSchema), load_default=list, validate=MANY)


class WrittenPartSchema(SectionSchema):
    """A part of a practice's own ``template`` that an engine wrote, and the instruction that it followed."""

    template = fields.String(required=True, validate=PHRASE)
    instruction = fields.String(required=True, validate=PASSAGE)


class FieldEvidenceSchema(Schema):
    """The sentences that the plain texts are put together from."""

    topic_summary = fields.List(fields.Nested(SentenceSchema), load_default=list, validate=MANY)
    session_mood = fields.List(fields.Nested(SentenceSchema), load_default=list, validate=MANY)
    mood_trajectory = fields.List(fields.Nested(SentenceSchema), load_default=list, validate=MANY)
    therapist_notes = fields.List(fields.Nested(SentenceSchema), load_default=list, validate=MANY)
    patient_summary = fields.List(fields.Nested(SentenceSchema), load_default=list, validate=MANY)


class UnsupportedSchema(Schema):
    """What the transcript does not bear out: the field it was meant for, the item, and why."""

    field = fields.String(required=True, validate=PHRASE)
    item = fields.Dict(keys=fields.String(), required=True)
    reason = fields.String(required=True, validate=PASSAGE)


class PresentSchema(Schema):
    """Something that payers ask for and that was said, with the words; without: a clinician wrote it."""

    item = fields.String(required=True, validate=PHRASE)
    evidence = fields.List(fields.Nested(EvidenceSchema), required=True, validate=MANY)


class MissingSchema(Schema):
    """Something that payers ask for and that the clinician must add."""

    item = fields.String(required=True, validate=PHRASE)
    why = fields.String(required=True, validate=PASSAGE)


class CompletenessSchema(Schema):
    """What of a progress note is there and what is missing; nothing is made up to fill a gap."""

    present = fields.List(fields.Nested(PresentSchema), required=True, validate=MANY)
    missing = fields.List(fields.Nested(MissingSchema), required=True, validate=MANY)


class ReviewReasonSchema(Schema):
    """Why these notes need more than the usual care: a machine word and a sentence."""

    code = fields.String(required=True, validate=PHRASE)
    detail = fields.String(required=True, validate=PASSAGE)


class ProvenanceSchema(Schema):
    """What made the draft: engine, model, prompt, and what it took.

    ``parts``: in how many parts the transcript was read. ``deidentified``: identifiers that were found in it
    were replaced before the engine got it. Tokens and ``cost_usd`` are null where the
    server, or the settings, do not say.
    """

    engine = fields.String(required=True, validate=PHRASE)
    engine_version = fields.String(required=True, validate=PHRASE)
    model = fields.String(load_default=None, allow_none=True, validate=PHRASE)
    prompt_version = fields.String(load_default=None, allow_none=True, validate=PHRASE)
    prompt_sha256 = fields.String(load_default=None, allow_none=True, validate=PHRASE)
    parts = fields.Integer(load_default=1, validate=validate.Range(min=0))
    calls = fields.Integer(load_default=0, validate=validate.Range(min=0))
    input_tokens = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=0))
    output_tokens = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=0))
    cost_usd = fields.Float(load_default=None, allow_none=True, validate=validate.Range(min=0))
    deidentified = fields.Boolean()


class NotesSchema(Schema):
    """``extracted_notes``: see the module's docstring for the design."""

    schema_version = fields.Integer(validate=validate.Range(min=1))
    key_topics = fields.List(
        fields.Nested(TextItemSchema), required=True, validate=validate.Length(max=MAX_TOPICS)
    )
    topic_summary = fields.String(required=True, validate=PASSAGE)
    strategies = fields.List(fields.Nested(StrategySchema), required=True, validate=MANY)
    emotional_themes = fields.List(fields.Nested(TextItemSchema), required=True, validate=MANY)
    triggers = fields.List(fields.Nested(TriggerSchema), required=True, validate=MANY)
    action_items = fields.List(fields.Nested(ActionItemSchema), required=True, validate=MANY)
    significant_quotes = fields.List(fields.Nested(QuoteSchema), required=True, validate=MANY)
    session_mood = fields.String(required=True, validate=validate.OneOf(MOODS))
    mood_trajectory = fields.String(required=True, validate=validate.OneOf(TRAJECTORIES))
    follow_up_topics = fields.List(fields.Nested(TextItemSchema), required=True, validate=MANY)
    unresolved_concerns = fields.List(fields.Nested(TextItemSchema), required=True, validate=MANY)
    appointments = fields.List(fields.Nested(AppointmentSchema), required=True, validate=MANY)
    medications = fields.List(fields.Nested(MedicationSchema), required=True, validate=MANY)
    measures = fields.List(fields.Nested(MeasureSchema), required=True, validate=MANY)
    goals = fields.List(fields.Nested(GoalSchema), required=True, validate=MANY)
    protective_factors = fields.List(fields.Nested(TextItemSchema), required=True, validate=MANY)
    risk_actions = fields.List(fields.Nested(RiskActionSchema), required=True, validate=MANY)
    risk_flags = fields.List(fields.Nested(RiskFlagSchema), required=True, validate=MANY)
    risk_statement = fields.String(required=True, validate=PASSAGE)
    risk_readers = fields.List(fields.String(validate=validate.OneOf(READERS)))
    therapist_notes = fields.String(required=True, validate=validate.Length(max=20_000))
    patient_summary = fields.String(required=True, validate=validate.Length(max=20_000))
    field_evidence = fields.Nested(FieldEvidenceSchema, required=True)
    sections = fields.List(fields.Nested(SectionSchema), validate=validate.Length(max=30))
    written_parts = fields.List(fields.Nested(WrittenPartSchema), validate=validate.Length(max=30))
    unsupported = fields.List(fields.Nested(UnsupportedSchema), load_default=list)
    needs_review = fields.Boolean(load_default=False)
    review_reasons = fields.List(fields.Nested(ReviewReasonSchema), load_default=list, validate=MANY)
    completeness = fields.Nested(CompletenessSchema, load_default=None, allow_none=True)
    provenance = fields.Nested(ProvenanceSchema, load_default=None, allow_none=True)
    draft = fields.Boolean(load_default=True)
    engine = fields.String(required=True, validate=PHRASE)
    template = fields.String(load_default="default", validate=PHRASE)
