"""What notes find in labelled text, and what they get wrong: counts, and the shares of them.

A share is null where there was nothing to count.
"""

import resource
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.text.labelled_sets import Session
from benchmarks.text.notes_making import Figures, Read, share
from benchmarks.text.risk_measures import of_risk
from shared.domain.english.quotes import words_of
from shared.domain.values import JsonObject
from shared.domain.verification.grounding import content_of, related_to
from shared.domain.vocabulary import phrases
from shared.domain.vocabulary.topics import TOPICS

NEAR = 1  # an item may cite the turn beside the one that was marked
# Where the notes keep what a label names.
FIELD_OF = {
    "hw": "action_items", "next": "appointments", "med": "medications", "trig": "triggers",
    "strat": "strategies", "theme": "emotional_themes", "topic": "key_topics", "followup": "follow_up_topics",
}  # fmt: skip
_UNTOLD = frozenset({"", "unknown", "cannot_tell"})


def of_sessions(read: Sequence[Read]) -> Figures:
    """Every figure of labelled transcripts."""
    return {
        "sessions": len(read),
        **of_risk(read),
        "items": _items(read),
        "topics": _topics(read),
        "mood": _told(read, "session_mood", lambda session: session.mood),
        "trajectory": _told(read, "mood_trajectory", lambda session: session.trajectory),
        "unsupported": sum(len(one.notes["unsupported"]) for one in read),
        "cost": _cost(read),
    }


def _items(read: Sequence[Read]) -> Figures:
    """By field: marked, found, given, given rightly."""
    return {field: _of_field(read, what, field) for what, field in FIELD_OF.items() if what != "topic"}


def _of_field(read: Sequence[Read], what: str, field: str) -> Figures:
    marked = found = given = right = 0
    for one in read:
        labels = [label for label in one.session.of("item") if label["what"] == what]
        items = one.notes.get(field, [])
        marked, given = marked + len(labels), given + len(items)
        found += sum(any(_is(item, label) for item in items) for label in labels)
        right += sum(any(_is(item, label) for label in labels) for item in items)
    return {
        "marked": marked, "found": found, "recall": share(found, marked),
        "given": given, "right": right, "precision": share(right, given),
    }  # fmt: skip


def _is(item: JsonObject, label: dict[str, Any]) -> bool:
    """Whether the item cites the marked turn or the one beside it, and shares a word with the label."""
    near = any(abs(piece["segment"] - label["segment"]) <= NEAR for piece in item["evidence"])
    words = [value for value in item.values() if isinstance(value, str)]
    words += [piece["quote"] for piece in item["evidence"]]
    wanted = content_of(words_of(label["text"]))
    return near and (not wanted or bool(wanted & related_to(words)))


def _topics(read: Sequence[Read]) -> Figures:
    marked = found = given = right = 0
    for one in read:
        wanted = [*one.session.topics]
        labels = [item["text"] for item in one.notes["key_topics"]]
        marked, given = marked + len(wanted), given + len(labels)
        found += sum(any(_same_topic(label, topic) for label in labels) for topic in wanted)
        grave = any(label["severity"] != "low" for label in one.session.of("risk"))
        right += sum(
            (label == "safety" and grave) or any(_same_topic(label, topic) for topic in wanted)
            for label in labels
        )
    return {
        "marked": marked, "found": found, "recall": share(found, marked),
        "given": given, "right": right, "precision": share(right, given),
    }  # fmt: skip


def _same_topic(label: str, topic: str) -> bool:
    """Whether they share a word, or the label's lexicon has a word of the topic."""
    wanted = content_of(words_of(topic))
    known = content_of(word for phrase in phrases(TOPICS.get(label, "")) for word in words_of(phrase))
    return bool(wanted & (content_of(words_of(label)) | known | related_to([label])))


_DIRECTION = {"very_low": "low", "very_positive": "positive"}


def _told(read: Sequence[Read], field: str, marked: Callable[[Session], str]) -> Figures:
    pairs = [(marked(one.session), str(one.notes.get(field) or "")) for one in read if marked(one.session)]
    told = [(wanted, got) for wanted, got in pairs if got not in _UNTOLD]
    return {
        "marked": len(pairs),
        "told": len(told),
        "right": sum(wanted == got for wanted, got in told),
        "wrong": sum(wanted != got for wanted, got in told),
        "right_direction": sum(_DIRECTION.get(w, w) == _DIRECTION.get(g, g) for w, g in told),
    }


def _cost(read: Sequence[Read]) -> Figures:
    hours = sum(one.session.transcript.duration_seconds for one in read) / 3600
    seconds = sum(one.seconds for one in read)
    return {
        "cpu_seconds": round(seconds, 2),
        "hours_of_talk": round(hours, 2),
        "cpu_seconds_an_hour": round(seconds / hours, 2) if hours else None,
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
