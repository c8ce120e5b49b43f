"""What a model found in the parts of a long transcript, made one: each thing once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

from shared.domain.english.quotes import words_of
from shared.domain.notes.fields import CLAIMS, LIST_FIELDS
from shared.domain.notes.items import Item
from shared.domain.notes.values import Notes
from shared.domain.values import JsonObject
from shared.domain.verification.grounding import content_of
from shared.schemas.notes import MAX_TOPICS, QuoteSchema, RiskFlagSchema
from workers.engines.openai.notes import OURS

# Two items are one if they share this much of their words, or of the words of their quotes.
ALIKE = 0.6
MOST_ITEMS = 60
_OURS = OURS[QuoteSchema] | OURS[RiskFlagSchema]


def united(found: Sequence[Notes]) -> dict[str, list[Item]]:
    """The lists of the notes ``found``, each item once with all its evidence."""
    return {field: _united(field, [one.items[field] for one in found]) for field in LIST_FIELDS}


def as_text(items: Mapping[str, Sequence[Item]], characters: int) -> str:
    """``items`` for a model to summarise, as JSON of at most ``characters``: the last items are left out."""
    kept = {field: [_as_told(item) for item in found] for field, found in items.items()}
    text = json.dumps(kept, ensure_ascii=False)
    while len(text) > characters and any(kept.values()):
        longest = max(kept, key=lambda field: (len(kept[field]), field != "risk_flags"))
        kept[longest].pop()
        text = json.dumps(kept, ensure_ascii=False)
    return text


def _as_told(item: Item) -> JsonObject:
    """An item as a model writes it."""
    own = {name: value for name, value in item.properties.items() if name not in _OURS}
    return {**own, "evidence": [{"segment": one.segment, "quote": one.quote} for one in item.evidence]}


def _united(field: str, lists: Sequence[Sequence[Item]]) -> list[Item]:
    found: list[Item] = []
    for item in chain.from_iterable(lists):
        place = next((n for n, other in enumerate(found) if _is_same(field, other, item)), None)
        if place is None:
            found.append(item)
        else:
            evidence = dict.fromkeys((*found[place].evidence, *item.evidence))
            found[place] = replace(found[place], evidence=tuple(evidence))
    return _most_told(found) if field == "key_topics" else found[:MOST_ITEMS]


def _most_told(topics: list[Item]) -> list[Item]:
    """Those with most words behind them, in the order in which they came up."""
    best = sorted(topics, key=lambda item: -len(item.evidence))[:MAX_TOPICS]
    return [item for item in topics if item in best]


def _is_same(field: str, one: Item, other: Item) -> bool:
    if field == "risk_flags":
        standing = ("type", "negated", "temporality", "about", "figurative", "severity", "asked_by_therapist")
        same = all(one.properties[name] == other.properties[name] for name in standing)
        return same and _quotes_overlap(one, other)
    first, second = _main_words(field, one), _main_words(field, other)
    return _alike(first, second) or (_quotes_overlap(one, other) and bool(first & second))


def _main_words(field: str, item: Item) -> set[str]:
    words = words_of(item.text("quote" if field == "significant_quotes" else next(iter(CLAIMS[field]))))
    return content_of(words) or set(words)


def _quotes_overlap(one: Item, other: Item) -> bool:
    return any(
        a.segment == b.segment and _alike(set(words_of(a.quote)), set(words_of(b.quote)))
        for a in one.evidence
        for b in other.evidence
    )


def _alike(one: set[str], other: set[str]) -> bool:
    return bool(one and other) and len(one & other) >= ALIKE * min(len(one), len(other))
