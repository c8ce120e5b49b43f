"""A chat that answers with a document of a schema, or with one of our errors."""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from marshmallow import ValidationError

from shared.domain.errors import StepError
from shared.schemas.json_schema import JsonSchema
from workers.engines.openai.client import OpenAIClient
from workers.engines.openai.completion import content_of, usage_of
from workers.engines.openai.errors import Target, permanent, retryable

_JSON_ONLY = "Answer with one JSON object that fits this JSON Schema, and nothing else:\n"
_REPAIR = "That answer does not fit the schema. Send the whole JSON object again, corrected. What is wrong:\n"
# How JSON is asked for, the surest first.
_FORMS = ("json_schema", "json_object", "words")
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


def messages(prompt: str, kind: str, data: str, order: str) -> Messages:
    """``prompt``, then ``data`` between marks and what to do with it."""
    # Random for each call, so that nothing said in a session can close the mark early.
    mark = f"{kind}-{secrets.token_hex(8)}"
    text = f"The {kind} stands between <{mark}> and </{mark}>.\n\n<{mark}>\n{data}\n</{mark}>\n\n{order}"
    return [{"role": "system", "content": prompt}, {"role": "user", "content": text}]


class StructuredChat:
    """``/chat/completions`` with a JSON schema, without tools, never stored there.

    Servers that refuse the schema, or break on it, are asked for any JSON object instead, with the schema
    in the prompt; those that refuse that too are asked in words alone. An answer that does not fit is sent
    back once.
    """

    def __init__(self, client: OpenAIClient, target: Target) -> None:
        self._client = client
        self._target = target
        self._form = 0
        self._form_is_known = False

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
        """The answer in the first form that the server takes, which later calls then begin with."""
        for form in _FORMS[self._form :]:
            try:
                content = self._call(messages, schema, form, deadline, spent)
            except StepError as error:
                if form == _FORMS[-1] or not self._may_be_the_form(error):
                    raise
            else:
                self._form, self._form_is_known = _FORMS.index(form), True
                return content
        raise AssertionError("the last form either answers or raises")

    def _may_be_the_form(self, error: StepError) -> bool:
        """Whether the server may have refused only the form; OpenAI's own models know all of them."""
        if self._client.official:
            return False
        broke = error.code == "engine_unavailable" and not self._form_is_known
        return error.code == "engine_refused_request" or broke

    def _call(self, messages: Messages, schema: JsonSchema, form: str, deadline: float, spent: Spent) -> str:
        left = deadline - time.monotonic()
        if left <= 0:
            raise retryable(self._target, "engine_timeout", "did not answer in time.")
        body: dict[str, Any] = {"model": self._target.model, **_shaped(messages, schema, form)}
        answer = self._client.call(
            self._target,
            left,
            lambda sdk, timeout: sdk.chat.completions.with_streaming_response.create(**body, timeout=timeout),
        )
        spent.add(*usage_of(answer))
        return content_of(answer, self._target)


def _shaped(messages: Messages, schema: JsonSchema, form: str) -> dict[str, Any]:
    """The request's messages and format: the schema as a parameter, or else in words."""
    if form == "json_schema":
        described = {"name": "session_notes", "strict": True, "schema": schema}
        wanted = {"type": form, "json_schema": described}
        return {"messages": messages, "response_format": wanted, "store": False}
    in_words = {"role": "system", "content": _JSON_ONLY + json.dumps(schema)}
    told = [messages[0], in_words, *messages[1:]]
    return {"messages": told, **({"response_format": {"type": form}} if form == "json_object" else {})}


def _read(content: str, read: Callable[[Any], Document]) -> Document:
    try:
        return read(json.loads(content))
    except RecursionError:
        raise ValidationError("It is nested too deep.") from None
    except ValueError as error:
        if isinstance(error, ValidationError):
            raise
        raise ValidationError("It is not one JSON object.") from None
