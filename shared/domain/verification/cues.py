"""Whether a claim keeps what the words it cites say: cues that both should have, weighed.

Which words a claim shares with its quote hardly tells a true claim from a false one about the same thing.
What tells more is whether it keeps the quote's negation, doubt, number, reason or extent, and adds none.
``python -m benchmarks.text.claim_cues`` fits ``WEIGHTS`` to turns in ``tests/fixtures/developed_on``. It
prints them and measures them on turns that they were not fitted to (ADR 0034).
"""

import re
from collections.abc import Mapping, Sequence
from itertools import combinations

from shared.domain.english.quotes import words_of
from shared.domain.verification.cited import Cited
from shared.domain.verification.grounding import (
    LEAST_SHARE,
    base,
    content_of,
    outside_quotes,
    related_to,
)
from shared.domain.verification.quote_frames import only_lists, only_quotes, quotes_denial
from shared.domain.vocabulary.cues import CUE_WORDS

_FEWEST_WORDS = 4  # of a sentence; a shorter one is a label
NOT_KEPT = "It and its quote differ in negation, certainty, time, number, reason or extent."

_AGREEMENT = re.compile(r"\b(?:agreed?|accept\w*|commit\w*|homework|tasks?|appointment)\b", re.IGNORECASE)
CUES = {
    name: re.compile(rf"\b(?:{re.sub(chr(10) + ' *', '', listed)})\b") for name, listed in CUE_WORDS.items()
}
BOTH, CLAIM_ALONE, QUOTE_ALONE = "both", "claim", "quote"
SHARE, DISORDER = "share", "disorder"
FEATURES = (
    *(f"{name}.{where}" for name in CUES for where in (BOTH, CLAIM_ALONE, QUOTE_ALONE)), SHARE, DISORDER,
)  # fmt: skip
# ``now.both`` is less than the fit gives (2.57): few claims have it, and it let plain contradictions pass.
WEIGHTS: dict[str, float] = {
    "negation.both": 0.61, "negation.claim": -0.33, "negation.quote": -0.6,
    "doubt.both": 1.16, "doubt.claim": -1.28, "doubt.quote": -0.65,
    "ahead.both": 0.29, "ahead.claim": -0.56, "ahead.quote": -0.2,
    "behind.both": 0.08, "behind.claim": -0.06, "behind.quote": -0.42,
    "now.both": 0.5, "now.claim": -1.13, "now.quote": -0.07,
    "over.claim": -0.7, "over.quote": -0.05,
    "reason.both": 0.73, "reason.claim": -0.27, "reason.quote": -0.3,
    "contrast.claim": -0.27, "contrast.quote": -0.65,
    "all.both": 1.45, "all.claim": -0.56,
    "part.both": 0.55, "part.claim": -0.31,
    "another.claim": -0.22,
    "number.both": 0.45, "number.quote": -0.42,
    "share": 0.2, "disorder": -0.75,
}  # fmt: skip
# By the score alone as many of the false claims of those turns pass as the aim allows: 15 %.
LEAST_SCORE = -0.61


def features(own: str, cited: Sequence[Cited]) -> dict[str, float]:
    """``FEATURES`` of ``own``, a claim without its quotations, against the words ``cited``.

    Of each cue, whether both have it, or the claim alone, or the cited words alone; the share of the claim's
    words that were said; and the share of pairs of its words that were said in the other order. A question
    counts only where nothing else is cited.
    """
    said = [one.quote for one in cited if not one.is_question] or [one.quote for one in cited]
    claim, spoken = words_of(own), [word for text in said for word in words_of(text)]
    stems = content_of(claim)
    share = len(stems & related_to(said)) / len(stems) if stems else 0.0
    return {
        **_cues(" ".join(claim), " ".join(spoken)),
        SHARE: share,
        DISORDER: _disorder(claim, stems, spoken),
    }


def _cues(claim: str, spoken: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, pattern in CUES.items():
        here, there = bool(pattern.search(claim)), bool(pattern.search(spoken))
        found[f"{name}.{BOTH}"] = here and there
        found[f"{name}.{CLAIM_ALONE}"] = here and not there
        found[f"{name}.{QUOTE_ALONE}"] = there and not here
    return found


def score(found: Mapping[str, float]) -> float:
    """How much more like a true claim than a false one a claim with these features reads."""
    return sum(weight * found[name] for name, weight in WEIGHTS.items())


def cue_objection(claim: str, cited: Sequence[Cited]) -> str | None:
    """Why ``claim``, a whole sentence, does not keep what the words ``cited`` say, or None.

    One that only quotes or lists what was said has nothing to keep.
    """
    own, theirs = outside_quotes(claim), comparable(claim, cited)
    if not theirs or not content_of(words_of(own)):
        return None
    if only_quotes(claim) or quotes_denial(claim) or only_lists(claim):
        return None
    found = features(own, theirs)
    return NOT_KEPT if negates_alone(found) or score(found) <= LEAST_SCORE else None


def negates_alone(found: Mapping[str, float]) -> bool:
    """Whether only one of a claim and its quotes negates, if they share at most half of the claim's words.

    No other cue makes up for a lost "never": of more words the rules of negation take care.
    """
    differs = found[f"negation.{CLAIM_ALONE}"] or found[f"negation.{QUOTE_ALONE}"]
    return bool(differs) and found[SHARE] <= LEAST_SHARE


def comparable(claim: str, cited: Sequence[Cited]) -> list[Cited]:
    """What of ``cited`` the therapist did not say.

    Nothing for a label, which has no room for cues, and for an agreement, which has a test of its own.
    """
    is_label = len(words_of(outside_quotes(claim))) < _FEWEST_WORDS
    return [] if is_label or _AGREEMENT.search(claim) else [one for one in cited if not one.by_therapist]


def _disorder(claim: Sequence[str], stems: set[str], spoken: Sequence[str]) -> float:
    """The share of pairs of words that were first said in the other order; 0.5 without pairs."""
    said = [base(word) for word in spoken]
    places = [said.index(base(word)) for word in claim if base(word) in stems and base(word) in said]
    pairs = list(combinations(places, 2))
    return sum(first > second for first, second in pairs) / len(pairs) if pairs else 0.5
