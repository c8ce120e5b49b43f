"""Finds among many spans of time those at or next to a moment, without looking at them all."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Protocol


class Span(Protocol):
    """Anything from a start to an end, in seconds."""

    @property
    def start(self) -> float: ...

    @property
    def end(self) -> float: ...


class Spans:
    """Spans in any order, overlapping or not, known by their place in the sequence.

    An hour has ten thousand words and a thousand utterances: ten million comparisons, and ninety
    million for three hours, if each word asked each utterance.
    """

    def __init__(self, spans: Sequence[Span]) -> None:
        self._order = sorted(range(len(spans)), key=lambda place: spans[place].start)
        self._starts = [spans[place].start for place in self._order]
        self._latest_ends: list[float] = []
        self._ending_latest: list[int] = []
        for place in self._order:
            if not self._latest_ends or spans[place].end > self._latest_ends[-1]:
                self._latest_ends.append(spans[place].end)
                self._ending_latest.append(place)
            else:
                self._latest_ends.append(self._latest_ends[-1])
                self._ending_latest.append(self._ending_latest[-1])

    def around(self, start: float, end: float) -> list[int]:
        """The places of all that share a moment with ``start`` to ``end``, of the last one that ends
        before it and of the first that begins after it, ascending; a few others may be among them.
        """
        first = bisect_left(self._latest_ends, start)
        beyond = bisect_right(self._starts, end)
        found = set(self._order[first : beyond + 1])
        if first:
            found.add(self._ending_latest[first - 1])
        return sorted(found)
