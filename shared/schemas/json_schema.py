"""JSON Schema for language models, derived from a marshmallow schema, which stays the only source.

The result keeps the rules of OpenAI's strict mode: every object is closed, every property is
required, and there are no defaults and no free objects. Lengths of texts are left out, because
strict mode does not take them; marshmallow checks them afterwards.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, fields, validate

JsonSchema = dict[str, Any]
# Fields that are not the model's to fill, by the schema class (and its children) that has them.
Omissions = Mapping[type[Schema], frozenset[str]]

_SCALARS: tuple[tuple[type[fields.Field[Any]], str], ...] = (
    (fields.Boolean, "boolean"),
    (fields.Integer, "integer"),
    (fields.Float, "number"),
    (fields.String, "string"),
)
# Types that a text or a number may be meant as: the form that leaves no doubt, and how to read it.
_READINGS: tuple[tuple[str, re.Pattern[str], Callable[[str], Any]], ...] = (
    ("integer", re.compile(r"-?\d{1,9}(?:\.0+)?"), lambda text: int(float(text))),
    ("number", re.compile(r"-?\d{1,9}(?:\.\d{1,9})?"), float),
    ("boolean", re.compile("true|false", re.ASCII | re.IGNORECASE), lambda text: text.lower() == "true"),
)


def json_schema(schema: Schema, omit: Omissions | None = None) -> JsonSchema:
    """The strict JSON Schema of ``schema`` without the fields in ``omit``.

    Raises TypeError for a field that strict mode cannot express, such as a free object.
    """
    omitted = frozenset[str]().union(*(n for kind, n in (omit or {}).items() if isinstance(schema, kind)))
    properties = {
        name: _property(field, omit) for name, field in schema.load_fields.items() if name not in omitted
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def keep_known(value: Any, schema: JsonSchema) -> Any:
    """``value`` without the properties that ``schema`` (from ``json_schema``) does not have.

    Slips that leave no doubt are mended: "Low" for "low", "0" for 0, "true" for true. What else is of
    another type than the schema wants is kept, for validation to complain of.
    """
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        return {name: keep_known(item, known[name]) for name, item in value.items() if name in known}
    if isinstance(value, list) and "items" in schema:
        return [keep_known(item, schema["items"]) for item in value]
    return _mended(value, schema) if isinstance(value, str | float) else value


def _mended(value: str | float, schema: JsonSchema) -> Any:
    kind, text = schema.get("type"), str(value).strip()
    if "enum" in schema and value not in schema["enum"]:
        plain = {_plain(str(choice)): choice for choice in schema["enum"] if choice is not None}
        return plain.get(_plain(text), value)
    kinds = kind if isinstance(kind, list) else [kind]
    for read_as, form, read in _READINGS:
        if read_as in kinds and form.fullmatch(text):
            return read(text)
    return value


def _plain(choice: str) -> str:
    return re.sub(r"[\s_-]+", "_", choice.strip().casefold())


def _property(field: fields.Field[Any], omit: Omissions | None) -> JsonSchema:
    if isinstance(field, fields.Nested):
        inner = json_schema(field.schema, omit)
        found: JsonSchema = {"type": "array", "items": inner} if field.many or field.schema.many else inner
    elif isinstance(field, fields.List):
        found = {"type": "array", "items": _property(field.inner, omit)}
    else:
        found = {"type": _scalar(field)}
    for validator in field.validators:
        found |= _rules(validator, found["type"])
    if field.allow_none:
        found["type"] = [found["type"], "null"]
        if "enum" in found:
            found["enum"] = [*found["enum"], None]
    if "description" in field.metadata:
        found["description"] = field.metadata["description"]
    return found


def _scalar(field: fields.Field[Any]) -> str:
    for kind, name in _SCALARS:
        if isinstance(field, kind):
            return name
    raise TypeError(f"A {type(field).__name__} field has no form in a strict JSON schema: omit it.")


def _rules(validator: Any, kind: str) -> JsonSchema:
    """What strict mode can say of ``validator``."""
    if isinstance(validator, validate.OneOf):
        return {"enum": list(validator.choices)}
    if isinstance(validator, validate.Length) and kind == "array":
        return _said(minItems=validator.equal or validator.min, maxItems=validator.equal or validator.max)
    if isinstance(validator, validate.Range):
        least = "minimum" if validator.min_inclusive else "exclusiveMinimum"
        most = "maximum" if validator.max_inclusive else "exclusiveMaximum"
        return _said(**{least: validator.min, most: validator.max})
    return {}


def _said(**bounds: Any) -> JsonSchema:
    return {name: value for name, value in bounds.items() if value is not None}
