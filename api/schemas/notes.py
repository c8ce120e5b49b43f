"""What goes in and out as JSON for notes: versions, edits, signatures, addenda, offers."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from api.schemas.core import GivenToSchema
from api.schemas.recordings.sessions import TEMPLATE_NAME
from shared.domain.notes.fields import LIST_FIELDS, SENTENCE_FIELDS
from shared.domain.notes.record import Kind, Part, Standing
from shared.schemas.fields import AsStored, Moment, Text, Whole, Word
from shared.schemas.file_names import is_harmful
from shared.schemas.notes import NotesSchema

LARGEST_VERSION = 2**31 - 1
_LONGEST_ADDENDUM = 20_000
_VERSION = validate.Range(min=1, max=LARGEST_VERSION)
_TAKEN = (*LIST_FIELDS, *SENTENCE_FIELDS)


class SignatureSchema(Schema):
    """Who signed, as what, and the hash of what was signed (see the documentation of records)."""

    version = fields.Integer()
    part = fields.String(validate=validate.OneOf([part.value for part in Part]))
    signer_id = fields.UUID()
    signer = fields.String()
    content_hash = fields.String(metadata={"description": "SHA-256 in hex, of the canonical JSON."})
    needs_cosigner = fields.Boolean()
    signed_at = Moment()


class VersionSchema(Schema):
    """One version of the notes, without its text."""

    version = fields.Integer()
    kind = fields.String(validate=validate.OneOf([kind.value for kind in Kind]))
    status = fields.String(
        attribute="standing", validate=validate.OneOf([standing.value for standing in Standing])
    )
    author_id = fields.UUID(allow_none=True, metadata={"description": "Null: an engine wrote it."})
    based_on = fields.Integer(allow_none=True)
    engine = fields.String()
    template = fields.String()
    created_at = Moment()
    signatures = fields.List(fields.Nested(SignatureSchema))


class ListedVersionSchema(VersionSchema):
    """One of the versions of the notes, with its author's name."""

    author = fields.String(allow_none=True, metadata={"description": "Null: an engine wrote it."})


class AddendumSchema(Schema):
    """What was added to signed notes."""

    version = fields.Integer()
    author_id = fields.UUID()
    created_at = Moment()
    text = fields.String()
    signatures = fields.List(fields.Nested(SignatureSchema))


class NoticeSchema(Schema):
    """What to know before signing."""

    code = fields.String()
    detail = fields.String()


class NotesVersionSchema(VersionSchema):
    """One version of the notes. Of an addendum ``extracted_notes`` is ``{text}``."""

    addenda = fields.List(fields.Nested(AddendumSchema))
    offered_version = fields.Integer(
        attribute="offered",
        allow_none=True,
        metadata={
            "description": "A newer extraction that is offered: compare it, then accept or dismiss it."
        },
    )
    notices = fields.List(
        fields.Nested(NoticeSchema),
        metadata={"description": "What a signer must know: what was not screened."},
    )
    extracted_notes = AsStored(NotesSchema)


class NotesEditSchema(NotesSchema):
    """Notes as they are sent: what is left out stays as it is, what only the server sets is ignored."""


class EditSchema(Schema):
    """A clinician's edit; the answer of a GET may be sent back whole."""

    class Meta:
        unknown = "exclude"

    extracted_notes = fields.Nested(NotesEditSchema(partial=tuple(NotesSchema().fields)), required=True)

    @validates_schema
    def _harmless(self, data: dict[str, Any], **_: Any) -> None:
        if _holds_harm(data.get("extracted_notes")):
            raise ValidationError("Holds control characters, direction marks or broken Unicode.")


class RenderSchema(Schema):
    """The template that the notes are to be in."""

    template = Word(TEMPLATE_NAME, required=True)


class AddendumCreateSchema(Schema):
    """What is to be added."""

    text = Text(_LONGEST_ADDENDUM, lines=True, required=True)


class UnsavedEditSchema(Schema):
    """An edit that is begun and not saved; what it means is known to the form that keeps it."""

    tag = Text(200, required=True, metadata={"description": "The `ETag` of the notes that it changes."})
    fields_ = fields.Dict(
        keys=fields.String(validate=validate.Length(max=100)),
        values=fields.String(validate=validate.Length(max=20_000)),
        required=True,
        data_key="fields",
        validate=validate.Length(max=1000),
        metadata={"description": "What was typed, by the field of the form."},
    )
    saved_at = Moment(dump_only=True)


class SignSchema(Schema):
    """Which version is signed; it must be the current one."""

    version = Whole(load_default=None, allow_none=True, validate=_VERSION)


class OfferSchema(Schema):
    """Which offered version is meant."""

    version = Whole(required=True, validate=_VERSION)


class AcceptSchema(OfferSchema):
    """An offer taken, whole or some fields of it."""

    fields_ = fields.List(
        fields.String(validate=validate.OneOf(_TAKEN)),
        data_key="fields",
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=1),
    )


class DiffQuerySchema(Schema):
    """Which versions are compared."""

    to = fields.Integer(load_default=None, validate=_VERSION, metadata={"description": "Else the current."})
    from_ = fields.Integer(
        data_key="from",
        load_default=None,
        validate=_VERSION,
        metadata={"description": "Version to compare with. Default: the one that `to` was based on."},
    )


class ChangeSchema(Schema):
    """One change: an item, a sentence or a value of ``field``."""

    field = fields.String()
    title = fields.String(metadata={"description": "Of a section of a template."})
    change = fields.String(validate=validate.OneOf(("added", "removed", "changed")))
    before = fields.Raw(allow_none=True)
    after = fields.Raw(allow_none=True)


class DifferenceSchema(Schema):
    """What ``to`` has that ``from`` has not."""

    before = fields.Integer(data_key="from", allow_none=True)
    after = fields.Integer(data_key="to")
    changes = fields.List(fields.Nested(ChangeSchema), attribute="documents")


class NotesQuerySchema(GivenToSchema):
    """Which version of the notes is wanted, and in which form; the query wins over ``Accept``."""

    version = fields.Integer(load_default=None, validate=_VERSION)
    format = fields.String(load_default=None, validate=validate.OneOf(("json", "md", "docx", "pdf", "fhir")))
    template = Word(
        TEMPLATE_NAME,
        load_default=None,
        metadata={"description": "Another template, filled from the same evidence; nothing is stored."},
    )


class UnsavedListedSchema(Schema):
    """A session whose notes have an unsaved edit."""

    session_id = fields.UUID()
    session_date = Moment()
    saved_at = Moment(metadata={"description": "When it was kept last."})


class AwaitingSchema(Schema):
    """A session whose notes wait for the caller's co-signature."""

    session_id = fields.UUID()
    therapist_id = fields.UUID()
    therapist = fields.String()
    session_date = Moment()


def _holds_harm(value: Any) -> bool:
    if isinstance(value, str):
        return any(is_harmful(mark) and mark not in "\r\n\t" for mark in value)
    if isinstance(value, dict):
        return any(_holds_harm(name) or _holds_harm(item) for name, item in value.items())
    return isinstance(value, list) and any(_holds_harm(item) for item in value)
