"""The summary for the patient: 100 to 150 plain, kind words in the second person."""

from collections.abc import Iterator

from shared.domain.values import JsonObject
from shared.domain.verification import boilerplate
from shared.domain.verification.acceptance import ACCEPTED
from shared.domain.verification.boilerplate import join
from workers.engines.rules.composing import SPARE, Findings, Line, clipped, fitted, fixed, said, task_line
from workers.engines.rules.reading import quoted

WORDS = (100, 150)
QUOTE = 16  # words of a quotation in the summary
_GRAVE = ("high", "medium")
_KINDS = frozenset({
    "passive_suicidal_ideation", "suicidal_ideation", "suicide_plan", "suicide_intent", "suicidal_behaviour",
    "self_harm", "overdose", "domestic_violence",
})  # fmt: skip
_NOT_FOR_CLIENT = frozenset({"medication"})  # their prescriber speaks of it with them
_PLAIN = {
    "safety": "your safety",
    "low mood": "feeling low", "self-esteem": "how you see yourself", "relationship": "your relationship",
    "family": "your family", "health": "your health", "children": "your children",
}  # fmt: skip
_FEELING = {"worthlessness": "being hard on yourself", "hopelessness": "finding it hard to hope"}


def patient_summary(findings: Findings) -> list[Line]:
    """The sentences of ``patient_summary``; it repeats none of the words of risk."""
    if not findings.reading.passages:
        return [fixed(boilerplate.NO_SPEECH, 0), fixed(boilerplate.PATIENT_DRAFT, 0)]
    return fitted(_lines(findings), *WORDS)


def _lines(findings: Findings) -> Iterator[Line]:
    items, reading = findings.items, findings.reading
    topics = [topic for topic in findings.topics if topic.label not in _NOT_FOR_CLIENT][:3]
    if topics:
        labels = join([_PLAIN.get(topic.label, topic.label) for topic in topics])
        yield Line(f"In this session you talked about {labels}.", reading.cited(t.best for t in topics), 0)
    if findings.themes:
        named = list(findings.themes)[:3]
        frame = "You spoke of" if reading.roles_known else "There was talk of"
        feelings = join([_FEELING.get(label, label) for label in named])
        yield Line(f"{frame} {feelings}.", reading.cited(findings.themes[label][0] for label in named), 1)
    yield from _help(findings)
    yield from _words(findings)
    for number, (status, frame) in enumerate(_FRAMES.items()):
        group = [item for item in items["strategies"] if item["status"] == status]
        if group:
            evidence = [piece for item in group for piece in item["evidence"][:1]]
            yield Line(frame.format(join([item["name"] for item in group])), evidence, 3 + 2 * number)
    accepted = [item for item in _safe(findings, "action_items") if item["agreement"] == ACCEPTED]
    for number, item in enumerate(accepted[:3]):
        yield task_line(
            "You agreed to ",
            "For the time until you meet again, this was said: ",
            item,
            2 + number,
            person="your",
        )
    for item in _safe(findings, "unresolved_concerns")[:1]:
        yield _item("This is still on your mind: ", item["text"], item, 6)
    for item in items["appointments"]:
        yield Line(said("Your next appointment: ", clipped(item["when"], QUOTE)), item["evidence"], 5)
    spare = (
        boilerplate.PATIENT_QUOTES,
        boilerplate.PATIENT_LIMITS,
        boilerplate.PATIENT_CORRECT,
        boilerplate.PATIENT_PACE,
    )
    for number, sentence in enumerate(spare):
        yield fixed(sentence, SPARE + number)
    yield fixed(boilerplate.PATIENT_DRAFT, 0)


_FRAMES = {
    "reviewed": "You looked back at {}.", "introduced": "You and your therapist spoke about {}.",
    "practiced": "Together you practiced {}.", "assigned": "You were invited to use {}.",
}  # fmt: skip


def _words(findings: Findings) -> Iterator[Line]:
    """What the patient said: the telling, and then a brighter sentence if there was one."""
    bright = [p for p in findings.bright if p.number not in findings.reading.risky][:1]
    frame = "You said: " if findings.reading.roles_known else "These words were said: "
    told = [
        item
        for item in _safe(findings, "significant_quotes")
        if item["quote"] not in {p.text for p in bright}
    ]
    for item in told[:1]:
        yield _item(frame, item["quote"], item, 4)
    for passage in bright:
        yield Line(
            said("And on a brighter note: ", quoted(passage, QUOTE)), findings.reading.cited(bright), 5
        )


def _help(findings: Findings) -> Iterator[Line]:
    """Where the client spoke of danger to themselves: that it was heard, and where help is."""
    grave = [
        mention
        for mention in findings.reading.mentions
        if mention.kind in _KINDS and mention.severity in _GRAVE and mention.about != "other"
    ]
    if grave:
        evidence = findings.reading.cited(grave[0].shown)
        yield Line("You also spoke openly about things that are very painful.", evidence, 0)
        yield fixed(boilerplate.PATIENT_HELP, 0)


def _safe(findings: Findings, name: str) -> list[JsonObject]:
    """The items of a list that come from no passage about risk."""
    risky = {p.text for p in findings.reading.passages if p.number in findings.reading.risky}
    return [
        item
        for item in findings.items[name]
        if not any(
            text in piece["quote"] or piece["quote"] in text for piece in item["evidence"] for text in risky
        )
    ]


def _item(frame: str, text: str, item: JsonObject, rank: int) -> Line:
    return Line(said(frame, clipped(text, QUOTE)), item["evidence"], rank)
