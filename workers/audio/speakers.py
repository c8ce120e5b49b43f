"""Who speaks when on one channel: windows of voice, clustered, voted, cut at quiet places."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workers.audio.clustering import k_means, squared_distances
from workers.audio.voiceprints import CELL_SECONDS, Cells

# A window with less voice than this (10-ms frames) is labelled, but teaches nothing.
TEACHING_FRAMES = 50
# What a change of speaker inside an utterance costs, in cells of average certainty. The overlapping
# windows smooth already; on conversations without pauses 1 and 2 did best, and 4 lost short turns.
CHANGE_COST = 2.0
# A change found between two windows is moved to the quietest cell this near.
SNAP_CELLS = 4

Floats = NDArray[np.float64]
Piece = tuple[float, float, int]


def label_utterances(utterances: Sequence[Cells], speakers: int) -> list[list[Piece]]:
    """For each utterance its pieces ``(start, end, voice)``, in seconds from its own start.

    ``voice`` is 0 to ``speakers`` - 1 in no particular order. The pieces of an utterance
    cover it without gaps.
    """
    windows = [cells.windows() for cells in utterances]
    points = np.array([c.voiceprint(w) for c, own in zip(utterances, windows, strict=True) for w in own])
    voiced = np.array([c.voiced_frames(w) for c, own in zip(utterances, windows, strict=True) for w in own])
    if speakers < 2 or len(points) < speakers:
        return [[(0.0, cells.size * CELL_SECONDS, 0)] for cells in utterances]
    costs = _costs(points, voiced, speakers)
    pieces: list[list[Piece]] = []
    taken = 0
    for cells, own in zip(utterances, windows, strict=True):
        per_cell = _vote(cells.size, own, costs[taken : taken + len(own)])
        pieces.append(_pieces(_cheapest_path(per_cell), cells.levels))
        taken += len(own)
    return pieces


def _costs(points: Floats, voiced: Floats, speakers: int) -> Floats:
    """(windows, speakers): how unlike each voice a window is, 1.0 being the usual difference."""
    teaching = voiced >= TEACHING_FRAMES
    if np.count_nonzero(teaching) < speakers:
        teaching = np.ones_like(teaching)
    spread = points[teaching].std(axis=0)
    normal = (points - points[teaching].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    distances = squared_distances(normal, k_means(normal[teaching], speakers))
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


def _pieces(path: Sequence[int], levels: Floats) -> list[Piece]:
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
