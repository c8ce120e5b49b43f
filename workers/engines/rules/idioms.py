"""Words of risk that their syntax makes another thing: what goes before or follows them fills another slot.

"Cut myself" takes no object, "cut myself some slack" has one; "no point living" is followed by a place where
it is about the place. The mention is then a figure of speech: shown folded, never left out.
"""

import re

from workers.engines.rules.matching import Hit
from workers.engines.rules.passages import Passage

_DETERMINER = r"(?:an?|the|my|his|her|our|their|that|those|these|some|any)"
_HARM = (
    r"(?:cut|cutting|burn|burnt|burned|burning|hit|hitting|hurt|hurting|hang|hanged|hung|hanging|shoot|shot)"
)
# How often, or how much: no object, so the harm is meant.
_NO_OBJECT = r"(?:lot|bit|few|couple|little|night|day|week|time|times|nights|days|weeks|mornings|evenings)"
# What one lives in that is no place.
_NO_PLACE = (
    r"(?:pain|fear|agony|hell|misery|shame|guilt|darkness|world|earth|planet|body|head|skin|nightmare|life"
    r"|silence)"
)
_MEANS = (
    r"(?:cop|police|hanging|overdose|train|gun|pills?|jumping|drowning|poison\w*|gas|knife|tablets|car|means)"
)

_IDIOMS = tuple(
    re.compile(pattern)
    for pattern in (
        # A suicide of something else, or by what is no means.
        r"\b(?:political|social|commercial|professional|financial|electoral|academic|career) suicide\b",
        rf"\bsuicide by (?!(?:an? |the )?{_MEANS}\b)\w+",
        r"\bsuicide (?:missions?|runs?|squad|drills?|pass|mission's)\b",
        # An object, or a particle that changes the verb.
        rf"\b{_HARM} (?:myself|yourself|himself|herself) (?:(?:an?|some) (?!{_NO_OBJECT}\b)\w+"
        rf"|off from|out (?:to|of|at)|loose|in on|down to|in the foot)\b",
        # A sport or a kitchen, done with this body.
        r"\b(?:cut|cutting|burnt|burned|hurt) (?:myself|himself|herself) (?:at|playing|doing)"
        r" (?:the |a |my )?(?:five|six|football|rugby|netball|training|practice|pilates|yoga|tennis|squash"
        r"|karate|gym)\b",
        r"\b(?:cut|cutting|burnt|burned|hurt) (?:myself|himself|herself) (?:while |when i was )?"
        r"(?:chopping|slicing|peeling|cooking|lifting|grating|gardening|shaving)\b",
        # Living somewhere, going on something.
        rf"\b(?:point|reason|use|sense) (?:in |of )?(?:liv\w+|being) (?:in|near|by|above|opposite)"
        rf" (?:{_DETERMINER} )?(?!{_NO_PLACE}\b|this\b|here\b)\w+",
        r"\b(?:can't|cannot|couldn't) go on (?:an?|my|his|her|our|their|holidays?|vacation|trips?|dates?"
        r"|leave|strike|tour|stage|benefits|facebook|instagram|tiktok|zoom|youtube|trains?|planes?|buses|escalators|boats|rides)\b",
        # Said to me, come to me, done to me at a game.
        r"\bhits? me (?:up|that)\b",
        r"\b(?:he|she|they|who) (?:always |usually |often )?(?:beats?|bate) me (?:to it\b"
        r"|at (?!home|night|work|the weekend|weekends|christmas|times|least|will|random|his|hers)\w+"
        r"|to (?:the|it) (?!ground|floor|point)\w+|by \w+ (?:points|goals|seconds|minutes|shots))\b",
        # Into water, together.
        r"\b(?:we|they|everyone) (?:all )?(?:jumped|jump) off (?:the|a) (?:bridge|pier|rocks?|boat|quay)"
        r" (?:into|in to)\b",
    )
)


def is_idiom(passage: Passage, hit: Hit) -> bool:
    """Whether the words of ``hit`` stand in an idiom."""
    text = " ".join(passage.words)
    for pattern in _IDIOMS:
        for found in pattern.finditer(text):
            first = text.count(" ", 0, found.start())
            last = first + found.group().strip().count(" ")
            if first < hit.end and hit.start <= last:
                return True
    return False
