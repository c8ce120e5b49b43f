"""What was said about a part of a template, found by the words of its title and instruction."""

from shared.domain.english.quotes import cite, words_of
from shared.domain.notes.items import Evidence
from shared.domain.template_forms import Part
from shared.domain.values import Transcript
from shared.domain.verification.grounding import content_of, related_to
from shared.domain.verification.sentences import places
from shared.domain.vocabulary import words

MOST_PASSAGES = 5

# What instructions are made of, and what is in every session: none of it says what a part is about.
_USUAL = content_of(
    words("""
    list describe summarise summarize include write give add cover record document complete fill name
    history current new previous general overview information detail details summary content observation
    observations status use area areas main important relevant clinical assessment data response
    problem problems help talk conversation friend people week day thing therapy treatment
    """)
)


def said_about(part: Part, transcript: Transcript) -> list[tuple[Evidence, ...]]:
    """Passages that speak of what the part's title names, at most five, each as pieces of evidence.

    Where the title names nothing, its instruction counts. A question comes with its answer.
    """
    wanted = _named(part.title) or _named(part.instruction)
    if not wanted:
        return []
    found: list[tuple[Evidence, ...]] = []
    shown: set[Evidence] = set()
    for number, texts in places(transcript):
        if wanted & related_to(texts):
            cited = (cite(transcript, number + offset, text) for offset, text in enumerate(texts))
            pieces = tuple(place.evidence for place in cited if place is not None)
            found += [] if shown.issuperset(pieces) else [pieces]
            shown.update(pieces)
    return found[:MOST_PASSAGES]


def _named(text: str) -> set[str]:
    return content_of(words_of(text)) - _USUAL
