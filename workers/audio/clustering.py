"""k-means with repeatable seeding: the same recording always gets the same speakers."""

import numpy as np
from numpy.typing import NDArray

RESTARTS = 8
ITERATIONS = 50
SEED = 0

Floats = NDArray[np.float64]


def squared_distances(points: Floats, centres: Floats) -> Floats:
    """(points, centres) squared Euclidean distances; a centre at a time, since points are thousands."""
    return np.stack([((points - centre) ** 2).sum(axis=1) for centre in centres], axis=1)


def k_means(points: Floats, k: int) -> Floats:
    """The centres, (k, dimensions), of the best of several runs; needs at least ``k`` points."""
    random = np.random.default_rng(SEED)
    runs = [_one_run(points, _seeds(points, k, random)) for _ in range(RESTARTS)]
    return min(runs, key=lambda centres: float(squared_distances(points, centres).min(axis=1).sum()))


def _seeds(points: Floats, k: int, random: np.random.Generator) -> Floats:
    """k-means++ (Arthur and Vassilvitskii 2007): each seed far from those before it."""
    chosen = [points[random.integers(len(points))]]
    while len(chosen) < k:
        nearest = squared_distances(points, np.array(chosen)).min(axis=1)
        total = float(nearest.sum())
        weights = nearest / total if total else None
        chosen.append(points[random.choice(len(points), p=weights)])
    return np.array(chosen)


def _one_run(points: Floats, centres: Floats) -> Floats:
    for _ in range(ITERATIONS):
        labels = squared_distances(points, centres).argmin(axis=1)
        # A centre that lost all its points stays where it is.
        moved = np.array(
            [
                points[labels == i].mean(axis=0) if (labels == i).any() else centres[i]
                for i in range(len(centres))
            ]
        )
        if np.allclose(moved, centres):
            break
        centres = moved
    return centres
