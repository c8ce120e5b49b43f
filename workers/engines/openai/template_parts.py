"""What a practice's own template asks a language model for: in the prompt, the schema and the answer."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from marshmallow import Schema, fields, validate

from shared.domain.english.quotes import words_of
from shared.domain.notes.items import Sentence
from shared.domain.notes.values import Notes, Section
from shared.domain.template_forms import Part
from shared.domain.values import ExtractionRequest
from shared.domain.verification.grounding import content_of
from shared.schemas.json_schema import JsonSchema, Omissions, json_schema
from shared.schemas.notes import SentenceSchema
from workers.engines.openai.phrases import clean

FIELD = "written_parts"
MOST_SENTENCES = 30  # of one part, over all parts of a long transcript


def schema_with(schema: JsonSchema, parts: Sequence[Part], omit: Omissions) -> JsonSchema:
    """``schema`` with a list of evidenced sentences for each of ``parts``, by its name."""
    if not parts:
        return schema
    lists: dict[str, fields.Field[Any]] = {
        part.name: fields.List(
            fields.Nested(SentenceSchema), required=True, validate=validate.Length(max=MOST_SENTENCES)
        )
        for part in parts
    }
    asked = json_schema(Schema.from_dict(lists)(), omit)
    return {
        **schema,
        "properties": {**schema["properties"], FIELD: asked},
        "required": [*schema["required"], FIELD],
    }


def prompt_with(prompt: str, frame: str, parts: Sequence[Part]) -> str:
    """``prompt`` with ``frame`` (a file of its own) and the parts, a line each."""
    if not parts:
        return prompt
    return "\n".join([prompt, frame.rstrip(), *(_line(part) for part in parts)]) + "\n"


def _line(part: Part) -> str:
    words = " ".join(clean(f"{part.title}. {part.instruction}").split())
    return f"- `{part.name}`: {words}"


def as_stored(written: Any, request: ExtractionRequest) -> Any:
    """A model's ``{part: sentences}`` as entries of ``NotesSchema``, each with what was asked of it.

    What is of another form is handed on as it is, for the schema to complain of.
    """
    if not isinstance(written, dict):
        return written
    return [
        {
            "template": request.template,
            "name": part.name,
            "title": part.title,
            "instruction": part.instruction,
            "sentences": written.get(part.name),
        }
        for part in request.parts
    ]


def united_parts(found: Sequence[Notes]) -> tuple[Section, ...] | None:
    """The written parts of what was read in several parts: each sentence once, in order of time."""
    first = found[0].written_parts
    if first is None:
        return None
    return tuple(replace(part, sentences=_each_once(_of_part(part.name, found))) for part in first)


def _of_part(name: str, found: Sequence[Notes]) -> list[Sentence]:
    parts = [part for notes in found for part in notes.written_parts or () if part.name == name]
    return [sentence for part in parts for sentence in part.sentences]


def _each_once(sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
    once = {_words(sentence): sentence for sentence in reversed(sentences)}
    return tuple(once.values())[::-1][:MOST_SENTENCES]


def _words(sentence: Sentence) -> frozenset[str]:
    words = words_of(sentence.text)
    return frozenset(content_of(words) or words)
