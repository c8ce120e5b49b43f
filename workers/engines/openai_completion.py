"""The text of a chat completion, or the reason why there is none."""

import json
import re
from typing import Any

from workers.engines.openai_client import Answer
from workers.engines.openai_errors import NOT_AN_API, Target, permanent, retryable

_THOUGHTS = re.compile(r"<think>.*?</think>", re.DOTALL)
_FENCED = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL | re.IGNORECASE)

_TRUNCATED = (
    "engine_answer_truncated",
    "stopped in the middle of the notes: the model {model} ({setting}) has too little room for this "
    "session; choose one with a longer context.",
)
_FILTERED = (
    "engine_content_filtered",
    "has a content filter that stopped the notes: choose another model or server ({setting}).",
)
_REFUSED = (
    "engine_refused_content",
    "did not want to write notes on this session: choose another model ({setting}).",
)
_BAD = ("engine_bad_answer", "sent an answer that holds no notes.")


def content_of(answer: Answer, target: Target) -> str:
    """The JSON text that the model wrote, without fences and thoughts; it need not be valid.

    Raises PermanentStepError for a refusal, a content filter, an answer cut short and a web
    page, RetryableStepError for anything else that is not a completion.
    """
    if answer.is_web_page:
        raise permanent(target, *NOT_AN_API)
    choice = _choice(answer.text)
    if choice is None:
        raise retryable(target, *_BAD)
    reason, message = choice.get("finish_reason"), choice["message"]
    if message.get("refusal"):
        raise permanent(target, *_REFUSED)
    if reason == "content_filter":
        raise permanent(target, *_FILTERED)
    if reason == "length":
        raise permanent(target, *_TRUNCATED)
    content = message.get("content")
    if not isinstance(content, str) or not content.strip():
        raise retryable(target, *_BAD)
    return _bare(content)


def _choice(text: str) -> dict[str, Any] | None:
    """The first choice of a completion, or None where that is not what ``text`` is."""
    try:
        choice = json.loads(text)["choices"][0]
    except (ValueError, RecursionError, LookupError, TypeError):
        return None
    whole = isinstance(choice, dict) and isinstance(choice.get("message"), dict)
    return choice if whole else None


def _bare(content: str) -> str:
    """``content`` without a reasoning model's thoughts, a fence, or words around the object."""
    rest = _THOUGHTS.sub("", content).strip()
    if rest.startswith("{") and rest.endswith("}"):
        return rest
    fenced = _FENCED.search(rest)
    if fenced:
        return fenced.group(1).strip()
    start, end = rest.find("{"), rest.rfind("}")
    return rest[start : end + 1] if 0 <= start < end else rest


def usage_of(answer: Answer) -> tuple[int | None, int | None, str | None]:
    """Tokens in and out, and the model's full name, as far as the answer says them sensibly."""
    try:
        document = json.loads(answer.text)
        usage = document.get("usage")
    except (ValueError, RecursionError, AttributeError):
        return None, None, None
    counted = usage if isinstance(usage, dict) else {}
    tokens = [_count(counted.get(name)) for name in ("prompt_tokens", "completion_tokens")]
    model = document.get("model")
    known = isinstance(model, str) and re.fullmatch(r"[\w.:/@-]{1,200}", model) is not None
    return tokens[0], tokens[1], model if known else None


def _count(value: Any) -> int | None:
    plain = isinstance(value, int) and not isinstance(value, bool)
    return value if plain and 0 <= value < 10**9 else None
