"""What the session was about."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.notes.items import Item
from shared.domain.vocabulary.topics import NOT_A_TOPIC, TOPICS
from workers.engines.rules.feelings import weight
from workers.engines.rules.matching import listed
from workers.engines.rules.passages import Passage, answer_to
from workers.engines.rules.reading import Reading
from workers.engines.rules.speakers import Role

MOST = 5
LEAST = 2  # turns that speak of it; one word in passing makes no topic
LEAST_OF_MOST = 0.2  # a topic comes up at least so often as the one that comes up most
ASKED = 2  # a question about it, which the other answers, weighs as much as so many turns
FEW = 2  # below this, what the client opened with is a topic too
OPENING, TOLD = 0.34, 7  # the first third of a session, in a sentence of so many words
SAFETY = "safety"  # the first topic wherever more than a denied or passing mention of risk was made
GOOD_WORDS = range(5, 31)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic with the sentences that speak of it, the best to quote first."""

    label: str
    passages: tuple[Passage, ...]

    @property
    def best(self) -> Passage:
        """The sentence that shows it best."""
        return self.passages[0]


def topics_in(reading: Reading) -> list[Topic]:
    """The topics that were talked about, those that come up most first; few where little was said."""
    weighed = _weighed(reading)
    least = max(LEAST, LEAST_OF_MOST * weighed[0][0]) if weighed else 0
    spoken = [topic for weight, topic in weighed if weight >= least]
    lighter = [topic for weight, topic in weighed if weight < least and _opens(topic)]
    spoken += lighter[: FEW - len(spoken)]
    grave = dict.fromkeys(m.passage for m in reading.mentions if m.severity != "low")
    safety = [Topic(SAFETY, tuple(grave))] if grave else []
    return [*safety, *spoken][:MOST]


def _weighed(reading: Reading) -> list[tuple[int, Topic]]:
    """Every topic that was spoken of with its weight, the heaviest first."""
    weighed = []
    for label, words in TOPICS.items():
        said = [p for p in reading.passages if _speaks_of(p, words)]
        if weight := _weight(reading, said, words):
            about = [p for p in said if p.number not in reading.risky] or said
            about.sort(key=lambda passage: (-_quotable(passage), passage.number))
            weighed.append((weight, Topic(label, tuple(about))))
    return sorted(weighed, key=lambda pair: (-pair[0], -_quotable(pair[1].best)))


def _opens(topic: Topic) -> bool:
    """Whether the client came with it: a whole sentence of theirs, early in the session."""
    return any(
        p.by_client and not p.question and p.position < OPENING and len(p.words) >= TOLD
        for p in topic.passages
    )


def _weight(reading: Reading, about: Sequence[Passage], words: str) -> int:
    """How much was said of a topic: in how many turns, in several words, in answer to a question."""
    turns = {p.segment for p in about}
    return len(turns) + (ASKED - 1 if _is_answered(reading, about) else 0) + _is_dwelt_on(about, words)


def _is_answered(reading: Reading, about: Sequence[Passage]) -> bool:
    """Whether the therapist asked of it, and got more than a word."""
    asked = [p for p in about if p.question and p.role is Role.THERAPIST]
    return any(len(answer.words) > 1 for p in asked[:3] for answer in answer_to(reading.passages, p))


def _is_dwelt_on(about: Sequence[Passage], words: str) -> bool:
    """Whether a turn of the client has several words of it."""
    told = {p.segment: set[str]() for p in about if p.by_client}
    for p in about:
        told.get(p.segment, set()).update(hit.phrase for hit in listed(words).find(p))
    return any(len(phrases_said) > 1 for phrases_said in told.values())


def _speaks_of(passage: Passage, words: str) -> bool:
    homonyms = listed(NOT_A_TOPIC).find(passage)
    return any(
        not any(other.start <= hit.start and hit.end <= other.end for other in homonyms)
        for hit in listed(words).find(passage)
    )


def _quotable(passage: Passage) -> float:
    score = weight(passage)
    return score + 3 * passage.by_client - 3 * passage.question + 2 * (len(passage.words) in GOOD_WORDS)


def as_items(reading: Reading, topics: list[Topic]) -> list[Item]:
    """``key_topics``."""
    return [Item.saying(reading.cited(topic.passages[:3]), text=topic.label) for topic in topics]


def label_of(passage: Passage, topics: list[Topic]) -> str | None:
    """The topic that ``passage`` speaks of, or None."""
    return next((topic.label for topic in topics if passage in topic.passages), None)
