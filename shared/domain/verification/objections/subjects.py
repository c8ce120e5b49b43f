"""The person and time of a mention of risk: others' words and the past must not become the client's."""

import re
from collections.abc import Sequence

from shared.domain.english.polarity import is_risk_worded, risk_places
from shared.domain.english.questions import is_question
from shared.domain.english.quotes import words_of
from shared.domain.vocabulary import words

_FIRST = words("i i'm i've i'd i'll me my myself we")
_OTHERS = words(
    """he he's he'd she she's she'd they they're they'd him her them himself herself themselves who brother
sister mother father mom mum dad son daughter wife husband friend partner boyfriend girlfriend uncle
aunt cousin colleague neighbor neighbour boss grandmother grandfather somebody someone people
roommate classmate"""
)
_OF_OTHERS = _OTHERS - {
    "she",
    "her",
    "he",
    "him",
    "they",
    "them",
    "herself",
    "himself",
    "themselves",
    "she's",
    "he's",
    "who",
}
_CLIENT = words("client patient you client's patient's speaker")
_PAST = re.compile(
    r"""\b(?:years?\ ago|used\ to|back\ then|long\ time\ ago|in\ the\ past|as\ a\ (?:child|kid|teenager)
    |when\ i\ was\ (?:a\ |in\ )?\w+|in\ high\ school|in\ college|in\ my\ (?:teens|twenties)|decades\ ago
    |before\ i\ met)\b""",
    re.VERBOSE,
)
_STILL = re.compile(
    r"\b(?:again|still|now|lately|these days|recently|this week|today|tonight|yesterday|last night)\b"
)
_PRESENT = re.compile(
    r"""\b(?:current|currently|now|active|actively|ongoing|today|tonight|this\ week|recent|recently|lately
    |still|presently|plans\ to|intends\ to|is\ suicidal)\b""",
    re.VERBOSE,
)


def misattributed(claim: str, quotes: Sequence[str]) -> bool:
    """Whether a claim of risk about the client rests only on another person's, or on what is long past."""
    risky = _of_risk(quotes)
    if not risky or not is_risk_worded(claim):
        return False
    own = words_of(claim)
    if _is_of_client(own) and all(_is_of_another(said) for said in risky):
        return True
    return all(_is_past(said) for said in risky) and bool(_PRESENT.search(" ".join(own)))


def _of_risk(quotes: Sequence[str]) -> list[tuple[str, ...]]:
    """The words of each quote that speaks of risk; a question states nothing."""
    statements = [words_of(quote) for quote in quotes if not is_question(quote)]
    return [said for said in statements if risk_places(said)]


def _is_of_client(own: Sequence[str]) -> bool:
    return not _CLIENT.isdisjoint(own) and _OF_OTHERS.isdisjoint(own)


def _is_past(said: Sequence[str]) -> bool:
    text = " ".join(said)
    return bool(_PAST.search(text)) and not _STILL.search(text)


def _is_of_another(said: Sequence[str]) -> bool:
    """Whether each risk word of ``said`` has another person as the nearest before it."""
    return all(_subject(said, place) in _OTHERS for place in risk_places(said))


def _subject(said: Sequence[str], place: int) -> str:
    return next((word for word in reversed(said[:place]) if word in _FIRST | _OTHERS), "")
