"""The therapist's notes: 150 to 200 words, most of them the transcript's own."""

from collections.abc import Iterator
from dataclasses import replace

from shared.domain.notes.items import Item
from shared.domain.notes.phrasing import clipped, said
from shared.domain.verification import boilerplate
from shared.domain.verification.acceptance import ACCEPTED, BY_THERAPIST, OPEN
from shared.domain.verification.boilerplate import join
from workers.engines.rules.composing import (
    SPARE,
    Findings,
    Line,
    first_unused,
    fitted,
    fixed,
    mood_lines,
    risk_line,
    task_line,
    topic_summary,
)
from workers.engines.rules.reading import quoted

WORDS = (150, 200)
RISKS_SHOWN = 4  # kinds of risk that are quoted before anything else; the flags have all
QUOTE = 16  # words of a quotation in the notes
_FRAMES = {
    "introduced": "Technique spoken of", "practiced": "Technique practiced in the session",
    "assigned": "Technique for the time until next session", "reviewed": "Technique reviewed",
}  # fmt: skip


def therapist_notes(findings: Findings) -> list[Line]:
    """The sentences of ``therapist_notes``; shorter than 150 words only where next to nothing was said."""
    if not findings.reading.passages:
        return [fixed(boilerplate.NO_SPEECH, 0), fixed(boilerplate.MADE_BY_RULES, 0)]
    return fitted(_lines(findings), *WORDS)


def _lines(findings: Findings) -> Iterator[Line]:
    reading, items = findings.reading, findings.items
    used: set[int] = set()
    yield from _risk(findings)
    yield from _topics(findings, used)
    yield from _feelings(findings, used)
    for number, item in enumerate(items["triggers"][:2]):
        yield _item("A trigger, as it was said: ", item.text("trigger"), item, 3 + 20 * number)
    yield from _strategies(findings)
    yield from _tasks(findings)
    for number, item in enumerate(items["unresolved_concerns"][:2]):
        yield _item("Left open: ", item.text("text"), item, 4 + 16 * number)
    for item in items["appointments"]:
        yield _item("Next appointment: ", item.text("when"), item, 5)
    for number, item in enumerate(items["follow_up_topics"][:2]):
        text = item.text("text")
        text = text[:1].upper() + text[1:]
        yield Line(said("", text), item.evidence, 6 + 16 * number)
    shown = {passage.text for passage in reading.passages if passage.number in used | reading.risky}
    for number, item in enumerate(items["significant_quotes"]):
        if item.text("quote") not in shown:
            yield _item("Also said: ", item.text("quote"), item, SPARE + number)
    if not reading.roles_known:
        yield fixed(boilerplate.SPEAKERS_UNKNOWN, 1)
    yield fixed(boilerplate.WORDS_IN_QUOTES, SPARE + 10)
    yield fixed(boilerplate.NOT_JUDGED, SPARE + 11)
    yield fixed(boilerplate.NO_DIAGNOSIS, SPARE + 12)
    yield fixed(boilerplate.READ_BESIDE, SPARE + 13)
    yield fixed(boilerplate.MADE_BY_RULES, 0)


def _risk(findings: Findings) -> Iterator[Line]:
    """The gravest mention of each kind first, then what the screen could read."""
    order = ("high", "medium", "low")
    mentions = findings.reading.mentions
    seen: set[str] = set()
    shown: set[int] = set()
    for mention in sorted(mentions, key=lambda m: (order.index(m.severity), m.negated, m.passage.number)):
        if mention.kind not in seen and mention.passage.number not in shown:
            rank = min(len(shown), 1) if len(shown) < RISKS_SHOWN else 10
            yield risk_line(findings.reading, mention, rank)
            shown.add(mention.passage.number)
        seen.add(mention.kind)
    yield fixed(boilerplate.screened(findings.reading.transcript), 1)


def _topics(findings: Findings, used: set[int]) -> Iterator[Line]:
    for number, line in enumerate(topic_summary(findings, used)):
        yield Line(line.text, line.evidence, 0 if number == 0 else 5 + 8 * number, line.structural)


def _feelings(findings: Findings, used: set[int]) -> Iterator[Line]:
    reading, themes = findings.reading, findings.themes
    if themes:
        labels = list(themes)[:3]
        named = (
            f"Feelings named were {join(labels)}" if len(labels) > 1 else f"The feeling named was {labels[0]}"
        )
        example = first_unused((p for label in labels for p in themes[label]), used)
        evidence = reading.cited([*([example] if example else []), *(themes[label][0] for label in labels)])
        yield Line(said(f"{named}, as in ", quoted(example, QUOTE)) if example else f"{named}.", evidence, 2)
    mood, course = mood_lines(findings)
    chosen = course if findings.course.sources else mood
    yield replace(chosen[0], rank=SPARE + 5 if chosen[0].structural else 7)


def _strategies(findings: Findings) -> Iterator[Line]:
    for number, item in enumerate(findings.items["strategies"][:4]):
        yield _item(
            f"{_FRAMES[item.text('status')]} ({item.text('name')}): ",
            item.text("context"),
            item,
            3 + 9 * number,
        )


def _tasks(findings: Findings) -> Iterator[Line]:
    """What was agreed first, then what was left open, and what the therapist does."""
    order = [agreement for agreement, _, _ in _AGREED]
    tasks = sorted(findings.items["action_items"], key=lambda item: order.index(item.text("agreement")))
    for number, item in enumerate(tasks[:4]):
        told, quoting = next(
            (told, quoting) for name, told, quoting in _AGREED if name == item.text("agreement")
        )
        yield task_line(told, quoting, item, 2 + number)


_AGREED = (
    (ACCEPTED, "The client agreed to ", "To do until next time: "),
    (OPEN, "", "Proposed, and left open: "),
    (BY_THERAPIST, "", "To be done by the therapist: "),
)


def _item(frame: str, text: str, item: Item, rank: int) -> Line:
    return Line(said(frame, clipped(text, QUOTE)), item.evidence, rank)
