"""What comes next: tasks, appointments, things to come back to, and what stays open."""

from shared.domain.values import JsonObject
from shared.domain.verification.polarity import governing_negation
from workers.engines.rules.lexicons import plans as lexicon
from workers.engines.rules.matching import Hit, listed
from workers.engines.rules.passages import Passage, answer_to
from workers.engines.rules.reading import Reading, quoted, rest_of
from workers.engines.rules.speakers import Role

MOST = 8
TASK_WORDS = range(2, 41)
_LEADS = frozenset({"please", "to", "you", "i", "want", "would", "like", "also", "is", "that", "and", "try"})
_VERBS_IN_CUE = frozenset({"write", "keep"})


def action_items_in(reading: Reading) -> list[JsonObject]:
    """``action_items``: what the therapist asks for and what the client says they will do."""
    found = []
    for passage in reading.passages:
        start = _task_start(reading, passage)
        if start is None:
            continue
        task = rest_of(passage, start)
        if len(passage.words) - start not in TASK_WORDS:
            continue
        found.append({
            "task": task, "category": _category(passage, start), "details": passage.text,
            "evidence": reading.cited([passage]), "verified": False,
        })  # fmt: skip
    return found[:MOST]


def _task_start(reading: Reading, passage: Passage) -> int | None:
    """Where in ``passage`` the task begins, or None if it holds none."""
    asks = None if passage.role is Role.CLIENT else listed(lexicon.THERAPIST_ASKS, fuzzy=True).first(passage)
    if asks is not None and not listed(lexicon.NOT_A_TASK).first(passage):
        return _after_cue(passage, asks)
    hit = listed(lexicon.CLIENT_INTENDS).first(passage) if passage.role is not Role.THERAPIST else None
    if hit is None or passage.question or passage.number in reading.risky:
        return None
    if listed(lexicon.NOT_AN_INTENTION).first(passage) or hit.end >= len(passage.words):
        return None
    if not any(do.start >= hit.end for do in listed(lexicon.DOABLE).find(passage)) or len(passage.words) < 5:
        return None
    negated = governing_negation(passage.words, hit.end) is not None or passage.words[hit.end] in {
        "not",
        "never",
    }
    return None if negated or len(passage.words) - hit.end < 3 else hit.end


def _after_cue(passage: Passage, hit: Hit) -> int:
    start = hit.end
    if passage.words[hit.end - 1 : hit.end] == ("a",) or passage.words[hit.end - 1] in _VERBS_IN_CUE:
        start = next(i for i in range(hit.start, hit.end) if passage.words[i] != "please")
    while start < len(passage.words) - 1 and passage.words[start] in _LEADS:
        start += 1
    return start


def _category(passage: Passage, start: int) -> str:
    places = {
        category: min(hit.start for hit in hits)
        for category, words in lexicon.CATEGORIES.items()
        if (hits := [hit for hit in listed(words).find(passage) if hit.start >= start])
    }
    if places:
        return min(places, key=lambda category: places[category])
    return "intention" if passage.role is Role.CLIENT else "homework"


def follow_ups_in(reading: Reading) -> list[JsonObject]:
    """``follow_up_topics``: the next appointment, and what is to be taken up again."""
    found = []
    appointment = _appointment(reading)
    if appointment:
        found.append(_item(reading, f"next appointment: {quoted(appointment[0])}", appointment))
    for passage in reading.passages:
        hit = listed(lexicon.COME_BACK).first(passage)
        if hit is None or listed(lexicon.NOT_COME_BACK).first(passage) or passage in appointment:
            continue
        if passage.number in reading.risky or _task_start(reading, passage) is not None:
            continue
        answer = answer_to(reading.passages, passage)[:1] if passage.question else []
        found.append(_item(reading, f"to come back to: {quoted(passage)}", [passage, *answer]))
    return found[:MOST]


def _appointment(reading: Reading) -> list[Passage]:
    """The sentences that agree on the next meeting, the one with a time first."""
    fitting = [
        passage
        for passage in reading.passages
        if listed(lexicon.APPOINTMENT).first(passage)
        and listed(lexicon.TIMES).first(passage)
        and passage.position > 0.5
        and not listed(lexicon.COME_BACK).first(passage)
    ]
    if not fitting:
        return []
    best = max(fitting, key=lambda passage: len(listed(lexicon.TIMES).find(passage)))
    return [best, *(answer_to(reading.passages, best)[:1] if best.question else [])]


def concerns_in(reading: Reading) -> list[JsonObject]:
    """``unresolved_concerns``: what the client leaves open, in their words."""
    return [
        _item(reading, passage.text, [passage])
        for passage in reading.client
        if listed(lexicon.UNRESOLVED).first(passage)
        and passage.number not in reading.risky
        and len(passage.words) >= 5
        and not (passage.question and reading.roles_known is False)
    ][:MOST]


def _item(reading: Reading, text: str, passages: list[Passage]) -> JsonObject:
    return {"text": text, "evidence": reading.cited(passages), "verified": False}
