"""What can be said of a recording's quality before any word is known."""

from collections.abc import Sequence

import numpy as np

from shared.domain.ports import PcmSource
from shared.domain.values import JsonObject, Utterance
from workers.audio.levels import FRAME_SECONDS, SILENCE_DBFS, Layout, Loudness


def measure_quality(
    pcm: PcmSource, layout: Layout, heard: dict[int, Loudness], utterances: Sequence[Utterance]
) -> JsonObject:
    """Facts for the quality report, as plain JSON.

    ``level_dbfs`` is the mean power of the speech, ``noise_dbfs`` that of the rest; both and
    ``snr_db`` are None where there is no speech, or nothing but speech, to measure.
    """
    listened = [channel for channel in layout.channels if channel is not None] or list(heard)
    spoken = _union_seconds(utterances)
    at_once = sum(utterance.end - utterance.start for utterance in utterances) - spoken
    speech, noise = _powers(utterances, {channel: heard[channel] for channel in listened})
    return {
        "layout": layout.name,
        "channels": pcm.channels,
        "speech_seconds": round(spoken, 1),
        "speech_coverage": round(spoken / pcm.seconds, 3) if pcm.seconds else 0.0,
        # Not known on one channel: utterances never overlap there.
        "overlap_seconds": round(at_once, 1) if layout.name == "dual_channel" else None,
        "level_dbfs": _decibels(speech),
        "noise_dbfs": _decibels(noise),
        "snr_db": _decibels_above(speech, noise),
        "clipped_share": round(max((heard[c].clipped_share for c in listened), default=0.0), 6),
    }


def _powers(utterances: Sequence[Utterance], heard: dict[int, Loudness]) -> tuple[float | None, float | None]:
    """Mean power of the frames inside and outside of speech, over all channels listened to."""
    inside: list[float] = []
    outside: list[float] = []
    for channel, loudness in heard.items():
        power = 10 ** (loudness.levels.astype(np.float64) / 10)
        spoken = np.zeros(power.size, np.bool_)
        for utterance in utterances:
            if utterance.channel in (None, channel):
                spoken[int(utterance.start / FRAME_SECONDS) : int(utterance.end / FRAME_SECONDS) + 1] = True
        inside += power[spoken].tolist()
        outside += power[~spoken].tolist()
    return (float(np.mean(inside)) if inside else None, float(np.median(outside)) if outside else None)


def _decibels(power: float | None) -> float | None:
    return None if power is None else round(max(SILENCE_DBFS, 10 * float(np.log10(power))), 1)


def _decibels_above(speech: float | None, noise: float | None) -> float | None:
    return round(10 * float(np.log10(speech / noise)), 1) if speech and noise else None


def _union_seconds(utterances: Sequence[Utterance]) -> float:
    """Seconds in which anybody speaks; overlapping speech counts once."""
    total, upto = 0.0, 0.0
    for utterance in sorted(utterances, key=lambda u: u.start):
        total += max(0.0, utterance.end - max(utterance.start, upto))
        upto = max(upto, utterance.end)
    return total
