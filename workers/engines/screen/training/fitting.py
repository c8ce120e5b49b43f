"""Fits the head: logistic units by accelerated Newton steps on a bound of the curvature."""

from collections.abc import Sequence
from typing import cast

import numpy as np

from workers.engines.screen.head import (
    FAMILIES,
    STANDINGS,
    SUICIDE,
    Floats,
    Head,
    family_of,
    sigmoid,
    softmax,
    with_bias,
)  # fmt: skip
from workers.engines.screen.training.corpus import Example

_PENALTY = 2e-5  # on the squares of the weights; chosen by holding out whole sources
_STEPS = 60


def fitted(examples: Sequence[Example], vectors: Floats) -> Head:
    """The head for ``examples``, whose vectors are the rows of ``vectors``."""
    marked = [number for number, example in enumerate(examples) if example.marks]
    standings = [_one_of(STANDINGS, examples[number].marks[0][1]) for number in marked]
    suicidal = [
        (number, kind)
        for number, example in enumerate(examples)
        for kind, _ in example.marks
        if kind in SUICIDE
    ]
    return Head(
        families=_fit(vectors, np.stack([families_of(example) for example in examples]), exclusive=False),
        standings=_fit(vectors[marked], np.stack(standings), exclusive=True),
        suicide=_fit(
            vectors[[number for number, _ in suicidal]],
            np.stack([_one_of(SUICIDE, kind) for _, kind in suicidal]),
            exclusive=True,
        ),
    )


def families_of(example: Example) -> Floats:
    """1 for each family that ``example`` is marked with, and a last 1 if there is any."""
    named = {family_of(kind) for kind, _ in example.marks}
    return np.array([*(family in named for family in FAMILIES), bool(named)], np.float32)


def _one_of(names: Sequence[str], name: str) -> Floats:
    return np.array([other == name for other in names], np.float32)


def _fit(vectors: Floats, wanted: Floats, *, exclusive: bool) -> Floats:
    """Weights that give ``wanted``, of one or several columns; ``exclusive``: they add up to one.

    The curvature of the loss is never above that of ``bound`` (Böhning, 1992), so every step goes down;
    Nesterov's momentum makes sixty of them enough.
    """
    rows = with_bias(vectors)
    unit = softmax if exclusive else sigmoid
    bound = rows.T.astype(np.float64) @ rows * ((0.5 if exclusive else 0.25) / len(rows))
    step = np.linalg.inv(bound + np.eye(rows.shape[1]) * _PENALTY).astype(np.float32)
    weights = np.zeros((rows.shape[1], wanted.shape[1]), np.float32)
    ahead, momentum = weights, 1.0
    for _ in range(_STEPS):
        slope = rows.T @ (unit(rows @ ahead) - wanted) / len(rows) + _PENALTY * ahead
        better = ahead - step @ slope
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = better + (momentum - 1) / following * (better - weights)
        weights, momentum = better, following
    return cast(Floats, weights)
