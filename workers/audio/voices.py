"""How many voices there are, and what each sounds like."""

import itertools

import numpy as np
from numpy.typing import NDArray

from workers.audio.clustering import k_means, squared_distances

# How far apart two clusters must be to be two voices, in standard deviations. Of four synthetic voices,
# alone and two to four together, clean and in noise of 20 and 10 dB, a voice cut in two had 2.6 to 3.5
# (a normal distribution has 2.65) and the nearest two voices 3.8 to 9, but for one set with 3.2.
LEAST_SEPARATION = 3.6
# A cluster of a few windows lies apart by chance, because the cut was chosen to part them: 4.3 with 33
# windows and 5.5 with 19 were seen, within one voice. The square of that falls with the number.
WITHIN_ONE_VOICE, BY_CHANCE = 2.95, 450.0
# A window of 1.5 s every half second: a change of speaker falls into three of them. Of the clusters that
# were no person's voice 95 % and more lay between two voices, of the others none.
MIXED_WINDOWS, MIXED_SHARE = 3, 0.5
# About half a minute of voice: in fewer windows a cut finds more of a gap by chance than there is.
FEWEST_TO_JUDGE = 60

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


def find(points: Floats, utterance_of: Places, most: int) -> Floats:
    """The centres of the voices in ``points``: ``most`` of them, or fewer if so many are not there.

    ``utterance_of`` says in which utterance each point lies; they are in order of time. Of fewer than
    ``FEWEST_TO_JUDGE`` points nothing can be said, and there are as many voices as were expected.
    """
    centres = k_means(points, most)
    if len(points) < FEWEST_TO_JUDGE:
        return centres
    while len(centres) > 1:
        nearest = squared_distances(points, centres).argmin(axis=1)
        wanted = len(centres)
        if not _all_apart(points, centres, nearest):
            wanted -= 1
        elif (mixed := _of_two_voices(nearest, utterance_of)).any():
            points, utterance_of = points[~mixed], utterance_of[~mixed]
        else:
            break
        centres = k_means(points, wanted)
    return centres


def _of_two_voices(nearest: Places, utterance_of: Places) -> NDArray[np.bool_]:
    """The windows of clusters that are no person's voice, but the overlap while one follows another.

    In quick talk a tenth of the windows hold the end of one turn and the beginning of the next. They are
    alike, and form a cluster; its windows lie, a few at a time, between two other voices.
    """
    between = np.zeros(nearest.size, np.bool_)
    edges = np.flatnonzero((np.diff(nearest) != 0) | (np.diff(utterance_of) != 0)) + 1
    for start, end in itertools.pairwise(edges):
        one_utterance = utterance_of[start - 1] == utterance_of[start] == utterance_of[end]
        passing = one_utterance and nearest[start - 1] != nearest[end]
        between[start:end] = passing and end - start <= MIXED_WINDOWS
    clusters = [cluster for cluster in np.unique(nearest) if between[nearest == cluster].mean() > MIXED_SHARE]
    return np.isin(nearest, clusters)


def _all_apart(points: Floats, centres: Floats, nearest: Places) -> bool:
    """Whether any two of the clusters are two voices.

    Seen along the line through both centres (d' of signal detection theory): a single voice that is
    cut in two has next to no gap there, two voices have.
    """
    for one, other in itertools.combinations(range(len(centres)), 2):
        axis = centres[other] - centres[one]
        first, second = points[nearest == one] @ axis, points[nearest == other] @ axis
        fewest = min(first.size, second.size)
        if not fewest:
            return False
        spread = float(np.sqrt((first.var() + second.var()) / 2))
        apart = abs(float(first.mean() - second.mean()))
        if apart < spread * max(
            LEAST_SEPARATION, float(np.hypot(WITHIN_ONE_VOICE, np.sqrt(BY_CHANCE / fewest)))
        ):
            return False
    return True
