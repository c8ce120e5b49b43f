"""How many voices there are among the vectors of the speaker network, and what each is like.

Agglomerative clustering: the two most similar clusters become one, as long as two clusters of one voice
could differ that much. Similarity is the cosine between the sums of two clusters' vectors.
"""

import numpy as np
from numpy.typing import NDArray

# What two clusters of many pieces are alike at least if they are of one voice. Clusters of few pieces are
# less alike (they hold few sounds): what is asked for falls by FEW_PIECES, divided by the number of pieces
# in the smaller one. Calibrated on real voices; see docs/accuracy.md.
ONE_VOICE, FEW_PIECES = 0.88, 0.65
# More voices than were expected are believed only if they differ by so much more.
UNEXPECTED = 0.02
# A voice is heard in at least so many pieces: less may be a cough, or two voices at once.
FEWEST_PIECES = 4
# More pieces than this are thinned out evenly: memory grows with the square of their number.
MOST_PIECES = 1_000

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]


def find(vectors: Vectors, expected: int) -> Vectors:
    """The voices in ``vectors``, (n, d) and each of length 1: (voices, d), at least one.

    ``expected`` is a hint: it takes clearer evidence to find more.
    """
    thinned = vectors[:: max(1, -(-len(vectors) // MOST_PIECES))]
    sums, sizes = _merge_voices(*_merge_alike(thinned.astype(np.float64)), expected)
    heard = sums[sizes >= FEWEST_PIECES] if sizes.max() >= FEWEST_PIECES else sums.sum(axis=0)[None]
    return np.asarray(heard / np.linalg.norm(heard, axis=1, keepdims=True), np.float32)


def _merge_alike(sums: Floats) -> tuple[Floats, Floats]:
    """The clusters of which no two are as alike as ONE_VOICE; their sums and sizes."""
    sizes, products = np.ones(len(sums)), sums @ sums.T
    alike = products.copy()
    np.fill_diagonal(alike, -np.inf)
    while True:
        kept, gone = np.unravel_index(int(alike.argmax()), alike.shape)
        if alike[kept, gone] < ONE_VOICE:
            return sums[sizes > 0], sizes[sizes > 0]
        sums[kept] += sums[gone]
        sizes[kept], sizes[gone] = sizes[kept] + sizes[gone], 0
        products[kept] += products[gone]
        products[:, kept] += products[:, gone]
        lengths = np.sqrt(products.diagonal() * products[kept, kept])
        alike[kept] = np.where(sizes > 0, products[kept] / lengths, -np.inf)
        alike[kept, kept] = -np.inf
        alike[:, kept] = alike[kept]
        alike[gone], alike[:, gone] = -np.inf, -np.inf


def _merge_voices(sums: Floats, sizes: Floats, expected: int) -> tuple[Floats, Floats]:
    """Merge what may be one voice: clusters of few pieces need not be as alike as those of many."""
    while len(sums) > 1:
        units = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        asked = ONE_VOICE - FEW_PIECES / np.minimum.outer(sizes, sizes)
        excess = units @ units.T - asked + (UNEXPECTED if len(sums) > expected else 0)
        np.fill_diagonal(excess, -np.inf)
        kept, gone = np.unravel_index(int(excess.argmax()), excess.shape)
        if excess[kept, gone] < 0:
            break
        sums[kept] += sums[gone]
        sizes[kept] += sizes[gone]
        sums, sizes = np.delete(sums, gone, axis=0), np.delete(sizes, gone)
    return sums, sizes
