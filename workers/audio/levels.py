"""How loud each channel is, and what that says about who sits on which channel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.domain.ports import PcmSource
from shared.domain.values import SAMPLE_RATE
from workers.audio.blocks import FULL_SCALE, blocks

FRAME_SAMPLES = 800
FRAME_SECONDS = FRAME_SAMPLES / SAMPLE_RATE
# Digital silence has no logarithm; this is below the noise of 16 bits.
SILENCE_DBFS = -96.0

# Measured on dual-channel, bleeding, panned and half-dead recordings: separate speakers give
# 1.0 and .43 or more, a room in stereo .00 and .00, a dead channel 1.0 and .00.
LOUDER_DB = 6.0
DUAL_SHARE = 0.5
DUAL_BALANCE = 0.1
DEAD_BALANCE = 0.02
# The mix of two equal channels is as loud as each, of unrelated ones 3 dB quieter; a quarter of the frames
# this much quieter is no accident.
CANCELLED_DB = 9.0
CANCELLED_SHARE = 0.25

Levels = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Layout:
    """Which channels to listen to: one per speaker, the only live one, or (None) the mix.

    ``name`` is ``dual_channel``, ``single_live_channel`` or ``mono``.
    """

    name: str
    channels: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Loudness:
    """Level of each 50-ms frame in dBFS, and the share of samples at full scale."""

    levels: Levels
    clipped_share: float


def measure_loudness(pcm: PcmSource, channel: int | None) -> Loudness:
    """Listen through ``channel`` once; the last incomplete frame counts as a frame."""
    levels: list[Levels] = []
    clipped = total = 0
    for samples in blocks(pcm, channel):
        levels.append(_frame_levels(samples.astype(np.float32) / FULL_SCALE))
        clipped += int(np.count_nonzero((samples >= 32_767) | (samples <= -32_767)))
        total += samples.size
    joined = np.concatenate(levels) if levels else np.empty(0, np.float32)
    return Loudness(joined, clipped / total if total else 0.0)


def choose_layout(left: Levels, right: Levels, mix: Levels) -> Layout:
    """Decide from the frame levels of two channels, and of their mix, how the recording was made.

    Channels of opposite polarity (a microphone wired the wrong way round) cancel each other in the mix:
    then the louder one alone is listened to.
    """
    active = _active(left) | _active(right)
    if not active.any():
        return Layout("mono", (None,))
    difference = left[active] - right[active]
    apart = float(np.mean(np.abs(difference) > LOUDER_DB))
    left_share = float(np.mean(difference > LOUDER_DB))
    right_share = float(np.mean(difference < -LOUDER_DB))
    balance = min(left_share, right_share)
    if apart > DUAL_SHARE and balance > DUAL_BALANCE:
        return Layout("dual_channel", (0, 1))
    if apart > DUAL_SHARE and balance < DEAD_BALANCE:
        return Layout("single_live_channel", (0 if left_share > right_share else 1,))
    lost = np.maximum(left, right)[active] - mix[active]
    if float(np.mean(lost > CANCELLED_DB)) > CANCELLED_SHARE:
        return Layout("mono", (0 if left_share >= right_share else 1,))
    return Layout("mono", (None,))


def drowned_by(own: Levels, other: Levels) -> Mask:
    """The frames where what is heard is the other channel's voice bleeding in.

    The difference is averaged over half a second, so that the gaps between the syllables of
    a voice do not look like another speaker's turn.
    """
    width = 10
    difference = np.convolve(other - own, np.full(width, 1 / width), mode="same")[: own.size]
    return np.asarray(difference > LOUDER_DB, dtype=np.bool_)


def _frame_levels(samples: NDArray[np.float32]) -> Levels:
    whole = samples.size // FRAME_SAMPLES
    # A constant offset of the recorder is no sound: so the variance, which is the power without it.
    power = samples[: whole * FRAME_SAMPLES].reshape(whole, FRAME_SAMPLES).var(axis=1)
    rest = samples[whole * FRAME_SAMPLES :]
    if rest.size:
        power = np.append(power, rest.var())
    levels = 10 * np.log10(power + 10 ** (SILENCE_DBFS / 10))
    return np.asarray(levels, dtype=np.float32)


def _active(levels: Levels) -> Mask:
    """Frames that stand out of the channel's own noise; a quiet speaker counts like a loud one."""
    if not levels.size:
        return np.zeros(0, np.bool_)
    floor, loud = np.percentile(levels, [10, 95])
    threshold = max(floor + 10, loud - 30, -65.0)
    return np.asarray(levels > threshold, dtype=np.bool_)
