"""What a model found in the parts of a long transcript, made one: each thing once."""

import json
from collections.abc import Sequence
from typing import Any

from shared.domain.english.quotes import words_of
from shared.domain.notes.fields import CLAIMS, LIST_FIELDS
from shared.domain.values import JsonObject
from shared.domain.verification.grounding import content_of
from shared.schemas.notes import MAX_TOPICS

# Two items are one if they share this much of their words, or of the words of their quotes.
ALIKE = 0.6
MOST_ITEMS = 60


def united(documents: Sequence[JsonObject]) -> JsonObject:
    """The lists of ``documents`` (as a model wrote them), each item once with all its evidence."""
    return {field: _united(field, [doc[field] for doc in documents]) for field in LIST_FIELDS}


def as_text(items: JsonObject, characters: int) -> str:
    """``items`` for a model to summarise, as JSON of at most ``characters``: the last items are left out."""
    kept = {field: list(found) for field, found in items.items()}
    text = json.dumps(kept, ensure_ascii=False)
    while len(text) > characters and any(kept.values()):
        longest = max(kept, key=lambda field: (len(kept[field]), field != "risk_flags"))
        kept[longest].pop()
        text = json.dumps(kept, ensure_ascii=False)
    return text


def _united(field: str, lists: Sequence[list[JsonObject]]) -> list[JsonObject]:
    found: list[JsonObject] = []
    for item in (item for items in lists for item in items):
        same = next((other for other in found if _is_same(field, other, item)), None)
        if same is None:
            found.append({**item, "evidence": list(item["evidence"])})
        else:
            same["evidence"] += [piece for piece in item["evidence"] if piece not in same["evidence"]]
    if field == "key_topics":  # those with most words behind them, in the order in which they came up
        best = sorted(found, key=lambda item: -len(item["evidence"]))[:MAX_TOPICS]
        return [item for item in found if item in best]
    return found[:MOST_ITEMS]


def _is_same(field: str, one: JsonObject, other: JsonObject) -> bool:
    if field == "risk_flags":
        standing = ("type", "negated", "temporality", "about", "figurative", "severity", "asked_by_therapist")
        return all(one[name] == other[name] for name in standing) and _quotes_overlap(one, other)
    first, second = (_main_words(field, item) for item in (one, other))
    return _alike(first, second) or (_quotes_overlap(one, other) and bool(first & second))


def _main_words(field: str, item: JsonObject) -> set[str]:
    main = item["quote"] if field == "significant_quotes" else item[next(iter(CLAIMS[field]))]
    return content_of(words_of(main)) or set(words_of(main))


def _quotes_overlap(one: JsonObject, other: JsonObject) -> bool:
    return any(
        a["segment"] == b["segment"] and _alike(set(words_of(a["quote"])), set(words_of(b["quote"])))
        for a in one["evidence"]
        for b in other["evidence"]
    )


def _alike(one: set[Any], other: set[Any]) -> bool:
    return bool(one and other) and len(one & other) >= ALIKE * min(len(one), len(other))
