"""Who speaks when on one channel, by the speaker network: pieces of voice, clustered, cut at quiet places."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.audio import speaker_clusters
from workers.audio.blocks import FULL_SCALE, Samples
from workers.audio.speaker_network import BATCH, HOP, PIECE_FRAMES, Network, mel_frames
from workers.audio.speakers import Piece, cut_at_changes
from workers.audio.voiceprints import CELL_SECONDS, FRAMES_PER_CELL

CELL_SAMPLES = FRAMES_PER_CELL * HOP
PIECE_CELLS = PIECE_FRAMES // FRAMES_PER_CELL
STEP_CELLS = 5
# Every utterance is brought to this level, as the network's training data were.
LEVEL = 10 ** (-30 / 20)
# Pieces of less voice than this are labelled, but teach nothing about the number of voices.
SHORTEST_TEACHING_SECONDS = 0.8
# In fewer pieces (about 6 s of voice) there is too little to tell voices apart.
FEWEST_TO_JUDGE = 10

Floats = NDArray[np.float32]
Windows = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Measured:
    """One utterance: the level of each tenth of a second, and a vector for each window of 1.6 s."""

    levels: Floats
    vectors: Floats

    def windows(self) -> Windows:
        """Cell ranges of 1.6 s every half second, the last one flush with the end."""
        return _windows(len(self.levels))

    @property
    def teaches(self) -> bool:
        """Whether there is enough voice in each window to learn from."""
        return len(self.levels) * CELL_SECONDS >= SHORTEST_TEACHING_SECONDS


def measure(utterances: Iterable[Samples], network: Network) -> list[Measured]:
    """Ask ``network`` about ``utterances``, at least one; about a batch of pieces lies in memory."""
    known: list[Floats] = []
    waiting: list[Floats] = []
    vectors: list[Floats] = []
    for samples in utterances:
        known.append(_levels(samples))
        waiting += _pieces(samples, _windows(len(known[-1])))
        while len(waiting) >= BATCH:
            vectors.append(network(np.stack(waiting[:BATCH])))
            del waiting[:BATCH]
    if waiting:
        vectors.append(network(np.stack(waiting)))
    ends = np.cumsum([len(_windows(len(levels))) for levels in known])[:-1]
    return [Measured(*one) for one in zip(known, np.split(np.concatenate(vectors), ends), strict=True)]


def label(utterances: Sequence[Measured], expected: int) -> tuple[list[list[Piece]], str | None]:
    """For each utterance its pieces ``(start, end, voice)`` in seconds from its start; and a doubt.

    The doubt is ``few_words`` to judge by, ``more_voices`` than ``expected``, or None.
    """
    every = np.concatenate([one.vectors for one in utterances])
    teaching = [one.vectors for one in utterances if one.teaches]
    voices = speaker_clusters.find(np.concatenate(teaching) if teaching else every, expected)
    doubt = "more_voices" if len(voices) > expected else None
    if len(every) < FEWEST_TO_JUDGE:
        doubt = "few_words"
    return cut_at_changes(utterances, _costs(every @ voices.T)), doubt


def _costs(alike: Floats) -> NDArray[np.float64]:
    """(windows, voices): how unlike each voice a window is, 1.0 being the usual difference."""
    over_best = alike.max(axis=1, keepdims=True) - alike.astype(np.float64)
    usual = float(np.sort(over_best, axis=1)[:, 1].mean()) if alike.shape[1] > 1 else 0.0
    return np.asarray(over_best / usual) if usual else over_best


def _windows(cells: int) -> Windows:
    last = cells - PIECE_CELLS
    if last <= 0:
        return [(0, cells)]
    return [(start, start + PIECE_CELLS) for start in [*range(0, last, STEP_CELLS), last]]


def _pieces(samples: Samples, windows: Windows) -> list[Floats]:
    scaled = samples.astype(np.float32) / np.float32(FULL_SCALE)
    loudness = float(np.sqrt((scaled**2).mean()))
    frames = mel_frames(scaled * np.float32(LEVEL / max(loudness, 1e-6)))
    # What is shorter than a piece is repeated until it fills one.
    starts = [min(start * FRAMES_PER_CELL, max(0, len(frames) - PIECE_FRAMES)) for start, _ in windows]
    return [np.resize(frames[at : at + PIECE_FRAMES], (PIECE_FRAMES, frames.shape[1])) for at in starts]


def _levels(samples: Samples) -> Floats:
    """The level of each cell in dB; at least one cell."""
    edges = np.arange(0, max(1, samples.size), CELL_SAMPLES)
    power = np.add.reduceat(samples.astype(np.float64) ** 2, edges) / CELL_SAMPLES
    return (10 * np.log10(power + 1e-3)).astype(np.float32)
