"""Triggers, techniques and quotes."""

import re

from shared.domain.english.polarity import governing_negation
from shared.domain.english.quotes import tokenize
from shared.domain.notes.items import Item
from shared.domain.vocabulary import feelings as feeling_words
from shared.domain.vocabulary import strategies as lexicon
from workers.engines.rules.feelings import feelings_in, weight
from workers.engines.rules.matching import listed
from workers.engines.rules.passages import Passage, part_of
from workers.engines.rules.reading import Reading
from workers.engines.rules.speakers import Role
from workers.engines.rules.topics import Topic, label_of

MOST_QUOTES = 5
MOST_TRIGGERS = 6
LEAST_TRIGGER = 4
TRIGGER_WORDS = 20
QUOTE_WORDS = range(5, 41)
QUOTE_WEIGHT = 3.0
_REACTION = (
    r"i (?:feel|felt|get|got|am|was|start|started|panic|panicked|freeze|froze|could not|couldn't|can't)"
    r"|it (?:makes|made)|that (?:makes|made)|my (?:heart|chest|hands|stomach)"
)
_BEFORE = re.compile(
    r"\b((?:when|whenever|every time|as soon as|after|because of|because|if) "
    rf"(?!i (?:feel|felt)\b|i'm (?:being|honest)\b).+?)(?:,| (?:and )?(?={_REACTION})|[.?!]|$)",
    re.IGNORECASE,
)
_THEN = re.compile(rf"^(?:sometimes )?(.+?),? and (?=(?:{_REACTION})\b)", re.IGNORECASE)
_BODY = re.compile(rf"(?:and |then |so )?(?:{_REACTION})\b", re.IGNORECASE)
_PLACED = re.compile(
    r"\b(?:panic attacks?|anxious|panicky|scared|nervous|shaking|threw up|froze|panicked|tense|on edge"
    r"|cried) "
    r"((?:in|at|on|before|during|around|near|outside) (?:the|my|his|her|our|a|every) [^,.?!]+)",
    re.IGNORECASE,
)
_AVOIDED = re.compile(
    r"^(?:i )?(?:really )?(?:hate|dread|can't stand|avoid|can't face) ((?:the|my|going|being|when"
    r"|it when) [^,.?!]+)",
    re.I,
)
_FIRST_TIME = re.compile(r"^(?:the )?(first (?:day|time|night|week) [^,.?!]{0,40}?) (?=i\b)", re.IGNORECASE)
_ASKS_WHAT = re.compile(
    r"\bwhat(?:'s| is| was)? (?:different|set (?:it|that|you) off|happened (?:just )?before"
    r"|brings? it on|triggers?"
    r"|started it|made it worse)\b|\bwhen was the last\b",
    re.IGNORECASE,
)
_MAKES = re.compile(r"^(.+?) (?:makes|made) me (?:feel )?", re.IGNORECASE)


def triggers_in(reading: Reading) -> list[Item]:
    """``triggers``: what the client names in one breath with distress, in their words."""
    found = []
    for passage in reading.client:
        if passage.question or passage.number in reading.risky:
            continue
        trigger, shown = _named(reading, passage)
        if not trigger and _distress(passage) and not any(f.valence > 0 for f in feelings_in(passage)):
            trigger, shown = _set_off(reading, passage)
        if trigger:
            context, severity = " ".join(other.text for other in shown), _severity(reading, passage)
            found.append(
                Item.saying(reading.cited(shown), trigger=trigger, context=context, severity=severity)
            )
    return found[:MOST_TRIGGERS]


def _named(reading: Reading, passage: Passage) -> tuple[str, list[Passage]]:
    """Where distress is put to a place or a time, or what the therapist asked for by name."""
    first = _FIRST_TIME.search(passage.text) if _distress(passage) else None
    match = first or _PLACED.search(passage.text) or _AVOIDED.search(passage.text)
    if match is not None:
        return match.group(1).strip(" ,"), [passage]
    before = reading.passages[max(0, passage.number - 1)]
    asked = before.question and before.speaker != passage.speaker and _ASKS_WHAT.search(before.text)
    return (passage.text, [before, passage]) if asked and len(passage.words) > 1 else ("", [])


def _set_off(reading: Reading, passage: Passage) -> tuple[str, list[Passage]]:
    """What set off the distress in ``passage``, with the sentences that say so; empty if unsaid."""
    match = _BEFORE.search(passage.text) or _MAKES.search(passage.text) or _THEN.search(passage.text)
    if match is None:
        return "", []
    trigger = match.group(1).strip(" ,")
    if _BODY.match(trigger) or feelings_in(part_of(passage, trigger)):
        before = [other for other in reading.beside(passage) if other.number < passage.number]
        if not before or before[0].question or len(before[0].words) < LEAST_TRIGGER or feelings_in(before[0]):
            return "", []
        return before[0].text, [before[0], passage]
    words = len(tokenize(trigger)) + bool(_BEFORE.search(passage.text))
    return (trigger, [passage]) if LEAST_TRIGGER <= words <= TRIGGER_WORDS else ("", [])


def _distress(passage: Passage) -> bool:
    low = any(feeling.valence < 0 for feeling in feelings_in(passage))
    return low or listed(feeling_words.DISTRESS).first(passage) is not None


def _severity(reading: Reading, passage: Passage) -> str:
    if any(listed(feeling_words.SEVERE).first(near) for near in (passage, *reading.beside(passage))):
        return "severe"
    return "mild" if listed(feeling_words.MILD).first(passage) else "moderate"


_STATUS_ORDER = ("assigned", "practiced", "reviewed", "introduced")


def strategies_in(reading: Reading) -> list[Item]:
    """``strategies``: each technique once, with the furthest that it got."""
    found = []
    for name, (category, words) in lexicon.STRATEGIES.items():
        mentions = []
        for passage in reading.passages:
            hit = listed(words, fuzzy=True).first(passage)
            if hit is not None and governing_negation(passage.words, hit.start) is None:
                mentions.append((_STATUS_ORDER.index(_status(reading, passage)), passage.number, passage))
        if mentions:
            rank, _, best = min(mentions)
            others = [passage for _, _, passage in mentions if passage is not best]
            item = Item.saying(
                reading.cited([best, *others[:2]]),
                name=name, category=category, status=_STATUS_ORDER[rank], context=best.text,
            )  # fmt: skip
            found.append(item)
    return sorted(found, key=lambda item: item.evidence[0].segment if item.evidence else 0)


def _status(reading: Reading, passage: Passage) -> str:
    for near in (passage, *reading.beside(passage)):
        if listed(lexicon.PRACTICED).first(near) and near.role is not Role.CLIENT:
            return "practiced"
        if listed(lexicon.ASSIGNED).first(near):
            return "assigned"
        by_client = listed(lexicon.REVIEWED_BY_CLIENT).first(near) if near.by_client else None
        if by_client or listed(lexicon.REVIEWED).first(near):
            return "reviewed"
    return "introduced"


def quotes_in(reading: Reading, topics: list[Topic]) -> list[Item]:
    """``significant_quotes``: the client's most telling sentences, in order of time."""
    grave = {m.passage.number for m in reading.mentions if m.severity != "low" and not m.asked}

    def is_telling(passage: Passage) -> bool:
        if passage.question or len(passage.words) not in QUOTE_WORDS:
            return False
        strong = weight(passage) >= QUOTE_WEIGHT and passage.number not in reading.risky
        return strong or passage.number in grave

    fitting = [passage for passage in reading.client if is_telling(passage)]
    fitting.sort(key=lambda passage: (passage.number not in grave, -weight(passage), passage.number))
    best = fitting[:MOST_QUOTES]
    return [_quote(reading, passage, topics) for passage in sorted(best, key=lambda passage: passage.number)]


def _quote(reading: Reading, passage: Passage, topics: list[Topic]) -> Item:
    asked = [
        other
        for other in reading.passages[max(0, passage.number - 3) : passage.number]
        if other.question and other.speaker != passage.speaker
    ]
    label = label_of(passage, topics)
    context = f"While speaking of {label}." if label else "Said in the session."
    evidence = reading.cited([passage, *asked[-1:]])
    start = evidence[0].start if evidence else 0.0
    return Item.saying(evidence, quote=passage.text, context=context, timestamp_start=start)
