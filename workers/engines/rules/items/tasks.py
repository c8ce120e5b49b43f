"""Tasks: what the therapist asks for or takes on, what the client takes on, and whether it was accepted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.domain.english.quotes import words_of
from shared.domain.notes.items import Item
from shared.domain.verification.acceptance import ACCEPTED, BY_THERAPIST, OPEN, takes_on
from shared.domain.verification.grounding import content_of
from shared.domain.vocabulary.actions import ACTIONS
from workers.engines.rules.lexicons import plans as plan_words
from workers.engines.rules.lexicons import tasks as lexicon
from workers.engines.rules.matching import listed
from workers.engines.rules.passages import Passage
from workers.engines.rules.reading import Reading, quoted
from workers.engines.rules.speakers import Role

MOST = 12
TASK_WORDS = range(2, 46)
SAME_TASK = 0.6
_NO_SUBSTANCE = content_of(
    words_of("take do try today tonight tomorrow week give start go get make use put again")
)
_GOOD_MANY = 4
_OWN_SUBSTANCE = 3  # a client who says so much more than what was proposed names a task of their own


@dataclass(slots=True)
class Task:
    """A task with the sentences that state it, and how it was answered."""

    text: str
    passage: Passage
    agreement: str
    shown: list[Passage] = field(default_factory=list)


def action_items_in(reading: Reading) -> list[Item]:
    """``action_items``: what was asked for and not turned down, and what either took on themselves."""
    found: list[Task] = []
    for passage in reading.passages:
        for text, agreement in _tasks_in(reading, passage):
            known = next((task for task in found if _is_same(task, passage, text, agreement)), None)
            if known is not None:
                _confirm(known, passage, agreement)
                continue
            task = Task(text, passage, agreement, [passage])
            if _substance(text) if agreement == ACCEPTED else _answered(reading, task):
                _say_what_it_is(reading, task)
                found.append(task)
    return [_as_item(reading, task) for task in found[:MOST]]


def _say_what_it_is(reading: Reading, task: Task) -> None:
    """Quote what the therapist said before, where the task alone does not say what "it" is."""
    if len(_substance(task.text)) > 1 or not lexicon.POINTS.search(task.text):
        return
    before = [p for p in reading.passages[: task.passage.number] if p.role is not Role.CLIENT][-4:]
    named = [
        p
        for p in before
        if (p.segment == task.passage.segment and len(p.words) > _GOOD_MANY)
        or (p.question and task.passage.segment - p.segment <= 2)
    ]
    if named:
        task.text = f"{task.text} ({quoted(named[-1])})"
        task.shown.insert(0, named[-1])


def _substance(text: str) -> set[str]:
    return content_of(words_of(text)) - _NO_SUBSTANCE


def _as_item(reading: Reading, task: Task) -> Item:
    return Item.saying(
        reading.cited(task.shown),
        task=task.text, category=_category(task), details=task.passage.text, agreement=task.agreement,
    )  # fmt: skip


def _tasks_in(reading: Reading, passage: Passage) -> Iterator[tuple[str, str]]:
    """The tasks that ``passage`` states, each with how far it is agreed by that."""
    if passage.role is not Role.THERAPIST and (own := _of_client(reading, passage)) is not None:
        yield own, ACCEPTED
    elif passage.role is not Role.CLIENT:
        yield from _of_therapist(passage)


def _of_therapist(passage: Passage) -> Iterator[tuple[str, str]]:
    for clause in lexicon.AND_I.split(passage.text.replace("’", "'")):
        stated = next(_stated(passage, clause), "")
        does = None if stated else lexicon.THERAPIST_DOES.search(clause)
        task = (clause[does.start() :] if does else stated).strip(" .,?!;:-–—")
        if len(words_of(task)) in TASK_WORDS:
            yield task, BY_THERAPIST if does else OPEN


def states_task(passage: Passage) -> bool:
    """Whether the therapist asks for something to be done, or says that they will do it."""
    return any(True for _ in _of_therapist(passage))


def _stated(passage: Passage, text: str) -> Iterator[str]:
    """What is asked for in ``text``, the surest way of asking first."""
    if match := lexicon.ASKED_WHAT.search(text):
        yield match["task"]
    if (match := lexicon.ASKED.search(text)) and not _is_here(match["task"]):
        third = match["who"].casefold() not in {"you", "you both"}
        yield text[match.start("who") :] if third else match["task"]
    if match := lexicon.HOMEWORK.search(text):
        yield match["task"]
    if match := lexicon.WILLING.search(text):
        task = match["task"] or match["doing"]
        if not _is_here(task):
            yield task
    for pattern in (lexicon.REQUEST, lexicon.LETS):
        match = pattern.search(text)
        if match and _is_later(match["task"], " you" not in match[0][: match.start("task")]):
            yield match["task"]
    if passage.role is Role.THERAPIST and not passage.question:
        yield from _told_to(text)


def _told_to(text: str) -> Iterator[str]:
    """What is asked for without a verb of asking: "pack a bag", "ten minutes, every evening"."""
    match = lexicon.IMPERATIVE.search(text)
    task = match["task"] if match else ""
    if len(words_of(task)) < _GOOD_MANY:
        return
    if _first(task) in ACTIONS and not _is_here(task):
        yield task
    often = lexicon.OFTEN.search(task) or lexicon.RULE.search(task)
    if often and not lexicon.TOLD.search(task[: often.end()]):
        yield task


def _is_later(task: str, together: bool) -> bool:
    """Whether ``task`` is for after the session; what two people do ``together`` mostly is not."""
    if _first(task) not in ACTIONS or _is_here(task):
        return False
    return not (together and _first(task) in lexicon.HERE) or bool(
        lexicon.OFTEN.search(task) or lexicon.WHEN.search(task)
    )


def _first(task: str) -> str:
    return next(iter(words_of(task)), "")


def _is_here(task: str) -> bool:
    return lexicon.NOT_LATER.match(task) is not None


def _of_client(reading: Reading, passage: Passage) -> str | None:
    match = lexicon.CLIENT_DOES.search(passage.text.replace("’", "'"))
    if match is None or passage.question or passage.number in reading.risky:
        return None
    is_conditional = re.search(r"\bif\b", passage.text[: match.start()])
    if is_conditional or listed(plan_words.NOT_AN_INTENTION).first(passage):
        return None
    task = re.sub(r"^(?:(?:just|also|probably|definitely|try to|try and) )+", "", match["task"])
    task = task.strip(" .,?!;:-–—")
    if _first(task) not in ACTIONS - {"be", "have", "let"} or _is_here(task):
        return None
    is_firm = match["how"].strip() not in {"could", "can", "might"} or passage.position > 0.5
    if lexicon.WHEN.search(task) is None and not (is_firm and _answers_therapist(reading, passage)):
        return None
    return task if len(words_of(task)) in TASK_WORDS else None


def _answers_therapist(reading: Reading, passage: Passage) -> bool:
    """Whether the turn before asks for or suggests something."""
    before = [p for p in reading.passages[: passage.number] if p.segment == passage.segment - 1]
    return any(p.speaker != passage.speaker and (p.question or states_task(p)) for p in before)


def _is_same(task: Task, passage: Passage, text: str, agreement: str) -> bool:
    """Whether ``text`` says ``task`` again, or is the client's answer to it."""
    mine, other = _substance(text), _substance(task.text)
    shared = mine & other
    next_turn = passage.segment - task.passage.segment == 1 and passage.speaker != task.passage.speaker
    if next_turn and agreement == ACCEPTED and (shared or len(mine) < _OWN_SUBSTANCE):
        return True
    return bool(shared) and len(shared) >= SAME_TASK * min(len(mine), len(other))


def _confirm(task: Task, passage: Passage, agreement: str) -> None:
    if agreement == ACCEPTED and task.agreement == OPEN:
        task.agreement = ACCEPTED
    if passage not in task.shown and len(task.shown) < 3:
        task.shown.append(passage)


def _answered(reading: Reading, task: Task) -> bool:
    """Note how the client answers what the therapist asks for; False if they turn it down."""
    later = [p for p in reading.passages[task.passage.number + 1 :] if p.speaker != task.passage.speaker]
    if task.agreement == BY_THERAPIST or not later:
        return True
    answer = reading.transcript.segments[later[0].segment].text
    taken_on = takes_on(answer)
    if taken_on:
        task.agreement = ACCEPTED
        yes = next((p for p in later[:6] if takes_on(p.text) and p.segment == later[0].segment), later[0])
        task.shown.append(reading.answer(yes))
    return taken_on is not False


def _category(task: Task) -> str:
    places = {
        category: min(hit.start for hit in hits)
        for category, words in plan_words.CATEGORIES.items()
        if (hits := listed(words).find(task.passage))
    }
    if places:
        return min(places, key=lambda category: places[category])
    return "intention" if task.passage.role is Role.CLIENT else "homework"
