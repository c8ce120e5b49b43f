"""How a client answers a question about risk: bare, with something added, or about safety."""

import re
from collections.abc import Sequence

from workers.engines.rules.passages import Passage

# Asked about safety, a no is the finding.
_PROTECTIVE = re.compile(
    r"\b(?:(?:feel|feeling|are you|be|keep yourself|stay|is it|is she|is he|are they|are the (?:kids|children)) (?:\w+ )?safe"
    r"|promise|glad|keep(?:ing)? (?:your |any )?(?:meals|food) down|keep from|able to (?:stop|avoid|keep)|treat (?:her|him|you) well|(?:looked|look) after|being fed|anyone (?:to|you can) call)\b"
)
# What takes a denial back, or leaves it open.
_TAKEN_BACK = re.compile(
    r"\b(?:but|although|though|except|just|only|until|unless|not (?:today|yet|really|exactly|anymore|any more|seriously"
    r"|since|this|till|for|in the)|used to|sometimes|how|anything else|if i had|tell you|been thinking|wish|every|maybe"
    r"|ask me|next question|something else|guess|suppose|kind of|sort of|don't know|depends|lately|at least|apart from|before|a day goes|your business)\b"
)
# The client says that they do, did or have, beside a no.
_AFFIRMS = re.compile(
    r"\b(?:i have (?:thought|considered|planned|tried|wanted|been|felt|done)|i did (?:plan|think|try|want|consider|it|once)"
    r"|(?:i am|i'm) (?:thinking|planning|going to|considering)|i (?:do|think|thought|still think) (?:think )?(?:about|of) (?:it|that|them)"
    r"|never not)\b"
)
_ASKS_FOR_DANGER = re.compile(
    r"\b(?:not|never|n't|unsafe|don't|didn't|ever not) (?:\w+ ){0,2}safe\b|\bunsafe\b"
)
_LONGEST_BARE = 40


def is_protective(question: Passage) -> bool:
    """Whether ``question`` asks for safety rather than for harm."""
    asked = " ".join(question.words)
    return _PROTECTIVE.search(asked) is not None and _ASKS_FOR_DANGER.search(asked) is None


def is_bare(answer: Sequence[Passage]) -> bool:
    """Whether an answer that opens with a no is nothing but a denial."""
    words = [word for passage in answer for word in passage.words]
    said = " ".join(words)
    if _TAKEN_BACK.search(said) or _AFFIRMS.search(said):
        return False
    return len(words) <= _LONGEST_BARE


def is_bare_yes(answer: Sequence[Passage]) -> bool:
    """Whether an answer that opens with a yes takes nothing back."""
    return not _TAKEN_BACK.search(" ".join(word for passage in answer for word in passage.words))
