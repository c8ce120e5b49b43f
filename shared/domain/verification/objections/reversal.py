"""Whether a claim turns round what its evidence says: a denial into a statement, or the reverse."""

import re
from collections.abc import Iterable, Sequence

from shared.domain.english.polarity import (
    NEGATIONS,
    denies_risk,
    governing_negation,
    has_negation,
    is_risk_worded,
    risk_places,
)
from shared.domain.english.questions import is_question
from shared.domain.english.quotes import words_of
from shared.domain.verification.grounding import base
from shared.domain.vocabulary import words
from shared.domain.vocabulary.concepts import FRAME

# Where a sentence ends, or a clause that a negation before it does not reach.
_CLAUSE = re.compile(r"[.?!;\n]+|\b(?:when|while|whenever|where|since|so that)\b", re.IGNORECASE)
# In a sentence with one of these a word may be meant either way ("trouble sleeping", "used to run",
# "afraid of being alone"), so that its negation elsewhere contradicts nothing.
_EITHER = words(
    """unable difficulty difficulties trouble troubled struggle struggles struggled struggling fail fails
failed failing lack lacks lacking lost loses losing loss avoid avoids avoided avoiding avoidance
stopped stop stops hardly rarely barely refuse refuses refused reluctant unwilling absence quit
little less fewer reduced insomnia hard fear fears afraid worry worries worried anxious scared dread
dreads against dislike dislikes hate hates used longer anymore unsure uncertain doubts doubt doubted
wish wishes wonders if whether almost concern concerns concerned wonder instead rather only than
except but although however too impossible poor disrupted interrupted challenging challenge
challenges problem problems without ceased omits omit omitted absent absence hesitant last concealed clarified
abstains apart except"""
)


def turned(claim: str, quotes: Sequence[str], *, topic: bool = False) -> bool:
    """Whether ``claim`` affirms what ``quotes`` deny, or denies what they affirm.

    Compared word by word where both have the word, and for death, harm and violence also where
    the claim says it in other words. A question affirms and denies nothing, and neither does the
    name of a ``topic``, unless it is one of those.
    """
    statements = [quote for quote in quotes if not is_question(quote)]
    if is_risk_worded(claim) and _turns_risk(words_of(claim), statements, bool(quotes)):
        return True
    if topic:
        return False
    claimed, said = _polarities([claim]), _polarities(statements)
    asked = _polarities(quote for quote in quotes if is_question(quote))
    shared = (claimed.keys() & said.keys()) - asked.keys()
    return any(claimed[word].isdisjoint(said[word]) for word in shared)


def _turns_risk(own: Sequence[str], statements: Sequence[str], cited: bool) -> bool:
    said = [words_of(statement) for statement in statements]
    if not risk_places(own):
        return False
    if all(governing_negation(own, place) is not None for place in risk_places(own)):
        return not any(has_negation(words) for words in said)
    if not said:  # nothing but a question
        return cited and not {"asked", "asks", "question", "questions", "screened", "inquired"} & set(own)
    return all(denies_risk(words) for words in said)


def _polarities(texts: Iterable[str]) -> dict[str, set[bool]]:
    """Of each word of ``texts``, whether it stands affirmed (True), denied (False), or both."""
    found: dict[str, set[bool]] = {}
    for text in texts:
        for sentence in _CLAUSE.split(text):
            spoken = words_of(sentence)
            either = bool(_EITHER & set(spoken))
            for index, word in enumerate(spoken):
                if word in FRAME or word in NEGATIONS:
                    continue
                denied = governing_negation(spoken, index) is not None
                found.setdefault(base(word), set()).update({True, False} if either else {not denied})
    return found
