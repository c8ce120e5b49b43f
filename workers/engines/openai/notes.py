"""Between a transcript, a language model's document, and a document of ``NotesSchema``.

The model writes only what it alone can know: items, sentences, and quotes with the number of
their segment. Times, labels and the texts that repeat those sentences are filled in here.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from shared.domain.notes.client_summary import FIELD as CLIENT_SUMMARY
from shared.domain.notes.fields import TEXT_FIELDS
from shared.domain.notes.values import Notes
from shared.domain.values import ExtractionRequest, JsonObject, Segment, Transcript
from shared.domain.verification.boilerplate import NO_SPEECH
from shared.domain.verification.evidence import CANNOT_TELL
from shared.schemas.json_schema import JsonSchema, Omissions, keep_known
from shared.schemas.note_items import EvidencedSchema, EvidenceSchema
from shared.schemas.notes import FieldEvidenceSchema, NotesSchema, QuoteSchema, RiskFlagSchema, SentenceSchema
from workers.engines.openai.phrases import clean
from workers.engines.openai.template_parts import FIELD, as_stored

_FROM_US = (
    "risk_statement", "unsupported", "draft", "engine", "template", "needs_review", "review_reasons",
    "completeness", "provenance", "sections", "schema_version", "risk_readers", FIELD,
)  # fmt: skip
# Filled in by us, here or in the verification of evidence; a model could only get them wrong.
OURS: Omissions = {
    EvidenceSchema: frozenset({"start", "end", "changed"}),
    EvidencedSchema: frozenset({"verified", "by_clinician", "words_changed", "support"}),
    QuoteSchema: frozenset({"timestamp_start"}),
    RiskFlagSchema: frozenset({"speaker", "found_by", "readers", "level", "question", "columbia"}),
    SentenceSchema: frozenset({"structural"}),
    FieldEvidenceSchema: frozenset({CLIENT_SUMMARY}),  # written on request, from the verified notes
    NotesSchema: frozenset((*TEXT_FIELDS, *_FROM_US)),
}


def notes_from(
    document: Any,
    schema: JsonSchema,
    transcript: Transcript,
    provenance: JsonObject,
    request: ExtractionRequest,
) -> Notes:
    """The notes of ``document``, written to ``schema`` by a model; their evidence is not checked yet.

    Raises marshmallow's ValidationError, whose messages may hold the model's words.
    """
    notes = _cleaned(keep_known(document, schema))
    if isinstance(notes, dict):
        notes |= {"engine": provenance["engine"], "template": request.template, "risk_statement": ""}
        notes |= {"provenance": provenance}
        notes |= {field: _joined(notes.get("field_evidence"), field) for field in TEXT_FIELDS}
        for item in _objects(notes):
            _fill_in(item, transcript.segments)
        if request.parts:
            notes[FIELD] = as_stored(notes.get(FIELD), request)
    return Notes.of(NotesSchema().load(notes))


def empty_document(schema: JsonSchema) -> JsonObject:
    """A document of ``schema`` of a recording in which nothing was said."""
    known = schema["properties"]
    parts = known.get(FIELD, {"properties": {}})["properties"]
    return {
        **{name: [] for name, kind in known.items() if kind["type"] == "array"},
        FIELD: {name: [] for name in parts},
        "session_mood": CANNOT_TELL,
        "mood_trajectory": CANNOT_TELL,
        "field_evidence": {
            name: [{"sentence": NO_SPEECH, "evidence": []}] for name in ("topic_summary", "therapist_notes")
        },
    }


def only(answer: Any, *names: str) -> JsonObject:
    """Of what a model answered, the fields of these names."""
    return {name: answer[name] for name in names if name in answer} if isinstance(answer, dict) else {}


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cleaned(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    return clean(value) if isinstance(value, str) else value


def _joined(field_evidence: Any, field: str) -> str:
    """The text of ``field``: its sentences, joined by one space."""
    sentences = field_evidence.get(field) if isinstance(field_evidence, dict) else None
    found = [item.get("sentence") for item in sentences or () if isinstance(item, dict)]
    return " ".join(sentence for sentence in found if isinstance(sentence, str))


def _objects(value: Any) -> Iterator[JsonObject]:
    """Every object within ``value``, the inner ones first."""
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(inner)
    if isinstance(value, dict):
        yield value


def _fill_in(item: JsonObject, segments: Sequence[Segment]) -> None:
    """Give evidence its segment's times, and an item with evidence what follows from the first."""
    if "segment" in item:
        segment = _segment(item, segments)
        item |= {"start": segment.start, "end": segment.end} if segment else {"start": 0.0, "end": 0.0}
    if "evidence" not in item:
        return
    first = item["evidence"][:1] if isinstance(item["evidence"], list) else []
    segment = _segment(first[0], segments) if first else None
    if "quote" in item:
        item["timestamp_start"] = segment.start if segment else 0.0
    if segment and {"severity", "type"} <= item.keys():
        item["speaker"] = segment.speaker


def _segment(evidence: Any, segments: Sequence[Segment]) -> Segment | None:
    number = evidence.get("segment") if isinstance(evidence, dict) else None
    if isinstance(number, int) and 0 <= number < len(segments):
        return segments[number]
    return None
