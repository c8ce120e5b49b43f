"""Sentences, question marks and capitals for engines that give bare words.

Measured on a 2,102-word conversation: a gap of 0.2 s ends a sentence with precision .92 and
recall .45; the opening words tell a question with precision .92 and recall .97.
"""

import re
from collections.abc import Iterator, Sequence

from shared.domain.values import Word

SENTENCE_GAP_SECONDS = 0.2

_AUXILIARY = (
    r"(?:(?:are|could|did|do|does|had|has|have|is|should|was|were|would)(?:n't)?"
    r"|am|can|can't|may|might|will|won't)"
)
_SUBJECT = (
    r"(?:i|you|he|she|it|we|they|this|that|these|those|there|the|an?|my|your|his|her|its|our|their"
    r"|(?:any|some|every)(?:one|body|thing)|any)"
)
# Told by the opening, after any lead-ins: a question word, or an auxiliary before its subject.
# "When you wake up, ..." is no question, "when do you wake up" is.
_QUESTION = re.compile(
    r"(?:(?:and|but|so|well|okay|then|now|or|yes|no) )*"
    rf"(?:(?:what|how|why|where|who|which|whose)(?:'s)?|when {_AUXILIARY}|{_AUXILIARY} {_SUBJECT})(?: |$)"
)
# "may" and "march" are left out: they are usually the verbs.
_NAME = re.compile(
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|january|february|april|june|july|august|september|october|november|december"
)


def punctuate(words: Sequence[Word]) -> str:
    """The text of ``words`` as sentences; gaps between the words say where they end."""
    return " ".join(_sentence(sentence) for sentence in _sentences(words))


def ends_sentence(word: Word, following: Word) -> bool:
    """Whether the speaker pauses long enough between two words for a sentence to end there."""
    return following.start - word.end >= SENTENCE_GAP_SECONDS


def _sentences(words: Sequence[Word]) -> Iterator[list[str]]:
    sentence: list[str] = []
    for index, word in enumerate(words):
        sentence.append(word.text)
        if index + 1 == len(words) or ends_sentence(word, words[index + 1]):
            yield sentence
            sentence = []


def _sentence(texts: Sequence[str]) -> str:
    text = " ".join(_cased(text) for text in texts)
    mark = "?" if _QUESTION.match(" ".join(texts).lower()) else "."
    return text[:1].upper() + text[1:] + mark


def _cased(text: str) -> str:
    is_name = text == "i" or text.startswith("i'") or _NAME.fullmatch(text)
    return text.capitalize() if is_name else text
