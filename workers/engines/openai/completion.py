"""The text of a chat completion, or the reason why there is none."""

import json
import re
from collections.abc import Iterator
from typing import Any

from workers.engines.openai.client import Answer
from workers.engines.openai.errors import NOT_AN_API, Target, permanent, retryable

# Chat templates often write the opening tag into the prompt: then the answer holds the closing one only.
_THOUGHTS = re.compile(r"\A.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
# A string, or a comma before a closing bracket, which JSON does not know and models write.
_STRING_OR_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)
# So many opening braces are tried as the beginning of the document: thoughts may hold some too.
_MOST_BEGINNINGS = 50
# Where the answer is, by the field of the message; servers with a reasoning parser that finds no end of
# the thoughts leave all of it in one of the latter.
_PLACES = ("content", "reasoning_content", "reasoning")

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
_UNFINISHED = {"content_filter": _FILTERED, "length": _TRUNCATED}


def content_of(answer: Answer, target: Target) -> str:
    """The JSON text that the model wrote, without what stands around it; it need not be valid.

    Raises PermanentStepError for a refusal, a content filter, an answer cut short and a web
    page, RetryableStepError for anything else that is not a completion.
    """
    if answer.is_web_page:
        raise permanent(target, *NOT_AN_API)
    choice = _choice(answer.text)
    if choice is None:
        raise retryable(target, *_BAD)
    message, ending = choice["message"], str(choice.get("finish_reason"))
    if message.get("refusal"):
        raise permanent(target, *_REFUSED)
    if ending in _UNFINISHED:
        raise permanent(target, *_UNFINISHED[ending])
    texts = [text for place in _PLACES if (text := _text_of(message.get(place)))]
    if not texts:
        raise retryable(target, *_BAD)
    # A server may put the thoughts beside an answer that is no JSON: the answer counts, and is sent back.
    return next((found for text in texts if (found := _object_in(text))), texts[0].strip())


def _choice(text: str) -> dict[str, Any] | None:
    """The first choice of a completion, or None where that is not what ``text`` is."""
    try:
        choice = json.loads(text)["choices"][0]
    except (ValueError, RecursionError, LookupError, TypeError):
        return None
    whole = isinstance(choice, dict) and isinstance(choice.get("message"), dict)
    return choice if whole else None


def _text_of(content: Any) -> str:
    """A message's text: a string, or a list of parts of which those with thoughts are left out."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict) and part.get("type", "text") == "text"]
        content = "".join(part["text"] for part in parts if isinstance(part.get("text"), str))
    return content.replace("\ufeff", "") if isinstance(content, str) and content.strip("\ufeff \n\t") else ""


def _object_in(text: str) -> str | None:
    """The largest JSON object in ``text``, after the thoughts if there is one; None where there is none."""
    answer = _THOUGHTS.sub("", text)
    objects = [*_objects_in(answer), *_objects_in(_without_commas(answer))] or list(_objects_in(text))
    return max(objects, key=len, default=None)


def _objects_in(text: str) -> Iterator[str]:
    decoder, at = json.JSONDecoder(), -1
    for _ in range(_MOST_BEGINNINGS):
        at = text.find("{", at + 1)
        if at < 0:
            return
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            continue
        yield text[at:end]
        at = end - 1


def _without_commas(text: str) -> str:
    return _STRING_OR_COMMA.sub(lambda found: found[1] or "", text)


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
