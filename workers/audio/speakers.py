"""Who speaks when on one channel: windows of voice, clustered, voted, cut at quiet places."""

import itertools
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

# Of four synthetic voices, alone and in pairs, 80 s each, clean and in noise of 10 dB, a voice cut in
# two had 2.8 to 3.4 (a normal distribution has 2.65) and two voices 5.2 to 13. Nearer to the lower:
# two people shown as one are the worse mistake.
LEAST_SEPARATION = 3.6
# About half a minute of voice: in fewer windows a cut finds more of a gap by chance than there is.
FEWEST_TO_JUDGE = 60

Floats = NDArray[np.float64]
Piece = tuple[float, float, int]


def label_utterances(utterances: Sequence[Cells], speakers: int) -> list[list[Piece]]:
    """For each utterance its pieces ``(start, end, voice)``, in seconds from its own start.

    ``voice`` is 0 to ``speakers`` - 1 in no particular order; of one voice alone there is only one,
    however many were expected. The pieces of an utterance
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
    distances = squared_distances(normal, _voices(normal[teaching], speakers))
    if distances.shape[1] == 1:
        return np.zeros_like(distances)
    over_best = distances - distances.min(axis=1, keepdims=True)
    usual = float(np.sort(over_best[teaching], axis=1)[:, 1].mean())
    return np.asarray(over_best / usual) if usual else over_best


def _voices(points: Floats, speakers: int) -> Floats:
    """The centres of the voices in ``points``: ``speakers`` of them, or fewer if so many are not there."""
    centres = k_means(points, speakers)
    if len(points) < FEWEST_TO_JUDGE:
        return centres
    while len(centres) > 1 and _least_separation(points, centres) < LEAST_SEPARATION:
        centres = k_means(points, len(centres) - 1)
    return centres


def _least_separation(points: Floats, centres: Floats) -> float:
    """How far apart the two clusters are that are nearest to each other, in standard deviations.

    Seen along the line through both centres (d' of signal detection theory): a single voice that is
    cut in two has next to no gap there, two voices have.
    """
    nearest = squared_distances(points, centres).argmin(axis=1)
    least = np.inf
    for one, other in itertools.combinations(range(len(centres)), 2):
        axis = centres[other] - centres[one]
        first, second = points[nearest == one] @ axis, points[nearest == other] @ axis
        if not first.size or not second.size:
            return 0.0
        spread = float(np.sqrt((first.var() + second.var()) / 2))
        apart = abs(float(first.mean() - second.mean()))
        least = min(least, apart / spread if spread else np.inf)
    return float(least)


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
