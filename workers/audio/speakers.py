"""Who speaks when on one channel: windows of voice, clustered, voted, cut at quiet places."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from workers.audio import voices
from workers.audio.clustering import squared_distances
from workers.audio.voiceprints import CELL_SECONDS, Cells, Kept

# A window with less voice than this (10-ms frames) is labelled, but teaches nothing.
TEACHING_FRAMES = 50
# What a change of speaker inside an utterance costs, in cells of average certainty. The overlapping
# windows smooth already; on conversations without pauses 1 and 2 did best, and 4 lost short turns.
CHANGE_COST = 2.0
# A change found between two windows is moved to the quietest cell this near.
SNAP_CELLS = 4

Floats = NDArray[np.float64]
Piece = tuple[float, float, int]


class Measured(Protocol):
    """One utterance: the level of each cell in dB, and the windows of cells in which a voice was measured."""

    @property
    def levels(self) -> Kept:
        """(cells,), at least one."""

    def windows(self) -> list[tuple[int, int]]:
        """Cell ranges in order of time; together they cover the utterance."""


def label_utterances(utterances: Sequence[Cells], speakers: int) -> list[list[Piece]]:
    """For each utterance its pieces ``(start, end, voice)``, in seconds from its own start.

    ``voice`` is 0 to ``speakers`` - 1 in no particular order; of one voice alone there is only one,
    however many were expected. The pieces of an utterance cover it without gaps.
    """
    heard = _Windows.of(utterances)
    if speakers < 2 or len(heard.points) < speakers:
        return [[(0.0, cells.size * CELL_SECONDS, 0)] for cells in utterances]
    return cut_at_changes(utterances, _costs(heard, speakers))


def cut_at_changes(utterances: Sequence[Measured], costs: Floats) -> list[list[Piece]]:
    """The pieces of each utterance; ``costs``, (windows, voices), is how unlike each voice a window is."""
    pieces: list[list[Piece]] = []
    taken = 0
    for one in utterances:
        own = one.windows()
        per_cell = _vote(one.levels.size, own, costs[taken : taken + len(own)])
        pieces.append(_pieces(_cheapest_path(per_cell), one.levels))
        taken += len(own)
    return pieces


def doubt_about_number(utterances: Sequence[Cells], speakers: int) -> str | None:
    """Why the number of voices may be wrong: ``few_words`` to judge by, ``more_voices`` than ``speakers``."""
    taught, utterance_of = _Windows.of(utterances).teaching(speakers)
    if len(taught) < voices.FEWEST_TO_JUDGE:
        return "few_words"
    return "more_voices" if len(voices.find(taught, utterance_of, speakers + 1)) > speakers else None


@dataclass(frozen=True, slots=True)
class _Windows:
    """What is heard in each window of all utterances, and in which utterance it lies."""

    points: Floats
    voiced: Floats
    utterance_of: voices.Places

    @classmethod
    def of(cls, utterances: Sequence[Cells]) -> "_Windows":
        found = [(number, cells, own) for number, cells in enumerate(utterances) for own in cells.windows()]
        return cls(
            np.array([cells.voiceprint(own) for _, cells, own in found]),
            np.array([cells.voiced_frames(own) for _, cells, own in found]),
            np.array([number for number, _, _ in found], np.intp),
        )

    def normal(self, speakers: int) -> tuple[Floats, NDArray[np.bool_]]:
        """All points, by the spread of those that teach; and which these are."""
        teaching = self.voiced >= TEACHING_FRAMES
        if np.count_nonzero(teaching) < speakers:
            teaching = np.ones_like(teaching)
        spread = self.points[teaching].std(axis=0)
        normal = (self.points - self.points[teaching].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        return normal, teaching

    def teaching(self, speakers: int) -> tuple[Floats, voices.Places]:
        """The points that teach, and their utterances."""
        if not len(self.points):
            return np.zeros((0, 1)), self.utterance_of
        normal, teaching = self.normal(speakers)
        return normal[teaching], self.utterance_of[teaching]


def _costs(heard: _Windows, speakers: int) -> Floats:
    """(windows, speakers): how unlike each voice a window is, 1.0 being the usual difference."""
    normal, teaching = heard.normal(speakers)
    centres = voices.find(normal[teaching], heard.utterance_of[teaching], speakers)
    distances = squared_distances(normal, centres)
    if distances.shape[1] == 1:
        return np.zeros_like(distances)
    over_best = distances - distances.min(axis=1, keepdims=True)
    usual = float(np.sort(over_best[teaching], axis=1)[:, 1].mean())
    return np.asarray(over_best / usual) if usual else over_best


def _vote(cells: int, windows: Sequence[tuple[int, int]], costs: Floats) -> Floats:
    """Each cell's cost is the mean over the windows that cover it; (cells, speakers)."""
    total = np.zeros((cells, costs.shape[1]))
    votes = np.zeros((cells, 1))
    for (start, end), cost in zip(windows, costs, strict=True):
        total[start:end] += cost
        votes[start:end] += 1
    return np.asarray(total / votes)


def _cheapest_path(costs: Floats) -> list[int]:
    """The voice of each cell, where every change of voice costs CHANGE_COST (Viterbi)."""
    best = costs[0]
    came_from: list[NDArray[np.intp]] = []
    for cost in costs[1:]:
        stay_or_change = best[:, None] + CHANGE_COST * (1 - np.eye(best.size))
        came_from.append(stay_or_change.argmin(axis=0))
        best = stay_or_change.min(axis=0) + cost
    path = [int(best.argmin())]
    for step in reversed(came_from):
        path.append(int(step[path[-1]]))
    return path[::-1]


def _pieces(path: Sequence[int], levels: Kept) -> list[Piece]:
    changes = [i for i in range(1, len(path)) if path[i] != path[i - 1]]
    edges = [0.0]
    for index in changes:
        first = min(max(index - SNAP_CELLS, int(edges[-1] / CELL_SECONDS) + 1), len(path) - 1)
        last = max(first + 1, min(index + SNAP_CELLS, len(path) - 1))
        quietest = first + int(levels[first:last].argmin())
        edges.append((quietest + 0.5) * CELL_SECONDS)
    edges.append(len(path) * CELL_SECONDS)
    voices = [path[0], *(path[i] for i in changes)]
    spans = zip(edges, edges[1:], voices, strict=False)
    return [(start, end, voice) for start, end, voice in spans if start < end]
