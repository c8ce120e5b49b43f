"""The level of the Columbia scale (C-SSRS) that words can mean; a clinician rates, not we."""

from workers.engines.rules.lexicons import risk as lexicon
from workers.engines.rules.matching import listed
from workers.engines.rules.passages import Passage


def level_of(passage: Passage, kind: str) -> str | None:
    """The highest level that a mention of ``kind`` in ``passage`` can mean; None for other risks."""
    if kind == "suicide_plan" and listed(lexicon.PREPARATION).first(passage):
        return "preparation"
    if kind == "suicidal_ideation" and listed(lexicon.METHOD).first(passage):
        return "3"
    return lexicon.COLUMBIA.get(kind)


def higher(one: str | None, other: str | None) -> str | None:
    """The higher of two levels."""
    levels = [level for level in (one, other) if level is not None]
    return max(levels, key=lexicon.COLUMBIA_ORDER.index) if levels else None
