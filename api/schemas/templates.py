"""What goes in and out as JSON for templates and process notes."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from api.schemas.core import GivenToSchema
from api.schemas.recordings.sessions import TEMPLATE_NAME as NAME
from shared.domain.notes.templates import SOURCES
from shared.domain.template_forms import Part, Template
from shared.schemas.fields import Moment, Text, Word
from shared.services.notes.templates import Stored

MOST_PARTS = 20
_LONGEST_PROCESS_NOTES = 100_000


class PartSchema(Schema):
    """A part of a template. Without ``sources`` its title and instruction say what fills it."""

    name = Word(NAME, required=True)
    title = Text(100, required=True)
    instruction = Text(1000, may_be_empty=True, load_default="")
    sources = fields.List(
        fields.String(validate=validate.OneOf(SOURCES)), load_default=list, validate=validate.Length(max=20)
    )


class TemplateCreateSchema(Schema):
    """A template of the practice's own."""

    name = Word(NAME, required=True)
    title = Text(100, required=True)
    parts = fields.List(
        fields.Nested(PartSchema), required=True, validate=validate.Length(min=1, max=MOST_PARTS)
    )

    @validates_schema
    def _names_differ(self, data: dict[str, Any], **_: Any) -> None:
        names = [part["name"] for part in data.get("parts", [])]
        if len(set(names)) != len(names):
            raise ValidationError("Two parts have the same name.", "parts")


class TemplateSchema(TemplateCreateSchema):
    """A template; without an id it is built in. One without parts is everything that was extracted."""

    parts = fields.List(fields.Nested(PartSchema))
    id = fields.UUID(allow_none=True)
    usual = fields.Boolean(metadata={"description": "Used where an upload names none."})
    created_at = Moment(allow_none=True)
    updated_at = Moment(allow_none=True)


class UsualSchema(Schema):
    """The template that is used where none is named."""

    name = Word(NAME, required=True)


class ProcessNotesQuerySchema(GivenToSchema):
    """In which form the process notes are wanted; the query wins over ``Accept``."""

    format = fields.String(load_default=None, validate=validate.OneOf(("json", "md", "docx", "pdf")))


class ProcessNotesWriteSchema(Schema):
    """What is to stand in the process notes."""

    text = Text(_LONGEST_PROCESS_NOTES, lines=True, required=True)


class ProcessNotesSchema(Schema):
    """Psychotherapy notes, apart from the record."""

    session_id = fields.UUID()
    revision = fields.Integer()
    text = fields.String()
    created_at = Moment()
    updated_at = Moment()


def template_from(given: dict[str, Any]) -> Template:
    """The template that a body describes."""
    parts = tuple(Part(**{**part, "sources": tuple(part["sources"])}) for part in given["parts"])
    return Template(given["name"], given["title"], parts)


def template_document(stored: Stored, usual: str) -> dict[str, Any]:
    """A template as clients see it."""
    template = stored.template
    document: dict[str, Any] = TemplateSchema().dump({
        "id": stored.id,
        "name": template.name,
        "title": template.title,
        "parts": template.parts,
        "usual": template.name == usual,
        "created_at": stored.created_at,
        "updated_at": stored.updated_at,
    })  # fmt: skip
    return document
