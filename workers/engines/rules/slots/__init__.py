"""Risk told in slots: who does what to whom, with which means, how much; beside the fixed phrases.

A pattern names an act and what makes it grave, so that one line hears many sentences. The words are lower-case and
without punctuation. Of a kind's patterns the first hit counts that no negation governs, else the first.
"""

import re
from functools import lru_cache

from shared.domain.english.polarity import denying_negation
from workers.engines.rules.lexicons.spelling import in_standard_english
from workers.engines.rules.matching import Hit
from workers.engines.rules.passages import Passage
from workers.engines.rules.slots import abuse, harm, mind, partner, questions, substances, suicide
from workers.engines.rules.slots.notation import Patterns, compiled
from workers.engines.rules.slots.words import SLOTS

SLOT = "a slot"  # instead of a phrase of the lexicon

# Beside these the words often mean something harmless: shown as a figure of speech, never left out.
_HARMLESS = re.compile(
    r"\b(?:laughing|laughter|embarrassment|boredom|joking|kidding|in the game|in a game|on the telly|in the film|in the movie"
    r"|in the book|on netflix|series|episode|by accident|accidentally|shaving|gardening|at the gym|in the pan|for dinner"
    r"|video game|fortnite|call of duty|boxing|sparring|in the choir|pints? of milk|of tea|of squash|steak|curry"
    r"|chess|the keeper|the goalie|the printer|the spider|wasps?|weeds|the plants|metaphor|barbed wire|the cat scratched)\b"
)


def reads_harmless(passage: Passage) -> bool:
    """Whether words of a joke, a game or a kitchen stand in ``passage``: its slots are then figures of speech."""
    return _HARMLESS.search(" ".join(passage.words)) is not None


def slot_hits(passage: Passage) -> list[tuple[str, Hit]]:
    """The kinds whose patterns ``passage`` matches, each with the words that match."""
    words = in_standard_english(passage.words)
    text = " ".join(words)
    asks = passage.question and not passage.by_client
    found = []
    for kind, patterns in (_questions() if asks else _statements()).items():
        hits = _hits(text, patterns)
        if hits:
            found.append((kind, next((hit for hit in hits if _is_affirmed(words, hit)), hits[0])))
    return found


# "He never raised a hand to me": in the gap of a pattern, before what it denies.
_IN_THE_GAP = re.compile(
    r"\S+ (?:\S+ )?(?:never(?: once| ever)?|didn't|doesn't|hasn't|hadn't|wouldn't|won't) "
)
_NEGATES = re.compile(r"n't|never|not")


def _first_place(match: re.Match[str]) -> int:
    """Where in the text the words of ``match`` begin, after a negation that only a gap of the pattern let in."""
    gap = None if _NEGATES.search(match.re.pattern) else _IN_THE_GAP.match(match.group())
    return match.start() + (gap.end() if gap else 0)


def _hits(text: str, patterns: tuple[re.Pattern[str], ...]) -> list[Hit]:
    matches = [match for pattern in patterns if (match := pattern.search(text))]
    starts = [text.count(" ", 0, _first_place(match)) for match in matches]
    return [
        Hit(SLOT, start, text.count(" ", 0, match.end() - 1) + 1)
        for start, match in zip(starts, matches, strict=True)
    ]


def _is_affirmed(words: tuple[str, ...], hit: Hit) -> bool:
    return denying_negation(words, hit.start) is None


@lru_cache(maxsize=1)
def _questions() -> Patterns:
    return compiled(questions.PATTERNS, SLOTS)


@lru_cache(maxsize=1)
def _statements() -> Patterns:
    texts: dict[str, str] = {}
    for module in (suicide, harm, abuse, partner, mind, substances):
        texts |= module.PATTERNS
    return compiled(texts, SLOTS)
