"""Notes from a transcript by OpenAI or by a server that speaks its API."""

import hashlib
import json
import re
import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from shared.domain.errors import PermanentStepError
from shared.domain.notes.items import Item
from shared.domain.notes.values import Notes
from shared.domain.values import ExtractionRequest, JsonObject, Transcript
from shared.schemas.json_schema import JsonSchema, json_schema
from shared.schemas.notes import NotesSchema
from workers.engines.openai.call_limits import CallLimits
from workers.engines.openai.client import OpenAIClient
from workers.engines.openai.errors import Target
from workers.engines.openai.notes import OURS, empty_document, notes_from, only
from workers.engines.openai.parts import halves, parts_of, room
from workers.engines.openai.risk import with_risk
from workers.engines.openai.structured import Spent, StructuredChat, messages
from workers.engines.openai.template_parts import prompt_with, schema_with, united_parts
from workers.engines.openai.uniting import as_text, united

_PROMPTS = Path(__file__).parent.parent / "prompts"
_SUMMARIES = ("session_mood", "mood_trajectory", "field_evidence")
# What a smaller part may get over: more than the window holds, and an answer cut short.
_TOO_MUCH = frozenset({"engine_input_too_large", "engine_answer_truncated"})


@dataclass(frozen=True, slots=True)
class NotesModel:
    """A model that writes notes: its window in tokens, and its price where it is known."""

    name: str
    window_tokens: int = 100_000
    usd_per_million_input: float | None = None
    usd_per_million_output: float | None = None

    def cost(self, spent: Spent) -> float | None:
        """US dollars for what was spent; None where tokens or prices are not known."""
        prices = self.usd_per_million_input, self.usd_per_million_output
        if None in (*prices, spent.input_tokens, spent.output_tokens):
            return None
        total = (spent.input_tokens or 0) * (prices[0] or 0) + (spent.output_tokens or 0) * (prices[1] or 0)
        return round(total / 1e6, 6)


@dataclass(slots=True)
class _Work:
    """One extraction under way: of what, asked how, until when, and what it took so far."""

    transcript: Transcript
    request: ExtractionRequest
    prompt: str
    schema: JsonSchema
    deadline: float
    spent: Spent = field(default_factory=Spent)
    parts: int = 0


class OpenAIExtractor:
    """The port NoteExtractor over ``/chat/completions`` with a JSON schema.

    A transcript beyond the model's window is read in parts; what was found is united, and the
    summaries are written from the united items. ``model`` has no default, because every name we
    could choose is one that its maker switches off.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str | None,
        model: str | NotesModel,
        seconds: float = 600.0,
        limits: CallLimits | None = None,
    ) -> None:
        """``seconds`` bounds all calls for one document, and must stay below the step's limit."""
        self._model = NotesModel(model) if isinstance(model, str) else model
        self._client = OpenAIClient(api_key, base_url, limits)
        self._seconds = seconds
        target = Target("notes service", self._model.name, "SESSIONSCRIBE_OPENAI_NOTES_MODEL")
        self._chat = StructuredChat(self._client, target)

    @property
    def name(self) -> str:
        """Model and prompt, as stored with the notes."""
        return f"openai:{self._model.name}:prompt-{self._prompt_digest[:8]}"

    def extract(self, transcript: Transcript, request: ExtractionRequest) -> JsonObject:
        """A document of ``NotesSchema``, its evidence not yet verified.

        A transcript without words is not sent to anybody. Raises RetryableStepError or
        PermanentStepError, without a word of the transcript's or the server's.
        """
        work = _Work(
            transcript,
            request,
            self._with_tokens(prompt_with(self._prompt, self._parts_prompt, request.parts), request),
            schema_with(self._schema, request.parts, OURS),
            time.monotonic() + self._seconds,
        )
        if not transcript.text.strip():
            return self._notes(empty_document(work.schema), work).document
        around = len(work.prompt) + _size(work.schema)
        parts = parts_of(transcript, self._room(around))
        found = [notes for lines in parts for notes in self._read(lines, work)]
        notes = found[0] if len(found) == 1 else self._summed_up(found, work)
        notes = with_risk(notes, parts, lambda lines: self._risk_in(lines, work))
        return notes.keeping(provenance=self._provenance(work)).document

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()

    def _read(self, lines: list[str], work: _Work) -> list[Notes]:
        """What the model found in ``lines``; in two halves if they are too much for it after all."""
        try:
            notes = self._chat.ask(
                messages(work.prompt, "transcript", "\n".join(lines), "Write the notes."),
                work.schema,
                lambda answer: self._notes(answer, work),
                work.deadline,
                work.spent,
            )
        except PermanentStepError as error:
            if error.code not in _TOO_MUCH or len(lines) < 4:
                raise
        else:
            work.parts += 1
            return [notes]
        return [notes for half in halves(lines) for notes in self._read(half, work)]

    def _risk_in(self, lines: list[str], work: _Work) -> tuple[Item, ...]:
        """The mentions of risk in ``lines``, asked for alone."""
        prompt = self._with_tokens(self._risk_prompt, work.request)
        return self._chat.ask(
            messages(prompt, "transcript", "\n".join(lines), "List the mentions of risk."),
            self._risk_schema,
            lambda answer: self._notes(empty_document(work.schema) | only(answer, "risk_flags"), work).flags,
            work.deadline,
            work.spent,
        )

    def _summed_up(self, found: list[Notes], work: _Work) -> Notes:
        """The notes of all parts: the united items, and the summaries that the model makes of them."""
        items = united(found)
        prompt = self._with_tokens(self._uniting, work.request)
        around = len(prompt) + _size(self._summaries)
        nothing = empty_document(work.schema)
        lists = {name: value for name, value in nothing.items() if name not in _SUMMARIES}
        summaries = self._chat.ask(
            messages(prompt, "items", as_text(items, self._room(around)), "Write the summaries."),
            self._summaries,
            lambda answer: self._notes(lists | only(answer, *_SUMMARIES), work),
            work.deadline,
            work.spent,
        )
        return replace(summaries.having(items), written_parts=united_parts(found))

    def _room(self, around: int) -> int:
        try:
            return room(self._model.window_tokens, around)
        except ValueError as error:
            raise PermanentStepError(str(error), "engine_window_too_small") from error

    @cached_property
    def _prompt(self) -> str:
        return (_PROMPTS / "notes.md").read_text("utf-8")

    @cached_property
    def _uniting(self) -> str:
        return (_PROMPTS / "unite.md").read_text("utf-8")

    @cached_property
    def _parts_prompt(self) -> str:
        return (_PROMPTS / "parts.md").read_text("utf-8")

    @cached_property
    def _risk_prompt(self) -> str:
        return (_PROMPTS / "risk.md").read_text("utf-8")

    @cached_property
    def _tokens_prompt(self) -> str:
        return (_PROMPTS / "tokens.md").read_text("utf-8")

    def _with_tokens(self, prompt: str, request: ExtractionRequest) -> str:
        return prompt + self._tokens_prompt if request.has_tokens else prompt

    @cached_property
    def _prompt_digest(self) -> str:
        own = (self._prompt, self._uniting, self._parts_prompt, self._risk_prompt, self._tokens_prompt)
        return hashlib.sha256("\n".join(own).encode()).hexdigest()

    @cached_property
    def _schema(self) -> JsonSchema:
        return json_schema(NotesSchema(), OURS)

    @cached_property
    def _summaries(self) -> JsonSchema:
        return self._only(*_SUMMARIES)

    @cached_property
    def _risk_schema(self) -> JsonSchema:
        return self._only("risk_flags")

    def _only(self, *names: str) -> JsonSchema:
        properties = {name: self._schema["properties"][name] for name in names}
        return {**self._schema, "properties": properties, "required": list(properties)}

    def _notes(self, document: Any, work: _Work) -> Notes:
        return notes_from(document, work.schema, work.transcript, self._provenance(work), work.request)

    def _provenance(self, work: _Work) -> JsonObject:
        version = re.match(r"Version: (\S+)", self._prompt)
        return {
            "engine": self.name,
            "engine_version": metadata.version("sessionscribe"),
            "model": work.spent.model or self._model.name,
            "prompt_version": version.group(1) if version else None,
            "prompt_sha256": self._prompt_digest,
            "parts": work.parts,
            "calls": work.spent.calls,
            "input_tokens": work.spent.input_tokens,
            "output_tokens": work.spent.output_tokens,
            "cost_usd": self._model.cost(work.spent),
        }


def _size(schema: JsonSchema) -> int:
    """Its characters as it is sent, without spaces."""
    return len(json.dumps(schema, separators=(",", ":")))
