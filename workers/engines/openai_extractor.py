"""Notes from a transcript by OpenAI or by a server that speaks its API."""

import hashlib
import json
import secrets
import time
from functools import cached_property
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from shared.domain.errors import PermanentStepError
from shared.domain.values import ExtractionRequest, JsonObject, Transcript
from shared.domain.wording import NO_SPEECH
from shared.schemas.json_schema import JsonSchema, json_schema
from shared.schemas.notes import NotesSchema
from workers.engines.call_limits import CallLimits
from workers.engines.openai_client import OpenAIClient
from workers.engines.openai_completion import content_of
from workers.engines.openai_errors import Target, permanent, retryable
from workers.engines.openai_notes import OURS, notes_from, numbered

_PROMPT = Path(__file__).parent / "prompts" / "notes.md"
_JSON_ONLY = "Answer with one JSON object that fits this JSON Schema, and nothing else:\n"
_REPAIR = "That answer does not fit the schema. Send the whole JSON object again, corrected. What is wrong:\n"

# A document that is wrong all over is told so at length enough.
MAX_COMPLAINT = 4_000

Messages = list[dict[str, str]]


class OpenAIExtractor:
    """The port NoteExtractor over ``/chat/completions`` with a JSON schema.

    Servers that refuse the schema are asked for any JSON object instead, with the schema in the
    prompt. An answer that does not fit is sent back once. ``model`` has no default, because
    every name we could choose is one that its maker switches off.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str | None,
        model: str,
        seconds: float = 600.0,
        limits: CallLimits | None = None,
    ) -> None:
        """``seconds`` bounds all calls for one document, and must stay below the step's limit."""
        self._client = OpenAIClient(api_key, base_url, limits)
        self._seconds = seconds
        self._target = Target("notes service", model, "SESSIONSCRIBE_OPENAI_NOTES_MODEL")
        self._schema_refused = False

    @property
    def name(self) -> str:
        """Model and prompt, as stored with the notes."""
        digest = hashlib.sha256(self._prompt.encode()).hexdigest()
        return f"openai:{self._target.model}:prompt-{digest[:8]}"

    def extract(self, transcript: Transcript, request: ExtractionRequest) -> JsonObject:
        """A document of ``NotesSchema``, its evidence not yet verified.

        A transcript without words is not sent to anybody. Raises RetryableStepError or
        PermanentStepError, without a word of the transcript's or the server's.
        """
        if not transcript.text.strip():
            return self._finished({name: [] for name in self._lists} | _WORDLESS, transcript, request)
        deadline = time.monotonic() + self._seconds
        messages = self._messages(transcript)
        content = self._ask(messages, deadline)
        try:
            return self._finished(_parsed(content), transcript, request)
        except ValidationError as error:
            complaint = json.dumps(error.messages)[:MAX_COMPLAINT]
        messages += [
            {"role": "assistant", "content": content},
            {"role": "user", "content": _REPAIR + complaint},
        ]
        content = self._ask(messages, deadline)
        try:
            return self._finished(_parsed(content), transcript, request)
        except ValidationError:
            text = "sent notes that do not fit the schema, twice: choose another model ({setting})."
            failure = permanent(self._target, "engine_invalid_notes", text)
        # Outside the except block: the validation's messages may quote what was said.
        raise failure

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()

    @cached_property
    def _prompt(self) -> str:
        return _PROMPT.read_text("utf-8")

    @cached_property
    def _schema(self) -> JsonSchema:
        return json_schema(NotesSchema(), OURS)

    @property
    def _lists(self) -> list[str]:
        return [name for name, field in self._schema["properties"].items() if field["type"] == "array"]

    def _messages(self, transcript: Transcript) -> Messages:
        # Random for each call, so that nothing said in a session can close the mark early.
        mark = f"transcript-{secrets.token_hex(8)}"
        data = f"<{mark}>\n{numbered(transcript)}\n</{mark}>"
        asked = f"The transcript stands between <{mark}> and </{mark}>.\n\n{data}\n\nWrite the notes."
        return [{"role": "system", "content": self._prompt}, {"role": "user", "content": asked}]

    def _ask(self, messages: Messages, deadline: float) -> str:
        """The content of the model's answer to ``messages``."""
        if not self._schema_refused:
            described = {"name": "session_notes", "strict": True, "schema": self._schema}
            form = {"response_format": {"type": "json_schema", "json_schema": described}, "store": False}
            try:
                return self._call(messages, form, deadline)
            except PermanentStepError as error:
                # OpenAI's own models know schemas, so there a refusal has another reason.
                if self._client.official or error.code != "engine_refused_request":
                    raise
        schema = {"role": "system", "content": _JSON_ONLY + json.dumps(self._schema)}
        content = self._call(
            [messages[0], schema, *messages[1:]], {"response_format": {"type": "json_object"}}, deadline
        )
        self._schema_refused = True
        return content

    def _call(self, messages: Messages, form: dict[str, Any], deadline: float) -> str:
        left = deadline - time.monotonic()
        if left <= 0:
            raise retryable(self._target, "engine_timeout", "did not answer in time.")
        body: dict[str, Any] = {"model": self._target.model, "messages": messages, **form}
        answer = self._client.call(
            self._target,
            left,
            lambda sdk, timeout: sdk.chat.completions.with_streaming_response.create(**body, timeout=timeout),
        )
        return content_of(answer, self._target)

    def _finished(self, document: Any, transcript: Transcript, request: ExtractionRequest) -> JsonObject:
        try:
            return notes_from(document, self._schema, transcript, self.name, request.template)
        except RecursionError:
            raise ValidationError("It is nested too deep.") from None


def _parsed(content: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise ValidationError("It is not one JSON object.") from None


_WORDLESS: JsonObject = {
    "session_mood": "neutral",
    "mood_trajectory": "stable",
    "field_evidence": {
        name: [{"sentence": NO_SPEECH, "evidence": []}]
        for name in ("topic_summary", "therapist_notes", "patient_summary")
    },
}
