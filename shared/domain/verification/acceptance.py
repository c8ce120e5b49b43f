"""Whether a task was accepted: by how the client answers, sentence by sentence."""

import re
from collections.abc import Sequence

from shared.domain.english.quotes import words_of
from shared.domain.english.sentence_ends import SENTENCE_END
from shared.domain.notes.items import Item
from shared.domain.verification.cited import Cited, accepts, by_client, refuses

ACCEPTED, OPEN, BY_THERAPIST = "accepted", "open", "therapist"
AGREEMENTS = (ACCEPTED, OPEN, BY_THERAPIST)
TURNED_DOWN = "The client turned it down."

_CAN_TRY = re.compile(r"\b(?:we|i) (?:can|could|will) (?:try|do)\b|\bi suppose (?:i|we) could\b|\bgo on\b")


def takes_on(answer: str) -> bool | None:
    """Whether ``answer`` takes on what was proposed (True), turns it down (False), or leaves it open."""
    stances = [_stance(sentence) for sentence in SENTENCE_END.split(answer)]
    decided = [stance for stance in stances if stance is not None]
    if not decided:
        return None
    return decided[0] or (None if any(decided) else False)


def settled(item: Item, cited: Sequence[Cited]) -> tuple[Item, str | None]:
    """``item`` as far as it was accepted, and the objection to one that was turned down, or None.

    One that was not accepted is ``open``, unless the therapist took it on.
    """
    if item.text("agreement") == BY_THERAPIST:
        return item, None
    answers = [takes_on(one.answer if one.by_therapist else one.sentences) for one in cited]
    if any(answers) or (by_client(cited) and False not in answers):
        return item, None
    if False in answers:
        return item, TURNED_DOWN
    return item.having(agreement=OPEN) if item.text("agreement") == ACCEPTED else item, None


def _stance(sentence: str) -> bool | None:
    if _CAN_TRY.search(" ".join(words_of(sentence))) or accepts(sentence):
        return True
    return False if refuses(sentence) else None
