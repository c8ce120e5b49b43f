"""Facts of the record: scores named aloud, what protects, goals, and what was done about a risk."""

import re
from collections.abc import Iterable, Iterator

from shared.domain.notes.fields import NOT_SAID
from shared.domain.notes.items import Item
from shared.domain.verification.acceptance import ACCEPTED, BY_THERAPIST
from workers.engines.rules.lexicons import record as lexicon
from workers.engines.rules.passages import Passage, answer_to
from workers.engines.rules.reading import Reading
from workers.engines.rules.speakers import Role

MOST = 8
LEAST_WORDS = 4
GOAL_WORDS = range(2, 31)


def measures_in(reading: Reading) -> list[Item]:
    """``measures``: questionnaires and ratings that were named with their score, as it was said."""
    found: dict[tuple[str, str], Item] = {}
    for passage in reading.passages:
        for match in lexicon.MEASURE.finditer(passage.text):
            score, shown = _score(reading, passage, match)
            if score:
                item = Item.saying(
                    reading.cited(reading.answer(p) for p in shown),
                    name=match.group().strip(), score=score, details=shown[-1].text,
                )  # fmt: skip
                found.setdefault((match.group().casefold(), score.casefold()), item)
    return list(found.values())[:MOST]


def _score(reading: Reading, passage: Passage, match: re.Match[str]) -> tuple[str, list[Passage]]:
    """The number that goes with the measure: in its sentence, the next one, or the answer."""
    rest = passage.text[match.end() :]
    here = lexicon.SCORE.search(rest)
    if here is not None and not (passage.question and not lexicon.SCORED.search(rest)):
        return here["score"], [passage]
    for answer in answer_to(reading.passages, passage)[:2] if passage.question else ():
        said = lexicon.SCORE.search(answer.text) or lexicon.BARE_SCORE.match(answer.text)
        if said is not None:
            return said["score"], [passage, answer]
    return "", []


def protective_factors_in(reading: Reading) -> list[Item]:
    """``protective_factors``: what the client names as holding them, in their words."""
    return _texts(reading, filter(_protects, reading.client))


def _protects(passage: Passage) -> bool:
    holds = lexicon.PROTECTS.search(passage.text) and not lexicon.PROTECTS_NOT.search(passage.text)
    return bool(holds) and not passage.question


def _texts(reading: Reading, passages: Iterable[Passage]) -> list[Item]:
    kept = [p for p in passages if len(p.words) >= LEAST_WORDS][:MOST]
    return [Item.saying(reading.cited([p]), text=p.text) for p in kept]


def goals_in(reading: Reading) -> list[Item]:
    """``goals``: what therapy is to reach, as it was said, and what was said of how far it got."""
    found: dict[str, Item] = {}
    for passage in reading.passages:
        match = lexicon.GOAL.search(passage.text)
        goal = match["goal"].strip(" .,?!;:") if match else ""
        if len(goal.split()) not in GOAL_WORDS or passage.number in reading.risky:
            continue
        progress, shown = _progress(reading, passage)
        evidence = reading.cited([passage, *shown])
        item = Item.saying(evidence, goal=goal, progress=progress, details=passage.text)
        found.setdefault(goal.casefold(), item)
    return list(found.values())[:MOST]


def _progress(reading: Reading, passage: Passage) -> tuple[str, list[Passage]]:
    near = [
        passage,
        *reading.beside(passage),
        *(answer_to(reading.passages, passage) if passage.question else ()),
    ]
    for other in near:
        for name, pattern in lexicon.PROGRESS:
            if other.by_client and not other.question and pattern.search(other.text):
                return name, [other] if other is not passage else []
    return NOT_SAID, []


def risk_actions_in(reading: Reading, tasks: Iterable[Item]) -> list[Item]:
    """``risk_actions``: safety plans, means put away, services called; tasks among them with their answer.

    Only where a risk was spoken of: keys that are put away in another session are no safety measure.
    """
    if not reading.mentions:
        return []
    found = [
        Item.saying(task.evidence, action=task.text("task"), kind=kind, agreement=task.text("agreement"))
        for task in tasks
        if (kind := _kind_of(task.text("task")))
    ]
    cited = {segment for item in found for segment in item.segments}
    found += [item for item in _done(reading) if item.evidence[0].segment not in cited]
    return sorted(found, key=lambda item: item.evidence[0].segment)[:MOST]


def _done(reading: Reading) -> Iterator[Item]:
    """What was done or is in place already, told in a sentence of its own."""
    for passage in reading.passages:
        kind = _kind_of(passage.text) if lexicon.DONE.search(passage.text) else ""
        if kind and not passage.question and passage.role is not Role.UNKNOWN:
            agreement = ACCEPTED if passage.by_client else BY_THERAPIST
            evidence = reading.cited([passage])
            yield Item.saying(evidence, action=passage.text, kind=kind, agreement=agreement)


def _kind_of(text: str) -> str:
    return next((name for name, pattern in lexicon.RISK_ACTIONS if pattern.search(text)), "")
