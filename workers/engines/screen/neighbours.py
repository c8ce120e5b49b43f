"""What stands around a piece: people speak of risk in several turns, and hint at it before they say it.

With whole writers held out this tells present risk from ordinary talk far better than a piece by itself does:
docs/risk-screen.md, "What stands around a piece".
"""

import numpy as np

from workers.engines.screen.head import Floats

_REACH = 4  # pieces before, and pieces after
_WEIGHT = 0.5  # of the logit of the likest piece before, and of the likest after
# What such a neighbour may add, from and to. Quiet ones take little away: some people say it only once.
_LOWERS, _RAISES = -0.25, 0.75
_LEAST = 1e-3  # keeps the logits of a sure head within bounds


def in_context(families: Floats, whole: Floats) -> Floats:
    """The rows of ``families``, pieces in order of time, each raised or lowered by those around it.

    ``whole`` has the same rows, read without their single sentences: as neighbours they weigh too much.
    """
    odds, likest = _odds(families), _odds(whole).max(1)
    lifts = [
        _lift(likest[max(0, place - _REACH) : place]) + _lift(likest[place + 1 : place + 1 + _REACH])
        for place in range(len(likest))
    ]
    found: Floats = 1 / (1 + np.exp(-(odds + np.array(lifts, np.float32)[:, None])))
    return found


def _odds(families: Floats) -> Floats:
    bounded = np.clip(families, _LEAST, 1 - _LEAST)
    odds: Floats = np.log(bounded / (1 - bounded))
    return odds


def _lift(neighbours: Floats) -> float:
    return float(np.clip(_WEIGHT * neighbours.max(), _LOWERS, _RAISES)) if len(neighbours) else 0.0
