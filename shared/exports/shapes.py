"""What a document for readers is made of: lines, blocks, footnotes, and who numbers them.

Everything in it is plain text: each writer escapes what its format would interpret.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.domain.notes.items import Evidence

OWN_WORDS = "clinician's own words"


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence or an item; ``marks`` say what it lacks, ``footnotes`` where it was said."""

    text: str
    footnotes: tuple[int, ...] = ()
    marks: tuple[str, ...] = ()
    is_item: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A heading with what stands under it."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Footnote:
    """Words that were said, and when (``mm:ss`` of the recording)."""

    number: int
    when: str
    quote: str


@dataclass(frozen=True, slots=True)
class Outline:
    """A whole document; ``is_final``: signed, and needing nothing more."""

    title: str
    banner: str
    is_final: bool
    facts: tuple[tuple[str, str], ...]
    blocks: tuple[Block, ...]
    footnotes: tuple[Footnote, ...] = ()
    closing: tuple[tuple[str, str], ...] = ()


@dataclass
class Notebook:
    """Numbers pieces of evidence in the order in which they are first cited."""

    numbers: dict[tuple[int, str], int] = field(default_factory=dict)
    footnotes: list[Footnote] = field(default_factory=list)

    def cite(self, evidence: Iterable[Evidence]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self._number(piece) for piece in evidence))

    def _number(self, piece: Evidence) -> int:
        key = (piece.segment, piece.quote)
        if key not in self.numbers:
            self.numbers[key] = len(self.numbers) + 1
            when = f"{clock(piece.start)}–{clock(piece.end)}"
            self.footnotes.append(Footnote(self.numbers[key], when, piece.quote))
        return self.numbers[key]


def flat(text: str) -> str:
    """``text`` on one line."""
    return " ".join(text.split())


def word(text: str) -> str:
    """``text`` without the underscores of a machine word."""
    return text.replace("_", " ") if text.replace("_", "").isalpha() and "_" in text else text


def clock(seconds: float) -> str:
    """``mm:ss``, or ``h:mm:ss`` from an hour on."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
