"""One transcript being read: its sentences, its mentions of risk, and citing from it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.domain.english.quotes import cite, tokenize
from shared.domain.notes.items import Evidence
from shared.domain.values import Transcript
from workers.engines.rules.passages import Passage, part_of, passages_of
from workers.engines.rules.risk import mentions_in
from workers.engines.rules.risk_flags import Mention
from workers.engines.rules.speakers import Role

ANSWER_WORDS = 12  # of a turn, where an answer is but a word
QUOTED_WORDS = 24  # a longer sentence is cut in running text; its evidence shows it whole


@dataclass(frozen=True, slots=True)
class Reading:
    """What all finders look at."""

    transcript: Transcript
    passages: Sequence[Passage]
    mentions: Sequence[Mention]
    risky: frozenset[int]

    @property
    def client(self) -> list[Passage]:
        """What the client said, or may have said where roles are unknown."""
        return [passage for passage in self.passages if passage.by_client]

    @property
    def roles_known(self) -> bool:
        """Whether the therapist could be told from the client, or only one voice was heard."""
        heard = {passage.speaker for passage in self.passages}
        return len(heard) < 2 or any(passage.role is Role.THERAPIST for passage in self.passages)

    def beside(self, passage: Passage) -> list[Passage]:
        """The sentences just before and after ``passage`` in the same segment."""
        around = (passage.number - 1, passage.number + 1)
        found = [self.passages[number] for number in around if 0 <= number < len(self.passages)]
        return [other for other in found if other.segment == passage.segment]

    def answer(self, passage: Passage) -> Passage:
        """``passage``, with more of its turn where it is but a word: "Okay." alone is not found again."""
        if len(passage.words) > ANSWER_WORDS // 3:
            return passage
        text = self.transcript.segments[passage.segment].text
        tokens = tokenize(text)
        begin = max(0, text.find(passage.text))
        kept = [token for token in tokens if token.end > begin][:ANSWER_WORDS]
        first = kept[0].start if len(kept) >= 2 else tokens[0].start
        return part_of(passage, text[first : kept[-1].end])

    def cited(self, passages: Iterable[Passage]) -> tuple[Evidence, ...]:
        """The evidence for ``passages``, each once."""
        told = [passage if len(passage.words) > 1 else self.answer(passage) for passage in passages]
        found = [cite(self.transcript, passage.segment, passage.text) for passage in told]
        return tuple(dict.fromkeys(place.evidence for place in found if place is not None))


def read(transcript: Transcript) -> Reading:
    """``transcript``, ready for the finders."""
    passages = passages_of(transcript)
    mentions = mentions_in(passages)
    risky = frozenset(shown.number for mention in mentions for shown in mention.shown)
    return Reading(transcript, passages, mentions, risky)


def quoted(passage: Passage, words: int = QUOTED_WORDS) -> str:
    """``passage`` in quotation marks, cut with an ellipsis after ``words`` words."""
    tokens = tokenize(passage.text)
    text = passage.text
    if len(tokens) > words:
        text = text[: tokens[words - 1].end] + " …"
    return "“" + text.translate(str.maketrans('“”"', "'''")) + "”"
