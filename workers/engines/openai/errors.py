"""What a server's refusals mean to us, in our own words.

A server's error text may repeat what it was sent, so nothing of it is kept:
the errors made here have our sentences and no cause, and the log line has only checked fields.
"""

import email.utils
import math
import re
import time
from dataclasses import dataclass
from typing import Any

import structlog

from shared.domain.errors import PermanentStepError, RetryableStepError, StepError

log = structlog.get_logger(__name__)

# A server that names a longer pause is asked again after this one; the question costs nothing.
MAX_RETRY_AFTER_SECONDS = 3600.0

RATE_LIMITED, TOO_LARGE = "engine_rate_limited", "engine_input_too_large"
NOT_AN_API = ("engine_not_an_api", "answered with a web page: check OPENAI_BASE_URL.")

_MACHINE_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_QUOTA_CODES = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
_FILTER_CODES = {"content_filter", "content_policy_violation"}
_TOO_LARGE_CODES = {
    "context_length_exceeded",
    "string_above_max_length",
    "audio_too_long",
    "exceed_context_size_error",  # llama.cpp
}
# How servers say it that give no code: OpenAI's transcribers ("longer than … maximum"), vLLM ("maximum
# context length is", "longer than the maximum model length"), SGLang ("longer than the model's context
# length"), Mistral ("too large for model with … maximum context length"), llama.cpp ("exceeds the available
# context size", "too large to process"), text-generation-inference ("tokens … must be <="), LM Studio
# ("context length of only").
_TOO_LONG_WORDS = re.compile(
    r"longer than .*maximum|too long|context (?:length|size|window)|too large (?:for|to process)"
    r"|tokens.{0,40}must be <=|reduce the length",
    re.DOTALL,
)
LONGEST_MESSAGE = 1_000
# Some servers answer with 500 where a request is too long for them.
_TOO_LONG_STATUSES = {400, 413, 422, 500}
_FOR_NOW = {408, 409, 425}

_PERMANENT: dict[int, tuple[str, str]] = {
    401: ("engine_refused_credentials", "refused the API key: check OPENAI_API_KEY."),
    402: ("engine_quota_exhausted", "wants to be paid first: check the account's billing."),
    403: (
        "engine_access_denied",
        "does not let this API key use the model {model}: check the key's project and permissions.",
    ),
    404: (
        "engine_model_not_found",
        "knows no model {model} at this address: check {setting} and OPENAI_BASE_URL.",
    ),
    413: (TOO_LARGE, "found the request too large: choose a model with a longer input ({setting})."),
}
_REFUSED = (
    "engine_refused_request",
    "refused the request: check that the model {model} ({setting}) is meant for this work.",
)
_FILTERED = (
    "engine_content_filtered",
    "has a content filter that stopped the request: choose another model or server ({setting}).",
)
_TOO_LONG = (
    TOO_LARGE,
    "found the request too long for the model {model}: choose one with a longer input ({setting}).",
)
_QUOTA = ("engine_quota_exhausted", "has no quota left for this API key: check the account's billing.")
_REDIRECTED = ("engine_redirected", "redirected us elsewhere: set OPENAI_BASE_URL to the final address.")


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked of a server, for our sentences: who answers, and which setting names the model."""

    service: str
    model: str
    setting: str

    def sentence(self, text: str) -> str:
        """``text`` about this service, with {model} and {setting} filled in."""
        return f"The {self.service} " + text.format(model=self.model, setting=self.setting)


def permanent(target: Target, code: str, text: str) -> PermanentStepError:
    """An error that no attempt gets over; ``text`` goes on from "The service ..."."""
    return PermanentStepError(target.sentence(text), code)


def retryable(
    target: Target, code: str, text: str, retry_after_seconds: float | None = None
) -> RetryableStepError:
    """An error that may be gone at the next attempt; ``text`` as in ``permanent``."""
    return RetryableStepError(target.sentence(text), code, retry_after_seconds)


def from_status(error: Any, target: Target) -> StepError:
    """Our error for an answer that is no success (``error`` is an ``openai.APIStatusError``)."""
    status: int = error.status_code
    words = {str(error.code), str(error.type)}  # a server may put anything there
    log.warning(
        "engine refused a call",
        http_status=status,
        provider_code=_machine_word(error.code),
        provider_request_id=_machine_word(error.request_id),
    )
    if words & _QUOTA_CODES:
        return permanent(target, *_QUOTA)
    if words & _TOO_LARGE_CODES or (status in _TOO_LONG_STATUSES and _says_too_long(error)):
        return permanent(target, *_TOO_LONG)
    if status == 429:
        pause = retry_after(error.response.headers)
        return retryable(target, RATE_LIMITED, "has had too many requests from us.", pause)
    if status >= 500 or status in _FOR_NOW:
        pause = retry_after(error.response.headers)
        return retryable(target, "engine_unavailable", "is out of order for now.", pause)
    if status < 400:
        return permanent(target, *_REDIRECTED)
    if words & _FILTER_CODES:
        return permanent(target, *_FILTERED)
    return permanent(target, *_PERMANENT.get(status, _REFUSED))


def _says_too_long(error: Any) -> bool:
    # A long message repeats what was sent, in which the words may be the client's.
    message = f"{error.message} {error.body if isinstance(error.body, str) else ''}".lower()
    return len(message) <= LONGEST_MESSAGE and _TOO_LONG_WORDS.search(message) is not None


def _machine_word(value: object) -> str | None:
    """``value`` if it is a short machine word; a server could put anything there."""
    return value if isinstance(value, str) and _MACHINE_WORD.fullmatch(value) else None


def retry_after(headers: Any) -> float | None:
    """Seconds that the server asks us to wait: ``retry-after-ms``, or ``retry-after`` in seconds
    or as a date (RFC 9110, 10.2.3). None if it names no sensible time."""
    milliseconds = _number(headers.get("retry-after-ms"))
    seconds = milliseconds / 1000 if milliseconds is not None else _number(headers.get("retry-after"))
    if seconds is None:
        try:
            date = email.utils.parsedate_to_datetime(headers.get("retry-after") or "")
            seconds = date.timestamp() - _sent_at(headers)
        except (ValueError, OverflowError):
            return None
    return min(seconds, MAX_RETRY_AFTER_SECONDS) if seconds > 0 else None


def _sent_at(headers: Any) -> float:
    """When the answer was sent by its own clock, which is the one that a date in it is meant by."""
    try:
        return email.utils.parsedate_to_datetime(headers.get("date") or "").timestamp()
    except ValueError:
        return time.time()


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
