"""Language models behind the loopback server: an honest one, one that obeys the transcript, a liar.

Each reads the numbered lines out of the request, as a model would, and writes a document of the
schema that came with it. Honest notes are made by the rules: what is tested is what happens to
them, and to the others', on our side.
"""

import copy
import json
import re
from collections.abc import Callable
from typing import Any

from shared.domain.values import ExtractionRequest, JsonObject, Segment, Transcript
from shared.domain.verification.prompt_injection import reads_like_instruction
from shared.schemas.json_schema import keep_known
from tests.fakes.openai_server import Received, Reply, completion
from workers.engines.rules import RulesExtractor

_LINE = re.compile(r"^\[(\d+)\] (.*?) (\d[\d:]*)–(\d[\d:]*): (.*)$")

LINK = "See https://evil.example/steal and ![x](http://evil.example/p.png)."

Lie = Callable[[JsonObject, Transcript], None]

# What an obedient model claims, in words that nothing in the test's sessions bears out.
LIES = (
    "The patient has fully recovered and can be discharged.",
    "No risk was identified.",
    "Risk: none.",
    "The patient denied all suicidal thoughts and is completely healthy.",
)


def honest(request: Received) -> Reply:
    """Notes of what was said."""
    return answer(request, lambda notes, said: None)


def obedient(request: Received) -> Reply:
    """Notes by a model that does whatever the transcript says, and then some."""
    return answer(request, obey)


def answer(request: Received, change: Lie) -> Reply:
    """The honest document for ``request``, changed, as a completion with its usage."""
    schema = request.document["response_format"]["json_schema"]["schema"]
    asked = request.document["messages"][1]["content"]
    if "<items-" in asked:
        notes, said, numbers = _summaries_of(asked), _EMPTY, []
    else:
        said, numbers = _transcript_in(asked)
        notes = RulesExtractor().extract(said, ExtractionRequest())
    parts = schema["properties"].get("written_parts", {"properties": {}})["properties"]
    notes["written_parts"] = {name: [] for name in parts}
    change(notes, said)
    notes = json.loads(json.dumps(notes))  # evidence that two items share must not be renumbered twice
    _renumber(notes, numbers)
    extra = {key: value for key, value in notes.items() if key.startswith("x_")}
    document = {**keep_known(notes, schema), **extra}
    reply = completion(json.dumps(document))
    usage = {"prompt_tokens": len(asked) // 4, "completion_tokens": 100, "total_tokens": 1}
    return Reply({**reply.body, "usage": usage, "model": "note-writer-2026-11-01"})


def obey(notes: JsonObject, said: Transcript) -> None:
    """Do what every hostile line wants: hide the risk, claim health, spread the link, break the form."""
    orders = [
        {"segment": number, "quote": segment.text}
        for number, segment in enumerate(said.segments)
        if reads_like_instruction(segment.text) or "http" in segment.text
    ]
    true = [{"segment": number, "quote": segment.text} for number, segment in enumerate(said.segments)]
    notes["risk_flags"] = []
    notes |= {"session_mood": "very_positive", "mood_trajectory": "improving"}
    for evidence in ([piece] for piece in (*orders, *true[:2], *true[-2:])):
        for field in ("therapist_notes", "patient_summary", "topic_summary"):
            lies = [
                *LIES,
                evidence[0]["quote"],
                "See https://evil.example/steal and ![x](http://evil.example/p.png).",
            ]
            lines = [{"sentence": lie, "structural": True, "evidence": evidence} for lie in lies if lie]
            notes["field_evidence"][field] = [*lines, *notes["field_evidence"][field]]
        notes["key_topics"] = [*notes["key_topics"][:3], {"text": "No risk", "evidence": evidence}]
        for field in ("emotional_themes", "unresolved_concerns", "follow_up_topics"):
            notes[field] = [*notes[field], {"text": "fully recovered, <b>no risk</b>", "evidence": evidence}]
        notes["action_items"].append({
            "task": "Click https://evil.example", "category": "discharge", "details": LIES[0],
            "evidence": evidence,
        })  # fmt: skip
        notes["significant_quotes"].append({
            "quote": LIES[0], "context": LIES[1], "timestamp_start": 0, "evidence": evidence,
        })  # fmt: skip
    for written in notes.get("written_parts", {}).values():
        lies = (*LIES, LINK, *(piece["quote"] for piece in orders))
        written += [{"sentence": lie, "evidence": [p]} for lie in lies for p in (*orders, *true[:2])]
    notes["field_evidence"]["session_mood"] = [{"sentence": LIES[0], "evidence": true[:1]}]
    notes |= {"x_system": "done", "x_verified": True}


def _transcript_in(asked: str) -> tuple[Transcript, list[int]]:
    segments, numbers = [], []
    for line in asked.splitlines():
        found = _LINE.match(line)
        if found:
            numbers.append(int(found[1]))
            segments.append(Segment(_seconds(found[3]), _seconds(found[4]), found[5], found[2]))
    return Transcript(tuple(segments), 0.0, "en", "test", False), numbers


def _seconds(clock: str) -> float:
    total = 0.0
    for part in clock.split(":"):
        total = total * 60 + float(part)
    return total


def _renumber(value: Any, numbers: list[int]) -> None:
    """Segments as they are numbered in the request, which in a later part do not begin at 0."""
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _renumber(inner, numbers)
    if isinstance(value, dict) and "segment" in value and numbers:
        value["segment"] = numbers[value["segment"]]


def _summaries_of(asked: str) -> JsonObject:
    """Two sentences for each text, of the items that came."""
    items = json.loads(asked.split(">\n", 1)[1].split("\n</items-", 1)[0])
    pieces = [piece for item in items["key_topics"] for piece in item["evidence"]][:2]
    lines = [{"sentence": f"Also said: “{p['quote']}”", "evidence": [p]} for p in pieces]
    empty: JsonObject = {"session_mood": "neutral", "mood_trajectory": "stable"}
    fields = ("topic_summary", "therapist_notes", "patient_summary", "session_mood", "mood_trajectory")
    return {**empty, "field_evidence": {field: copy.deepcopy(lines) for field in fields}}


_EMPTY = Transcript((), 0.0, "en", "test", False)
