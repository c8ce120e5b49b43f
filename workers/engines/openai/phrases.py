"""From a server's transcription answer to phrases, believing nothing of it.

Servers answer with an object, a bare string or plain text; with times as numbers, strings or
nanoseconds; without words, without segments, or with a login page. What can be used is used,
and no time leaves the audio that was sent.
"""

import json
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from shared.domain.values import Phrase, Word
from workers.engines.openai.client import Answer
from workers.engines.openai.errors import NOT_AN_API, Target, permanent, retryable

# No audio we send has a million seconds (11 days), so a larger time is in nanoseconds, as
# LocalAI's are; a smaller one may be wrong but is in seconds, as Whisper's padding up to 30 s is.
_NANOSECONDS_FROM = 1e6


def phrases_from(answer: Answer, seconds: float, target: Target) -> list[Phrase]:
    """The phrases in ``answer`` to audio of ``seconds``, in order of time.

    One phrase over the whole audio where the server gave no usable times, none where it heard
    nothing. Raises PermanentStepError for a web page, RetryableStepError for any other answer
    that holds no text.
    """
    if answer.is_web_page:
        raise permanent(target, *NOT_AN_API)
    document = _document(answer)
    if isinstance(document, str):
        document = {"text": document}
    if not isinstance(document, dict):
        raise _unusable(target)
    segments = _segments(document.get("segments"), seconds)
    given = document.get("text")
    if not isinstance(given, str):
        if not segments:
            raise _unusable(target)
        given = " ".join(segment.text for segment in segments)
    text = clean(given)
    if not text:
        return []
    if _squeezed(text) != _squeezed("".join(segment.text for segment in segments)):
        segments = [Phrase(text, 0.0, seconds, _confidence(document.get("logprobs")))]
    return _with_words(segments, _words(document.get("words"), seconds))


def clean(text: str) -> str:
    """``text`` on one line, without what UTF-8 or Postgres cannot hold (surrogates, NUL)."""
    return " ".join(text.replace("\0", " ").encode("utf-8", "ignore").decode().split())


def _unusable(target: Target) -> Exception:
    return retryable(target, "engine_bad_answer", "sent an answer that holds no transcript.")


def _document(answer: Answer) -> Any:
    """The JSON value of an answer; the text itself where a server sends plain text."""
    plain = answer.media_type == "text/plain"
    if plain and answer.text.lstrip()[:1] != "{":
        return answer.text
    try:
        return json.loads(answer.text)
    except (ValueError, RecursionError):
        return answer.text if plain else None


def _confidence(items: Any) -> float | None:
    """The mean probability of the tokens, where the server tells their logarithms."""
    if not isinstance(items, list):
        return None
    logprobs = [_number(item.get("logprob")) for item in items if isinstance(item, dict)]
    known = [min(0.0, logprob) for logprob in logprobs if logprob is not None]
    return sum(map(math.exp, known)) / len(known) if known else None


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _times(item: Any, seconds: float) -> tuple[float, float] | None:
    """Start and end of a word or segment within the audio, or None if they are not numbers."""
    start, end = _number(item.get("start")), _number(item.get("end"))
    if start is None or end is None:
        return None
    if max(start, end) > _NANOSECONDS_FROM:
        start, end = start / 1e9, end / 1e9
    start = min(max(start, 0.0), seconds)
    return start, min(max(end, start), seconds)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _segments(items: Any, seconds: float) -> list[Phrase]:
    """The segments with text and times, or none at all if one has no times or is out of order."""
    found = []
    for item in items if isinstance(items, list) else []:
        text = item.get("text") if isinstance(item, dict) else None
        times = _times(item, seconds) if isinstance(text, str) else None
        if times is None:
            return []
        if clean(str(text)):
            found.append(Phrase(clean(str(text)), *times))
    return found if _ordered(found) else []


def _words(items: Any, seconds: float) -> list[Word]:
    """The words, or none at all if one has no times: a transcript with gaps is worse."""
    found = []
    for item in items if isinstance(items, list) else []:
        text = item.get("word") if isinstance(item, dict) else None
        times = _times(item, seconds) if isinstance(text, str) else None
        if times is None:
            return []
        if clean(str(text)):
            found.append(Word(clean(str(text)), *times))
    return found if _ordered(found) else []


def _ordered(items: Sequence[Phrase | Word]) -> bool:
    return all(first.start <= second.start for first, second in pairwise(items))


def _with_words(phrases: list[Phrase], words: list[Word]) -> list[Phrase]:
    """``phrases`` with each word in the last phrase that starts no later than the word's middle."""
    mine: list[list[Word]] = [[] for _ in phrases]
    at = 0
    for word in words:
        middle = (word.start + word.end) / 2
        while at + 1 < len(phrases) and phrases[at + 1].start <= middle:
            at += 1
        mine[at].append(word)
    return [
        Phrase(phrase.text, phrase.start, phrase.end, phrase.confidence, tuple(own))
        for phrase, own in zip(phrases, mine, strict=True)
    ]
