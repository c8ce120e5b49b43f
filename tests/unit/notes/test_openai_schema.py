"""The JSON schema that models are given, derived from marshmallow, within strict mode's rules."""

import pytest
from marshmallow import Schema, fields, validate

from shared.schemas.json_schema import json_schema, keep_known
from shared.schemas.notes import MOODS, RISK_LABELS, NotesSchema
from workers.engines.openai.notes import OURS


class PageSchema(Schema):
    number = fields.Integer(required=True, validate=validate.Range(min=1, max=9, max_inclusive=False))


class BookSchema(Schema):
    title = fields.String(required=True, validate=validate.Length(min=1, max=10))
    kind = fields.String(allow_none=True, validate=validate.OneOf(["prose", "verse"]))
    pages = fields.List(fields.Nested(PageSchema), validate=validate.Length(min=1, max=3))
    more_pages = fields.Nested(PageSchema, many=True, load_default=list)
    price = fields.Float(metadata={"description": "In euros."})
    sold = fields.Boolean(load_default=False)


def objects(schema):
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for inner in schema.values():
            yield from objects(inner)
    if isinstance(schema, list):
        for inner in schema:
            yield from objects(inner)


def test_every_kind_of_field_has_its_form():
    page = {
        "type": "object",
        "properties": {"number": {"type": "integer", "minimum": 1, "exclusiveMaximum": 9}},
        "required": ["number"],
        "additionalProperties": False,
    }
    assert json_schema(BookSchema())["properties"] == {
        "title": {"type": "string"},
        "kind": {"type": ["string", "null"], "enum": ["prose", "verse", None]},
        "pages": {"type": "array", "items": page, "minItems": 1, "maxItems": 3},
        "more_pages": {"type": "array", "items": page},
        "price": {"type": "number", "description": "In euros."},
        "sold": {"type": "boolean"},
    }


def test_a_free_object_is_refused():
    with pytest.raises(TypeError, match="Dict"):
        json_schema(Schema.from_dict({"anything": fields.Dict()})())


def test_fields_are_omitted_by_the_class_that_has_them():
    found = json_schema(BookSchema(), {BookSchema: frozenset({"pages", "number"})})
    assert "pages" not in found["properties"]
    assert "number" in found["properties"]["more_pages"]["items"]["properties"]


def test_what_the_schema_does_not_know_is_dropped_at_every_depth():
    given = {"title": "T", "isbn": 1, "pages": [{"number": 1, "ink": "red"}, "torn"], "price": None}
    kept = keep_known(given, json_schema(BookSchema()))
    assert kept == {"title": "T", "pages": [{"number": 1}, "torn"], "price": None}


def test_every_object_of_the_notes_is_closed_and_requires_all():
    found = list(objects(json_schema(NotesSchema(), OURS)))
    assert len(found) > 10
    for schema in found:
        assert schema["additionalProperties"] is False
        assert schema["required"] == list(schema["properties"])


def test_the_notes_keep_the_fixed_values_of_the_schema():
    properties = json_schema(NotesSchema(), OURS)["properties"]
    assert properties["session_mood"]["enum"] == list(MOODS)
    assert properties["risk_flags"]["items"]["properties"]["type"]["enum"] == list(RISK_LABELS)
    assert properties["key_topics"]["maxItems"] == 7


def test_the_model_is_not_asked_for_what_we_fill_in():
    notes = json_schema(NotesSchema(), OURS)
    assert "evidence" in notes["properties"]["key_topics"]["items"]["properties"]
    names = {name for schema in objects(notes) for name in schema["properties"]}
    assert not names & {"verified", "start", "end", "timestamp_start", "engine", "draft", "unsupported"}
