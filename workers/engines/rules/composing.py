"""Running texts put together from findings: fixed frames around the transcript's own words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from shared.domain.notes.items import Evidence, Item, Sentence
from shared.domain.notes.phrasing import clipped, said, task_sentence
from shared.domain.verification import boilerplate
from shared.domain.verification.boilerplate import join
from workers.engines.rules.feelings import Mood
from workers.engines.rules.passages import Passage
from workers.engines.rules.reading import Reading, quoted
from workers.engines.rules.risk import ABOUT_OTHERS
from workers.engines.rules.risk_flags import Mention
from workers.engines.rules.topics import SAFETY, Topic


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence with what it rests on; ``rank`` says how early it is taken (0 first)."""

    text: str
    evidence: Sequence[Evidence] = ()
    rank: int = 0
    structural: bool = False

    @property
    def words(self) -> int:
        """Its length as word counts go: what spaces separate."""
        return len(self.text.split())

    @property
    def sentence(self) -> Sentence:
        """As it is in the notes."""
        return Sentence(text=self.text, structural=self.structural, evidence=tuple(self.evidence))


@dataclass(slots=True)
class Findings:
    """Everything that was found, for the texts to draw on."""

    reading: Reading
    topics: list[Topic]
    themes: dict[str, list[Passage]]
    mood: Mood
    course: Mood
    items: Mapping[str, tuple[Item, ...]] = field(default_factory=dict)


def fixed(sentence: str, rank: int) -> Line:
    """A sentence that needs no evidence."""
    return Line(sentence, rank=rank, structural=True)


def fitted(lines: Iterable[Line], least: int, most: int) -> list[Line]:
    """Lines with ``least`` to ``most`` words in all, where there is enough to say, in their given order.

    Taken by rank while they fit. Ranks from ``SPARE`` on are taken only below ``least``.
    """
    ordered = list(lines)
    taken: set[int] = set()
    total = 0
    for index in sorted(range(len(ordered)), key=lambda i: (ordered[i].rank, i)):
        line = ordered[index]
        if line.rank >= SPARE and total >= least:
            break
        if total + line.words <= most:
            taken.add(index)
            total += line.words
    return [line for index, line in enumerate(ordered) if index in taken]


SPARE = 50


def topic_summary(findings: Findings, used: set[int] | None = None) -> list[Line]:
    """What was spoken of, with a quote for each of the two main topics; adds the quoted to ``used``."""
    reading, topics = findings.reading, findings.topics
    if not topics:
        return [fixed(boilerplate.NO_TOPIC if reading.passages else boilerplate.NO_SPEECH, 0)]
    if [topic.label for topic in topics] == [SAFETY]:
        return [fixed(boilerplate.ONLY_RISK, 0)]
    labels = join([topic.label for topic in topics[:4]])
    lines = [Line(f"The session turned mainly on {labels}.", reading.cited(t.best for t in topics[:4]))]
    used = set() if used is None else used
    for topic in topics[:2]:
        best = _most_telling(topic, used | reading.risky)
        if best is not None:
            used.add(best.number)
            lines.append(Line(said(f"On {topic.label}: ", quoted(best)), reading.cited([best])))
    return lines


def _most_telling(topic: Topic, others: set[int]) -> Passage | None:
    """The first sentence of a topic that is not among ``others`` and says something; no question."""
    left = (p for p in topic.passages if p.number not in others and len(p.words) > 3)
    best = next(left, None)
    return None if best is None or best.question else best


def mood_lines(findings: Findings) -> tuple[list[Line], list[Line]]:
    """Why the mood and its course were given as they were."""
    mood, course, reading = findings.mood, findings.course, findings.reading
    first = fixed(boilerplate.MOOD_UNKNOWN, 0)
    if mood.sources:
        frame = f"The words of mood were {_MOOD_WORDS[mood.value]}: "
        first = Line(said(frame, quoted(mood.sources[0], 14)), reading.cited(mood.sources))
    second = fixed(boilerplate.COURSE_UNKNOWN, 0)
    if course.sources:
        frame = f"The client tells of things {_COURSE_WORDS[course.value]}: "
        second = Line(said(frame, quoted(course.sources[0], 14)), reading.cited(course.sources))
    return [first], [second]


_MOOD_WORDS = {
    "very_low": "very low", "low": "mostly low", "neutral": "mixed", "positive": "mostly positive",
    "very_positive": "very positive",
}  # fmt: skip
_COURSE_WORDS = {
    "improving": "improving", "declining": "declining", "stable": "much the same",
    "fluctuating": "going up and down",
}  # fmt: skip


def risk_line(reading: Reading, mention: Mention, rank: int) -> Line:
    """One sentence on one mention of risk, with the words and, to a question, the answer."""
    label = boilerplate.RISK_LABELS[mention.kind]
    evidence = reading.cited(mention.shown)
    first = quoted(mention.passage, 22)
    if mention.asked and len(mention.shown) > 1:
        answer = clipped(" ".join(passage.text for passage in mention.shown[1:2]), 20)
        return Line(said(f"Risk ({label}): to the question {first} the answer was ", answer), evidence, rank)
    how = "mentioned"
    if mention.figurative:
        how = "mentioned, perhaps as a figure of speech"
    elif mention.negated:
        how = "mentioned and negated"
    elif mention.past:
        how = "mentioned as past"
    whose = " about somebody else" if _of_another(mention) else ""
    return Line(said(f"Risk ({label}), {how}{whose}: ", first), evidence, rank)


def _of_another(mention: Mention) -> bool:
    return mention.about == "other" and mention.kind not in ABOUT_OTHERS


def first_unused(passages: Iterable[Passage], used: set[int]) -> Passage | None:
    """The first of ``passages`` that was not quoted yet, which it now is."""
    chosen = next((passage for passage in passages if passage.number not in used), None)
    if chosen is not None:
        used.add(chosen.number)
    return chosen


def task_line(told: str, quoting: str, item: Item, rank: int) -> Line:
    """A task as a plain sentence where it reads as one after ``told``, else quoted after ``quoting``."""
    return Line(task_sentence(told, quoting, item.text("task")), item.evidence, rank)
