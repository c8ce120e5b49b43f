"""What the local model finds in a transcript: words that are like words that were marked as a kind."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from shared.domain.english.quotes import cite
from shared.domain.notes.items import Evidence, Item
from shared.domain.values import Transcript
from shared.domain.verification.risk import FLAG, LOCAL_MODEL, LOOK
from workers.engines.rules.passages import Passage
from workers.engines.screen.encoder import SentenceEncoder
from workers.engines.screen.head import FAMILIES, STANDINGS, SUICIDE, Floats, Head, Reading
from workers.engines.screen.neighbours import in_context
from workers.engines.screen.pieces import Piece, pieces_of

# Chosen on held-out writers: docs/risk-screen.md, "What stands around a piece".
LOOK_FROM, FLAG_FROM = 0.55, 0.7
_BESIDE_HIGHEST = 0.6  # a second kind is named if it is at least so much of the first
_SHORTEST_ALONE = 4  # words of a sentence that is read without what is around it
_SURE_OF_STANDING = 0.6  # below it, what was said counts as present
_AT_ONCE = 400  # pieces and sentences: bounds the memory of a long session
_ABOUT_OTHERS = frozenset({"harm_to_others", "child_abuse", "dependent_adult_abuse"})


@dataclass(frozen=True, slots=True)
class _Said:
    """A piece, or one of its sentences, and the sentences it is made of; both are of one ``group``."""

    group: int
    piece: Piece
    passages: Sequence[Passage]


class LocalModel:
    """The published encoder under a head of ours."""

    def __init__(self, encoder: SentenceEncoder, head: Head) -> None:
        self._encoder = encoder
        self._head = head

    def flags(self, transcript: Transcript, passages: Sequence[Passage]) -> list[Item]:
        """A flag for each piece of a client's turn and kind that the head marks, in order of time."""
        said = list(_pieces(passages))
        if not said:
            return []
        reading = self._read(said)
        groups = [list(rows) for _, rows in groupby(range(len(said)), lambda number: said[number].group)]
        alone = np.stack([reading.families[rows].max(0) for rows in groups])
        whole = reading.families[[rows[0] for rows in groups]]
        found: list[Item] = []
        for rows, own, around in zip(groups, alone, in_context(alone, whole), strict=True):
            for family in marked(own, around):
                column = FAMILIES.index(family)
                row = rows[int(np.argmax(reading.families[rows, column]))]
                kind = SUICIDE[int(np.argmax(reading.suicide[row]))] if family == "suicide" else family
                flag = _flag(transcript, said[row], kind, standing_of(reading.standings[row]))
                strong = around[column] >= FLAG_FROM and flag.text("severity") != "low"
                found.append(
                    flag.having(severity="medium" if strong else "low", level=FLAG if strong else LOOK)
                )
        return found

    def _read(self, said: Sequence[_Said]) -> Reading:
        parts = [
            self._head.read(self._encoder.read([one.piece.views for one in said[start : start + _AT_ONCE]]))
            for start in range(0, len(said), _AT_ONCE)
        ]
        columns = (
            np.concatenate([getattr(part, name) for part in parts]) for name in Reading.__dataclass_fields__
        )
        return Reading(*columns)


def marked(alone: Floats, around: Floats) -> list[str]:
    """The families that a piece is like enough to be shown: by itself, and with what stands around it."""
    least = _BESIDE_HIGHEST * float(alone.max())
    return [
        family
        for family, own, value in zip(FAMILIES, alone, around, strict=True)
        if value >= LOOK_FROM and own >= least
    ]


def standing_of(row: Floats) -> str:
    """Present, unless the head is sure of another standing."""
    best = int(np.argmax(row))
    return STANDINGS[best] if row[best] >= _SURE_OF_STANDING else "present"


def _flag(transcript: Transcript, said: _Said, kind: str, standing: str) -> Item:
    return Item.saying(
        _evidence(transcript, said.passages),
        type=kind,
        severity="medium" if standing == "present" else "low",
        negated=standing == "denied",
        asked_by_therapist=False,
        temporality="past" if standing == "past" else "present",
        about="other" if standing == "other" or kind in _ABOUT_OTHERS else "self",
        figurative=False,
        speaker=said.passages[0].speaker,
        columbia=None,
        found_by=[],
        readers=[LOCAL_MODEL],
    )


def _evidence(transcript: Transcript, passages: Sequence[Passage]) -> Iterator[Evidence]:
    """What is said in each segment as one quote, or sentence by sentence where it is not written as one."""
    for segment, own in groupby(passages, lambda passage: passage.segment):
        quoted = list(own)
        whole = cite(transcript, segment, " ".join(passage.text for passage in quoted))
        places = [whole] if whole else [cite(transcript, segment, passage.text) for passage in quoted]
        yield from (place.evidence for place in places if place is not None)


def _pieces(passages: Sequence[Passage]) -> Iterator[_Said]:
    """The pieces of all turns that may be a client's, each followed by its sentences alone.

    In a piece of small talk one grave sentence weighs little; alone it cannot drown.
    """
    before: list[tuple[str, str]] = []
    group = 0
    for speaker, turn in groupby(passages, lambda passage: passage.speaker):
        own = list(turn)
        if own[0].by_client:
            for piece in pieces_of([passage.text for passage in own], before, speaker):
                group += 1
                sentences = own[piece.first : piece.end]
                yield _Said(group, piece, sentences)
                for passage in sentences if len(sentences) > 1 else ():
                    if len(passage.words) >= _SHORTEST_ALONE:
                        yield _Said(group, Piece(passage.text, 0, 1), [passage])
        before = [*before[-2:], (speaker, " ".join(passage.text for passage in own))]
