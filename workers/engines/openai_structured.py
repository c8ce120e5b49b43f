"""A chat that answers with a document of a schema, or with one of our errors."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from marshmallow import ValidationError

from shared.domain.errors import PermanentStepError
from shared.schemas.json_schema import JsonSchema
from workers.engines.openai_client import OpenAIClient
from workers.engines.openai_completion import content_of, usage_of
from workers.engines.openai_errors import Target, permanent, retryable

_JSON_ONLY = "Answer with one JSON object that fits this JSON Schema, and nothing else:\n"
_REPAIR = "That answer does not fit the schema. Send the whole JSON object again, corrected. What is wrong:\n"
# A document that is wrong all over is told so at length enough.
MAX_COMPLAINT = 4_000

Messages = list[dict[str, str]]
Document = TypeVar("Document")


@dataclass(slots=True)
class Spent:
    """What the calls for one document took; tokens are None once a server did not count them."""

    calls: int = 0
    input_tokens: int | None = 0
    output_tokens: int | None = 0
    model: str | None = None

    def add(self, input_tokens: int | None, output_tokens: int | None, model: str | None) -> None:
        """Count one answer."""
        self.calls += 1
        self.model = model or self.model
        self.input_tokens = _sum(self.input_tokens, input_tokens)
        self.output_tokens = _sum(self.output_tokens, output_tokens)


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


class StructuredChat:
    """``/chat/completions`` with a JSON schema, without tools, stored by nobody.

    Servers that refuse the schema are asked for any JSON object instead, with the schema in the
    prompt. An answer that does not fit is sent back once.
    """

    def __init__(self, client: OpenAIClient, target: Target) -> None:
        self._client = client
        self._target = target
        self._schema_refused = False

    def ask(
        self,
        messages: Messages,
        schema: JsonSchema,
        read: Callable[[Any], Document],
        deadline: float,
        spent: Spent,
    ) -> Document:
        """What ``read`` makes of the model's document.

        ``read`` raises marshmallow's ValidationError for a document that will not do. Raises
        RetryableStepError or PermanentStepError.
        """
        content = self._content(messages, schema, deadline, spent)
        try:
            return _read(content, read)
        except ValidationError as error:
            complaint = json.dumps(error.messages)[:MAX_COMPLAINT]
        again = [
            *messages,
            {"role": "assistant", "content": content},
            {"role": "user", "content": _REPAIR + complaint},
        ]
        content = self._content(again, schema, deadline, spent)
        try:
            return _read(content, read)
        except ValidationError:
            text = "sent notes that do not fit the schema, twice: choose another model ({setting})."
            failure = permanent(self._target, "engine_invalid_notes", text)
        # Outside the except block: the validation's messages may quote what was said.
        raise failure

    def _content(self, messages: Messages, schema: JsonSchema, deadline: float, spent: Spent) -> str:
        if not self._schema_refused:
            described = {"name": "session_notes", "strict": True, "schema": schema}
            form = {"response_format": {"type": "json_schema", "json_schema": described}, "store": False}
            try:
                return self._call(messages, form, deadline, spent)
            except PermanentStepError as error:
                # OpenAI's own models know schemas, so there a refusal has another reason.
                if self._client.official or error.code != "engine_refused_request":
                    raise
        described_in_words = {"role": "system", "content": _JSON_ONLY + json.dumps(schema)}
        content = self._call(
            [messages[0], described_in_words, *messages[1:]],
            {"response_format": {"type": "json_object"}},
            deadline,
            spent,
        )
        self._schema_refused = True
        return content

    def _call(self, messages: Messages, form: dict[str, Any], deadline: float, spent: Spent) -> str:
        left = deadline - time.monotonic()
        if left <= 0:
            raise retryable(self._target, "engine_timeout", "did not answer in time.")
        body: dict[str, Any] = {"model": self._target.model, "messages": messages, **form}
        answer = self._client.call(
            self._target,
            left,
            lambda sdk, timeout: sdk.chat.completions.with_streaming_response.create(**body, timeout=timeout),
        )
        spent.add(*usage_of(answer))
        return content_of(answer, self._target)


def _read(content: str, read: Callable[[Any], Document]) -> Document:
    try:
        return read(json.loads(content))
    except RecursionError:
        raise ValidationError("It is nested too deep.") from None
    except ValueError as error:
        if isinstance(error, ValidationError):
            raise
        raise ValidationError("It is not one JSON object.") from None
