"""The words that a claim cites, with what was said around them and by whom."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.english.questions import is_question
from shared.domain.english.quotes import Found, words_of
from shared.domain.english.sentence_ends import SENTENCE_END
from shared.domain.transcripts.roles import Role, propose_roles
from shared.domain.values import Segment, Transcript
from shared.domain.vocabulary import words

_FILLERS = words("um uh er erm well oh so like i mean you know hmm mm ah right okay ok and but look ha")
_NO = words(
    """no nope nah never not don't didn't haven't hasn't hadn't wouldn't won't can't couldn't isn't
    wasn't none
    neither hardly"""
)
_YES = words(
    """yes yeah yep yup aye sure definitely absolutely exactly true right correct course totally
    basically pretty
    guess suppose probably agreed deal okay ok alright fine"""
)
_REFUSAL = re.compile(
    r"\b(?:don't think (?:i'll|i will|i can|i could|so)|not (?:going|gonna|doing|keen|really|for me"
    r"|happening|ready|yet|a chance)"
    r"|rather not|i'm not|no thank|no way|won't|can't (?:do|make|see|be)|couldn't (?:do|face)"
    r"|i'd (?:hate|feel daft)|maybe not"
    r"|i'll pass|pass on|not my thing|don't (?:want|fancy|like the)|no good|forget it|i doubt|no i"
    r"|nah|nope|let me think|i'll think|i'll see"
    r"|we'll see|dunno about|don't know about|not sure about|i hate)\b"
)
_ACCEPTANCE = re.compile(
    r"\b(?:yes|yeah|yep|aye|okay|ok|sure|alright|all right|fine|deal|agreed|will do|i'll (?:try|do"
    r"|give|write|have|go|bring|start|call|ring|ask)"
    r"|i can (?:do|try)|can do|could do|sounds (?:good|okay|fine|all right)|grand|perfect|great"
    r"|good idea|i will|i'm up for|works|happy to|let's|done|right)\b"
)


class Stance(StrEnum):
    """How a client answers what the therapist asked or said."""

    AFFIRMED = "affirmed"
    DENIED = "denied"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Cited:
    """A quote in its place: the whole sentences it is from, who says them, and the turns around."""

    segment: int
    quote: str
    sentences: str
    by_therapist: bool
    answer: str  # how the other speaker goes on, or an empty string

    @property
    def words(self) -> tuple[str, ...]:
        """The normalised words of the sentences."""
        return words_of(self.sentences)

    @property
    def stance(self) -> Stance:
        """How the other speaker answers."""
        return stance_of(self.answer)

    @property
    def is_question(self) -> bool:
        """Whether the quoted sentences ask."""
        return is_question(self.sentences)


def by_client(cited: Iterable[Cited]) -> list[Cited]:
    """Those of ``cited`` that the therapist did not say."""
    return [one for one in cited if not one.by_therapist]


def in_place(found: Sequence[Found], transcript: Transcript) -> list[Cited]:
    """The pieces ``found``, each in its place."""
    therapist = therapist_of(transcript.segments)
    return [_placed(piece, transcript.segments, therapist) for piece in found]


def _placed(piece: Found, segments: Sequence[Segment], therapist: str | None) -> Cited:
    here = segments[piece.segment]
    answer = ""
    for later in segments[piece.segment + 1 : piece.segment + 3]:
        if later.speaker != here.speaker:
            answer = later.text
            break
    return Cited(
        piece.segment,
        piece.quote,
        _sentences_with(here.text, piece.quote),
        therapist is not None and here.speaker == therapist,
        answer,
    )


def _sentences_with(text: str, quote: str) -> str:
    """The sentences of ``text`` that the quote touches."""
    begin = text.find(quote)
    if begin < 0:
        return text
    end, at, kept = begin + len(quote), 0, []
    for sentence in SENTENCE_END.split(text):
        start = text.find(sentence, at)
        at = start + len(sentence)
        if start < end and at > begin:
            kept.append(sentence)
    return " ".join(kept) or text


def therapist_of(segments: Sequence[Segment]) -> str | None:
    """The label of who leads the session, or None where it cannot be told."""
    labels = {segment.speaker for segment in segments}
    named = {label for label in labels if label.casefold().startswith(("therapist", "clinician", "counsel"))}
    if named:
        return named.pop() if len(named) == 1 else None
    if len(labels) < 2:
        return None
    proposed = propose_roles(segments)
    sure = [label for label, told in proposed.items() if told["role"] == Role.THERAPIST.value]
    return sure[0] if sure else _asks_most(segments, labels)


def _asks_most(segments: Sequence[Segment], labels: Iterable[str]) -> str | None:
    """Who asks most for each word and speaks least of themselves, if the difference is plain."""
    scores: dict[str, float] = {}
    for label in labels:
        said = [segment.text for segment in segments if segment.speaker == label]
        heard = [word for text in said for word in words_of(text)]
        asked = sum(is_question(part) for text in said for part in SENTENCE_END.split(text))
        own = sum(word in {"i", "i'm", "my", "me", "i've", "i'd"} for word in heard)
        scores[label] = (asked * 8 - own) / max(len(heard), 1)
    ranked = sorted(scores, key=lambda label: -scores[label])
    return ranked[0] if scores[ranked[0]] - scores[ranked[1]] > 0.05 else None


def stance_of(answer: str) -> Stance:
    """Whether ``answer`` opens with a yes or a no to what came before it."""
    spoken = list(words_of(answer)[:8])
    while spoken and spoken[0] in _FILLERS - _YES:
        spoken.pop(0)
    opening = spoken[:3]
    if not opening:
        return Stance.OPEN
    if opening[0] in _NO or opening[:2] in (
        ["god", "no"],
        ["of", "no"],
        ["oh", "no"],
        ["christ", "no"],
        ["i", "don't"],
    ):
        return Stance.DENIED
    if opening[:2] in (
        ["i", "haven't"],
        ["i", "didn't"],
        ["i", "wouldn't"],
        ["i", "never"],
        ["of", "course"],
    ):
        return Stance.AFFIRMED if opening[0] == "of" and "not" not in spoken else Stance.DENIED
    return Stance.AFFIRMED if opening[0] in _YES else Stance.OPEN


def accepts(answer: str) -> bool:
    """Whether ``answer`` takes on what was proposed."""
    spoken = " ".join(words_of(answer))
    return bool(_ACCEPTANCE.search(spoken)) and not refuses(answer)


def refuses(answer: str) -> bool:
    """Whether ``answer`` turns down what was proposed, or leaves it open."""
    return bool(_REFUSAL.search(" ".join(words_of(answer)[:40]))) or stance_of(answer) is Stance.DENIED
