"""What the session was about."""

from dataclasses import dataclass

from shared.domain.values import JsonObject
from shared.domain.vocabulary.topics import NOT_A_TOPIC, TOPICS
from workers.engines.rules.feelings import weight
from workers.engines.rules.matching import listed
from workers.engines.rules.passages import Passage
from workers.engines.rules.reading import Reading

MOST = 7
WANTED = 4  # topics mentioned only once are listed while there are fewer than this
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
    """Up to seven topics, those that come up most first."""
    found = []
    for label, words in TOPICS.items():
        about = [p for p in reading.passages if p.number not in reading.risky and _speaks_of(p, words)]
        if about:
            about.sort(key=lambda passage: (-_quotable(passage), passage.number))
            found.append(Topic(label, tuple(about)))
    found.sort(key=lambda topic: (-len(topic.passages), -_quotable(topic.best)))
    often = [topic for topic in found if len(topic.passages) > 1]
    grave = dict.fromkeys(m.passage for m in reading.mentions if m.severity != "low")
    safety = [Topic(SAFETY, tuple(grave))] if grave else []
    return [*safety, *(often if len(often) >= WANTED else found[:WANTED])][:MOST]


def _speaks_of(passage: Passage, words: str) -> bool:
    homonyms = listed(NOT_A_TOPIC).find(passage)
    return any(
        not any(other.start <= hit.start and hit.end <= other.end for other in homonyms)
        for hit in listed(words).find(passage)
    )


def _quotable(passage: Passage) -> float:
    score = weight(passage)
    return score + 3 * passage.by_client - 3 * passage.question + 2 * (len(passage.words) in GOOD_WORDS)


def as_items(reading: Reading, topics: list[Topic]) -> list[JsonObject]:
    """``key_topics``."""
    return [
        {"text": topic.label, "evidence": reading.cited(topic.passages[:3]), "verified": False}
        for topic in topics
    ]


def label_of(passage: Passage, topics: list[Topic]) -> str | None:
    """The topic that ``passage`` speaks of, or None."""
    return next((topic.label for topic in topics if passage in topic.passages), None)
