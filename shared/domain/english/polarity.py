"""Negation in spoken English: what is denied, and what only sounds so (after NegEx, Chapman 2001)."""

import re
from collections.abc import Sequence

WINDOW = 6  # words before a phrase in which a negation still governs it; NegEx uses five or six

_NEGATIONS = (
    "no not never none nor neither nothing without cannot deny denies denied denying nope nobody "
    "don't doesn't didn't haven't hasn't hadn't wouldn't won't isn't aren't wasn't weren't can't "
    "couldn't shouldn't ain't dont doesnt didnt havent hasnt hadnt wouldnt wont isnt wasnt cant"
)
NEGATIONS = frozenset(_NEGATIONS.split())

# A clause ends here, and with it what the negation governs.
_BARRIERS = "but however although though except because unless until yet still"
BARRIERS = frozenset(_BARRIERS.split())

# These hold a negation word and deny nothing, so the phrase after them stands as said.
PSEUDO_NEGATIONS = (
    "not sure", "not certain", "don't know", "do not know", "didn't know", "not only", "not just",
    "no wonder", "can't stop", "cannot stop", "couldn't stop", "could not stop", "can't help",
    "couldn't help", "no longer afraid", "can't say", "cannot say", "not that i haven't",
    "not that i don't", "never not", "don't think i don't", "don't see why", "don't care if",
    "do not care if", "wouldn't mind", "would not mind", "why not", "why don't", "why shouldn't",
    "no doubt", "no matter", "never stop", "never stopped", "don't remember when", "can't deny",
    "nothing left", "nothing else", "no one would", "nobody would", "no choice", "no other way",
    "no reason not", "not afraid", "never told", "haven't told", "have not told", "didn't tell",
    "did not tell", "told nobody", "tell nobody", "nobody knows", "nobody that", "does not know",
    "doesn't know",
    "don't tell", "do not tell",
)  # fmt: skip
_PSEUDO_WORDS = [phrase.split() for phrase in PSEUDO_NEGATIONS]

_RISK_WORDS = re.compile(
    r"suicid|kill|\bdie\b|\bdying\b|self-? ?harm|harm|\bhurt|overdos|\bend(?:ing)? (?:my|his|her|your|their)"
    r"|abus|violen|attempt|\bplan\b|intent"
)
# "I am not certain I won't": of two negations, one of them of knowing, the second denies nothing.
_UNCERTAIN = re.compile(
    r"(?:\bnot|n't|\bcannot|\bcant|\bdont|\bnever|\bno|\bhard to|\bwish i could) (?:\S+ ){0,2}?(?:sure"
    r"|certain|promise|swear|guarantee|say|know|think|trust myself|confident|convinced|way of knowing|idea)\b"
    r"|\bdoubt\b|\bunsure\b"
)
# Wishing not to live is no denial: here the negation is the finding.
_NEGATED_LIFE = re.compile(
    r"(?:not|n't|dont|no|never) (?:\w+ ){0,5}(?:live|living|alive|here|wake|go on|going on|exist|point)\b"
)


# "They never told me to hurt anyone" denies, other than "I never told anyone that I want to".
_NOT_TOLD_TO = re.compile(r"\b(?:told|tell|asked|ask) (?:me|us|him|her|them) (?:to\b|$)")


def governing_negation(words: Sequence[str], start: int) -> int | None:
    """Index of the negation word that governs ``words[start]``, or None.

    ``words`` are lower-case words of one sentence. Looks back ``WINDOW`` words and stops at
    a barrier; a pseudo-negation does not count. An opening "no" that answers a question ("no i
    want to") governs nothing by itself.
    """
    for index in range(start - 1, max(-1, start - 1 - WINDOW), -1):
        word = words[index]
        if word in BARRIERS:
            return None
        if word in NEGATIONS and not _is_pseudo(words, index) and not _is_answer(words, index, start):
            return None if _has_new_subject(words[index + 1 : start]) else index
    return None


def _has_new_subject(between: Sequence[str]) -> bool:
    """Whether "i" begins a clause after the negation ("not joking i want"), unless it is a belief."""
    begins = any(word in {"i", "i'm", "i've", "i'd", "i'll"} for word in between)
    return begins and between[0] not in {"think", "believe", "feel", "thinking", "suppose"}


def _is_pseudo(words: Sequence[str], index: int) -> bool:
    if "lying" in words[:index]:
        return True
    if _NOT_TOLD_TO.search(" ".join(words[max(0, index - 1) : index + 4])):
        return False
    return any(
        word == words[index] and at <= index and list(words[index - at :][: len(phrase)]) == phrase
        for phrase in _PSEUDO_WORDS
        for at, word in enumerate(phrase)
    )


def _is_answer(words: Sequence[str], index: int, start: int) -> bool:
    follows = words[index + 1] if index + 1 < len(words) else ""
    opens = index == 0 and words[index] in {"no", "nope"}
    return opens and index + 1 < start and follows in {"i", "i'm", "i've", "i'd", "we", "he", "she", "they"}


def denying_negation(words: Sequence[str], start: int) -> int | None:
    """As ``governing_negation``, unless the speaker says that they do not know it or cannot promise it."""
    index = governing_negation(words, start)
    return None if index is None or _is_doubted(words, index) else index


def _is_doubted(words: Sequence[str], index: int) -> bool:
    """Whether the negation at ``index`` stands in what the speaker does not know or promise."""
    clause: list[str] = []
    for word in reversed(words[:index]):
        if word in BARRIERS:
            break
        clause.insert(0, word)
    return _UNCERTAIN.search(" ".join(clause)) is not None


def is_risk_worded(text: str) -> bool:
    """Whether ``text`` speaks of death, harm or violence, so that its polarity must be right."""
    return _RISK_WORDS.search(text.casefold()) is not None


def risk_places(words: Sequence[str]) -> list[int]:
    """Where in ``words`` death, harm or violence is spoken of."""
    text = " ".join(words)
    return sorted({text.count(" ", 0, match.start()) for match in _RISK_WORDS.finditer(text)})


def has_negation(words: Sequence[str]) -> bool:
    """Whether any of ``words`` negates."""
    return any(word in NEGATIONS for word in words)


def denies_risk(words: Sequence[str]) -> bool:
    """Whether a quote of ``words`` denies the risk it names rather than stating it."""
    text = " ".join(words)
    if _NEGATED_LIFE.search(text) or any(phrase in text for phrase in PSEUDO_NEGATIONS):
        return False
    named = risk_places(words)
    if not named:
        return has_negation(words[:4])
    return all(denying_negation(words, index) is not None for index in named)
