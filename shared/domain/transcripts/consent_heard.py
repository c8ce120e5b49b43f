"""Passages in which consent to being recorded is asked for and given, found by rules for English.

They are proposals of evidence. A person who listens decides.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WITHIN_SECONDS = 600.0  # consent is asked for at the beginning
_ANSWER_WITHIN_SECONDS = 30.0
_MOST_SEGMENTS_BETWEEN = 3
MOST = 5

_SAME_SPEAKER_WITHIN_SECONDS = 15.0

_FINE = r"(?:ok|okay|alright|all right|fine|comfortable|good|cool)"
_SOUNDS = r"(?:(?:um|uh|oh|well|hm|mm|so|and) )*"
_RECORDING = re.compile(r"\b(?:record(?:s|ed|ings?)?|recorder|tap(?:e|ed|ing)|transcrib(?:e|ed|ing))\b")
_ASKS = re.compile(
    rf"\b(?:is|would|will|if|that|that's|it|it's|still) (?:that |it |this |be |all |still )*{_FINE}\b"
    rf"|\b{_FINE} (?:with|if|for|to|being)\b"
    r"|\b(?:do|would|if) you (?:consent|agree|mind)\b|\byou (?:don't|do not) mind\b"
    r"|\b(?:your|have|get|for) (?:verbal |oral )?(?:consent|permission)\b"
    r"|\b(?:may|can|could) (?:i|we) (?:please |just |also )?(?:record|tape)\b"
)
_ASKS_TO_MIND = re.compile(r"\bmind\b")
# A recording of others or of another time: told, not asked.
_TOLD = re.compile(
    r"\b(?:he|she|they|boss|police|court|neighbor|neighbour) (?:\w+ )?record(?:ed|s|ing)?\b"
    r"|\b(?:broke|set|world|criminal|medical|school|track|vinyl) (?:a |the )?records?\b"
    r"|\blast (?:week|time|month|year)\b"
)
_YES = re.compile(
    rf"^{_SOUNDS}(?:yes|yeah|yep|yup|sure|okay|ok|of course|absolutely|definitely|certainly|fine|alright"
    r"|all right|i (?:do|consent|agree|am)|go ahead|please do|mhm|mm hmm|uh huh|no problem|that works"
    r"|you (?:can|may)"
    rf"|(?:it|that)(?: is|'s| would be)(?: \w+)? {_FINE})\b"
)
_NOT_MINDING = re.compile(
    rf"^{_SOUNDS}(?:no|nope|not at all|of course not|i (?:don't|do not) mind|go ahead|sure|that's fine)\b"
)
_NO = re.compile(
    r"\brather (?:not|you didn't)|\bprefer (?:not|if you didn't|you didn't)|\bi (?:really )?(?:do )?mind\b"
    r"|\b(?:don't|do not|didn't|did not) (?:really )?(?:want|consent|agree|feel comfortable|like|think so)"
    r"|\bnot (?:today|comfortable|okay|ok|really|sure|yet|fine|now|for me)|\bno thank|\bchanged my mind"
    r"|\b(?:please|but) (?:do not|don't|not|stop)\b|\bturn (?:it|that) off|\bstop (?:the )?record"
)
_REFUSES = re.compile(rf"^{_SOUNDS}(?:no|nope)\b")
_GIVES = re.compile(
    r"\bi (?:hereby |do |also )?(?:consent|agree|give (?:you )?(?:my )?(?:consent|permission))\b"
)


@dataclass(frozen=True, slots=True)
class Said:
    """A segment: who said what, from when to when, in seconds of the recording."""

    start: float
    end: float
    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A passage; ``asked`` None where consent was given in words of its own."""

    start: float
    end: float
    asked: Said | None
    given: Said


def find(segments: Sequence[Said]) -> list[Heard]:
    """At most MOST passages, in their order. A refusal is none, nor is a question without an answer."""
    found: list[Heard] = []
    for number, said in enumerate(segments):
        if said.start > WITHIN_SECONDS or len(found) == MOST:
            break
        following = segments[number + 1 : number + 1 + _MOST_SEGMENTS_BETWEEN]
        heard = _given_alone(said) or _answered(_with_before(segments, number), following)
        if heard is not None and not (found and heard.given.start < found[-1].end):
            found.append(heard)
    return found


def _with_before(segments: Sequence[Said], number: int) -> Said:
    """The segment with what its speaker said right before: "I record this for my notes." "Is that okay?"."""
    said, before = segments[number], segments[number - 1] if number else None
    is_whole = _is_asked(_plain(said.text))
    if before is None or is_whole or before.speaker != said.speaker:
        return said
    if said.start - before.end > _SAME_SPEAKER_WITHIN_SECONDS:
        return said
    return Said(before.start, said.end, said.speaker, f"{before.text} {said.text}")


def _given_alone(said: Said) -> Heard | None:
    words = _plain(said.text)
    is_question = said.text.rstrip().endswith("?")
    if is_question or not _RECORDING.search(words) or _TOLD.search(words) or _NO.search(words):
        return None
    return Heard(said.start, said.end, None, said) if _GIVES.search(words) else None


def _answered(asked: Said, following: Sequence[Said]) -> Heard | None:
    """The question with its answer, which is another speaker's; or in the same segment after its mark."""
    words = _plain(asked.text)
    if not _is_asked(words):
        return None
    minds = bool(_ASKS_TO_MIND.search(words))
    question, mark, rest = asked.text.rpartition("?")
    if mark and _is_asked(_plain(question)) and _is_yes(_plain(rest), minds=minds):
        return Heard(asked.start, asked.end, asked, asked)
    for answer in _answers(asked, following):
        said = _plain(answer.text)
        if _NO.search(said) or (not minds and _REFUSES.search(said)):
            return None
        if _is_yes(said, minds=minds):
            return Heard(asked.start, answer.end, asked, answer)
    return None


def _answers(asked: Said, following: Sequence[Said]) -> Iterator[Said]:
    for said in following:
        if said.start - asked.end > _ANSWER_WITHIN_SECONDS:
            return
        if said.speaker != asked.speaker:
            yield said


def _is_asked(words: str) -> bool:
    return bool(_RECORDING.search(words) and _ASKS.search(words)) and not _TOLD.search(words)


def _is_yes(words: str, *, minds: bool) -> bool:
    return bool((_NOT_MINDING if minds else _YES).search(words)) and not _NO.search(words)


def _plain(text: str) -> str:
    """Small letters, single blanks, no marks but apostrophes."""
    return " ".join(re.sub(r"[^a-z']+", " ", text.lower().replace("’", "'")).split())
