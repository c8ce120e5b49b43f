"""A transcript cut into sentences that know who said them, when, and in which words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from shared.domain.english.questions import is_question
from shared.domain.english.quotes import tokenize
from shared.domain.english.sentence_ends import SENTENCE_END
from shared.domain.english.stems import stems_of
from shared.domain.values import Transcript
from workers.engines.rules.speakers import Role, roles_of

LONG_WORDS = 30  # above this, a sentence without punctuation is cut before a conjunction
SHORT_WORDS = 10  # and no piece of it is shorter than this

_END = re.compile(rf"{SENTENCE_END.pattern}|\n+|[<>\[\](){{}}|]+|(?:https?:|www\.)\S*")
_CONJUNCTIONS = frozenset({"but", "and", "because", "so", "then"})


@dataclass(frozen=True, slots=True)
class Passage:
    """One sentence. ``number`` counts through the session, ``position`` is 0..1 of its time."""

    number: int
    segment: int
    speaker: str
    role: Role
    text: str
    words: tuple[str, ...]
    stems: tuple[str, ...]
    question: bool
    position: float

    @property
    def by_client(self) -> bool:
        """Said by the client, or by a speaker who may be the client."""
        return self.role is not Role.THERAPIST


def passages_of(transcript: Transcript) -> list[Passage]:
    """The sentences of ``transcript`` in order; markup and links are cut away from them."""
    cut = [(index, text) for index, segment in enumerate(transcript.segments) for text in _cut(segment.text)]
    asked = [is_question(text) for _, text in cut]
    speakers = [transcript.segments[index].speaker for index, _ in cut]
    roles = roles_of(transcript, list(zip(speakers, asked, (text for _, text in cut), strict=True)))
    total = max([transcript.duration_seconds, *(segment.end for segment in transcript.segments)], default=0.0)
    found = []
    for number, ((index, text), question) in enumerate(zip(cut, asked, strict=True)):
        segment = transcript.segments[index]
        words = tuple(token.word for token in tokenize(text))
        stems = stems_of(words)
        position = segment.start / total if total > 0 else 0.0
        role = roles.get(segment.speaker, Role.UNKNOWN)
        found.append(Passage(number, index, segment.speaker, role, text, words, stems, question, position))
    return found


def part_of(passage: Passage, text: str) -> Passage:
    """``passage`` with only ``text``, some run of its segment's words."""
    words = tuple(token.word for token in tokenize(text))
    return replace(passage, text=text, words=words, stems=stems_of(words))


def _cut(text: str) -> Iterator[str]:
    for piece in _END.split(text):
        for part in _cut_long(piece):
            stripped = part.strip(" \t,;:-–—")
            if tokenize(stripped):
                yield stripped


def _cut_long(piece: str) -> Iterator[str]:
    tokens = tokenize(piece)
    begin = last = 0
    for index, token in enumerate(tokens):
        long_enough = index - last >= SHORT_WORDS and len(tokens) - index >= SHORT_WORDS // 2
        if len(tokens) > LONG_WORDS and token.word in _CONJUNCTIONS and long_enough:
            yield piece[begin : token.start]
            begin, last = token.start, index
    yield piece[begin:]


def answer_to(passages: Sequence[Passage], question: Passage) -> list[Passage]:
    """What the next speaker says first after ``question``: up to three sentences of one turn."""
    answer = _first_said(passages, question)
    if len(answer) > 1 and len(answer[0].words) == 1 and answer[0].segment == answer[1].segment:
        head = part_of(answer[0], f"{answer[0].text} {answer[1].text}")
        return [head, *answer[2:]]
    return answer


def _first_said(passages: Sequence[Passage], question: Passage) -> list[Passage]:
    answer: list[Passage] = []
    for passage in passages[question.number + 1 : question.number + 8]:
        if passage.speaker == question.speaker:
            # Who asks may go on with the question, and with further ones.
            if answer or not (passage.question or passage.segment == question.segment):
                break
        elif len(answer) == 3 or (answer and passage.segment > answer[0].segment + 1):
            break
        else:
            answer.append(passage)
    return answer
