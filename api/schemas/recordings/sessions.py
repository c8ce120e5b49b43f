"""What goes in and out as JSON for sessions and what is made of them."""

from marshmallow import Schema, fields, validate

from api.schemas.core import GivenToSchema, PageQuerySchema
from api.schemas.recordings.corrections import CorrectedSchema
from api.schemas.recordings.speakers import SpeakerSchema
from shared.domain.status import Status
from shared.schemas.fields import AsStored, Moment, Text, Word
from shared.schemas.notes import NotesSchema

TEMPLATE_NAME = r"^[a-z][a-z0-9-]{0,39}$"


class ErrorSchema(Schema):
    """Why a session failed."""

    code = fields.String()
    message = fields.String(allow_none=True)


class SessionSummarySchema(Schema):
    """A session in a list."""

    id = fields.UUID()
    patient_id = fields.UUID()
    therapist_id = fields.UUID()
    session_date = Moment()
    external_id = fields.String(
        allow_none=True, metadata={"description": "The client's own reference, given at the upload."}
    )
    status = fields.String(validate=validate.OneOf([status.value for status in Status]))
    progress = fields.Integer(
        metadata={
            "minimum": 0,
            "maximum": 100,
            "description": "Percent of the work; transcription is nine tenths, by the length of the speech.",
        }
    )
    seconds_left = fields.Integer(
        allow_none=True,
        metadata={
            "minimum": 0,
            "description": "An estimate for the rest of the transcription, at its present pace; null before "
            "there is one, while no worker has the step, and afterwards.",
        },
    )
    duration_seconds = fields.Float(allow_none=True)
    audio_filename = fields.String(allow_none=True)
    audio_url = fields.String(allow_none=True)
    audio_sha256 = fields.String(allow_none=True)
    audio_bytes = fields.Integer()
    error = fields.Nested(ErrorSchema, allow_none=True)
    created_at = Moment()
    updated_at = Moment()
    processed_at = Moment(allow_none=True)


class WordSchema(Schema):
    """One word, where the engine gives words."""

    text = fields.String()
    start = fields.Float()
    end = fields.Float()
    confidence = fields.Float(allow_none=True)


class SegmentSchema(Schema):
    """What one speaker said without a break, in seconds of the uploaded recording."""

    start = fields.Float()
    end = fields.Float()
    text = fields.String()
    speaker = fields.String()


class TranscriptSegmentSchema(SegmentSchema):
    """A segment with its words."""

    confidence = fields.Float(allow_none=True)
    words = fields.List(fields.Nested(WordSchema))
    corrected = fields.Nested(CorrectedSchema)


class UsageSchema(Schema):
    """What one engine was asked for a transcript."""

    engine = fields.String()
    calls = fields.Integer()
    audio_seconds = fields.Float()
    cost_usd = fields.Float(
        allow_none=True,
        metadata={"description": "Estimated by the minute of audio; null where no price is known."},
    )


class TranscriptSchema(Schema):
    """A transcript; ``draft`` says that its words need a person's ear."""

    segments = fields.List(fields.Nested(TranscriptSegmentSchema))
    speakers = fields.List(fields.Nested(SpeakerSchema))
    duration_seconds = fields.Float()
    language = fields.String()
    engine = fields.String()
    draft = fields.Boolean()
    quality = fields.Dict(keys=fields.String())
    usage = fields.List(fields.Nested(UsageSchema))


class FurtherRecordingSchema(Schema):
    """A recording that joined the session after its first."""

    id = fields.UUID()
    number = fields.Integer(metadata={"description": "Its place, from 2 on."})
    bytes = fields.Integer()
    accepted_at = Moment()
    begins_at = fields.Float(
        allow_none=True,
        metadata={"description": "Where it begins, in seconds of the session; null until it is joined."},
    )


class SessionSchema(SessionSummarySchema):
    """Everything of one session; what does not exist yet is null."""

    further_recordings = fields.List(fields.Nested(FurtherRecordingSchema))

    transcript_text = fields.String(allow_none=True)
    transcript_segments = fields.List(fields.Nested(SegmentSchema), allow_none=True)
    speakers = fields.List(fields.Nested(SpeakerSchema), allow_none=True)
    extracted_notes = AsStored(NotesSchema, allow_none=True)
    therapist_summary = fields.String(allow_none=True)
    patient_summary = fields.String(allow_none=True)
    risk_flags = fields.List(fields.Dict(), allow_none=True)
    quality = fields.Dict(keys=fields.String(), allow_none=True)


class SessionQuerySchema(PageQuerySchema):
    """Which sessions are wanted."""

    patient_id = fields.UUID(load_default=None)
    status = fields.Enum(Status, by_value=True, load_default=None)
    session_date_from = Moment(
        load_default=None, metadata={"description": "Sessions of this time and later; a day is its midnight."}
    )
    session_date_before = Moment(load_default=None, metadata={"description": "Sessions before this time."})
    updated_since = Moment(
        load_default=None,
        metadata={
            "description": "Sessions that have changed since, or whose notes, signatures or alerts have."
        },
    )
    external_id = Text(200, load_default=None, metadata={"description": "As it was given at the upload."})
    open = fields.Boolean(
        load_default=False,
        metadata={"description": "Only those that failed, are not signed, or have an alert to answer."},
    )


class FormatQuerySchema(GivenToSchema):
    """In which form a transcript is wanted; the query wins over ``Accept``."""

    format = fields.String(load_default=None, validate=validate.OneOf(("json", "txt", "vtt", "srt")))


class ExtractSchema(Schema):
    """How notes are wanted."""

    template = Word(TEMPLATE_NAME, load_default=None, allow_none=True)


class ExtractedSchema(Schema):
    """Notes that were made while the caller waited."""

    extracted_notes = AsStored(NotesSchema)
    processing_time = fields.Float(metadata={"description": "Seconds from the call to the notes."})


class RemovedSchema(Schema):
    """What a deleted session had, by number."""

    recording_bytes = fields.Integer()
    outputs = fields.Integer(metadata={"description": "The transcript, and what steps had made."})
    notes = fields.Integer(metadata={"description": "Versions of the notes."})
    process_notes = fields.Integer()
    steps = fields.Integer()
    events = fields.Integer()
    risk_alerts = fields.Integer()


class SignatureLeftSchema(Schema):
    """A signature that was on a deleted session's notes."""

    version = fields.Integer()
    part = fields.String()
    signer_id = fields.UUID()
    content_hash = fields.String()
    signed_at = fields.String()


class DeleteQuerySchema(Schema):
    """What is deleted with a session."""

    signed_notes = fields.String(
        load_default=None,
        validate=validate.OneOf(("delete",)),
        metadata={"description": "`delete`: also notes that are signed, which a law may oblige you to keep."},
    )


class ReceiptSchema(Schema):
    """What remains of a deleted session."""

    session_id = fields.UUID()
    patient_id = fields.UUID()
    removed = fields.Nested(RemovedSchema)
    signed = fields.List(
        fields.Nested(SignatureLeftSchema), metadata={"description": "The signatures on what was deleted."}
    )
    requested_at = Moment()
    erased_at = Moment(
        allow_none=True,
        metadata={"description": "When the key was destroyed and the recording removed; null: under way."},
    )
