"""Where there is speech: Silero's voice activity model, and utterances from its answer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.domain.ports import PcmSource
from shared.domain.values import SAMPLE_RATE
from workers.audio.blocks import FULL_SCALE, blocks

FRAME_SAMPLES = 512
FRAME_SECONDS = FRAME_SAMPLES / SAMPLE_RATE
# Speech begins above one threshold and ends below the lower one, as in Silero's own examples.
ONSET, OFFSET = 0.5, 0.35
SHORTEST_SILENCE = 0.3
SHORTEST_SPEECH = 0.1
# Half of the shortest silence, so that padded neighbours meet but never overlap.
PADDING = SHORTEST_SILENCE / 2

Probabilities = NDArray[np.float32]
# Frames of 512 samples in -1..1, (n, 512), to the probability of speech in each.
Detector = Callable[[NDArray[np.float32]], Probabilities]
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Activity:
    """The probability of speech in each 32-ms frame of a recording of ``seconds``."""

    probabilities: Probabilities
    seconds: float


def silero() -> Detector:
    """A fresh detector: it carries its state from frame to frame, and belongs to one channel."""
    from workers.audio.silero import Network  # reads its weights

    return Network()


def listen(pcm: PcmSource, channel: int | None, detector: Detector) -> Activity:
    """Ask ``detector`` about the whole of ``channel``, a thousand frames at a time.

    The last incomplete frame is filled up with silence, so that a recording shorter than a
    frame has one too.
    """
    found: list[Probabilities] = []
    for samples in blocks(pcm, channel):
        scaled = samples.astype(np.float32) / np.float32(FULL_SCALE)
        missing = -scaled.size % FRAME_SAMPLES
        found.append(detector(np.pad(scaled, (0, missing)).reshape(-1, FRAME_SAMPLES)))
    return Activity(np.concatenate(found) if found else np.zeros(0, np.float32), pcm.seconds)


def find_utterances(activity: Activity, longest: float) -> list[Span]:
    """Stretches of speech in seconds, padded, none longer than ``longest``, none overlapping."""
    spans = [
        (start, end)
        for start, end in _merge(_runs(activity.probabilities))
        if (end - start) * FRAME_SECONDS >= SHORTEST_SPEECH
    ]
    pad = round(PADDING / FRAME_SECONDS)
    frames = activity.probabilities.size
    longest_frames = max(1, int(longest / FRAME_SECONDS))
    widened = [(max(0, start - pad), min(frames, end + pad)) for start, end in spans]
    padded = [piece for span in widened for piece in _split(activity.probabilities, span, longest_frames)]
    return [_seconds(span, activity.seconds) for span in padded]


def _runs(probabilities: Probabilities) -> Iterator[tuple[int, int]]:
    """Frame ranges from an onset to the frame where the probability falls below OFFSET."""
    start: int | None = None
    for index, probability in enumerate(probabilities.tolist()):
        if start is None and probability >= ONSET:
            start = index
        elif start is not None and probability < OFFSET:
            yield start, index
            start = None
    if start is not None:
        yield start, probabilities.size


def _merge(runs: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join runs whose silence between them is too short to be a pause."""
    merged: list[tuple[int, int]] = []
    for start, end in runs:
        if merged and (start - merged[-1][1]) * FRAME_SECONDS < SHORTEST_SILENCE:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _split(probabilities: Probabilities, span: tuple[int, int], longest: int) -> Iterator[tuple[int, int]]:
    """Cut at the likeliest pause in the last 40 % of what is allowed, as often as needed."""
    start, end = span
    while end - start > longest:
        earliest = start + max(1, int(longest * 0.6))
        cut = earliest + _pause(probabilities[earliest : start + longest])
        yield start, cut
        start = cut
    yield start, end


def _pause(probabilities: Probabilities) -> int:
    """The middle of the longest stretch below OFFSET, or else the least likely frame."""
    if not probabilities.size:
        return 0
    quiet = np.flatnonzero(probabilities < OFFSET)
    if not quiet.size:
        return int(np.argmin(probabilities))
    stretches: Sequence[NDArray[np.intp]] = np.split(quiet, np.flatnonzero(np.diff(quiet) > 1) + 1)
    longest = max(stretches, key=len)
    return int(longest[len(longest) // 2])


def _seconds(span: tuple[int, int], seconds: float) -> Span:
    return span[0] * FRAME_SECONDS, min(span[1] * FRAME_SECONDS, seconds)
