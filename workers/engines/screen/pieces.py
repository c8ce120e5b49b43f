"""What the local model reads: pieces of a client's turn, each with the question and the turns before it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

LONGEST_PIECE = 36  # words; in a longer one a single grave sentence drowns
TURNS_BEFORE = 3


@dataclass(frozen=True, slots=True)
class Piece:
    """Some sentences of one turn, numbered ``first`` to before ``end`` in it."""

    text: str
    first: int
    end: int
    question: str = ""
    window: str = ""

    @property
    def views(self) -> tuple[tuple[str, str], ...]:
        """The three ways to read it, as (before, text): alone, after its question, after three turns."""
        return ("", self.text), (self.question, self.text), (self.window, self.text)


def pieces_of(sentences: Sequence[str], before: Sequence[tuple[str, str]], speaker: str) -> Iterator[Piece]:
    """The pieces of a turn by ``speaker``; ``before`` are (speaker, text) of earlier turns, oldest first."""
    others = [text for said_by, text in before[-1:] if said_by != speaker]
    question = others[0] if others else ""
    window = " ".join(text for _, text in before[-TURNS_BEFORE:])
    for first, end in _runs([len(text.split()) for text in sentences]):
        yield Piece(" ".join(sentences[first:end]), first, end, question, window)


def _runs(lengths: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Runs of sentences that together are no longer than a piece; a longer sentence is a run of its own."""
    first = end = words = 0
    for length in lengths:
        if words and words + length > LONGEST_PIECE:
            yield first, end
            first, words = end, 0
        words, end = words + length, end + 1
    if words:
        yield first, end
