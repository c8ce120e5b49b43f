"""What the decoder child claims, checked before anybody uses it."""

import math
from typing import Any

from shared.domain.values import BYTES_PER_SAMPLE, SAMPLE_RATE, DecodedFacts, MediaFacts
from shared.media.job import Misbehaved
from shared.media.limits import MediaLimits

FAMILIES = frozenset({"wav", "mp3", "mp4", "webm", "ogg", "flac", "aac", "mpeg"})


def _whole_number(value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Misbehaved
    return value


def _seconds(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Misbehaved
    if not (math.isfinite(value) and value >= 0):
        raise Misbehaved
    return float(value)


def media_facts(claims: dict[str, Any], limits: MediaLimits) -> MediaFacts:
    """``claims`` of a probe as facts. Raises Misbehaved."""
    family, codec, declared = claims.get("family"), claims.get("codec"), claims.get("declared_seconds")
    if not isinstance(family, str) or family not in FAMILIES:
        raise Misbehaved
    if not isinstance(codec, str) or not (codec.isascii() and codec.isidentifier() and len(codec) <= 32):
        raise Misbehaved
    return MediaFacts(
        family=family,
        codec=codec,
        channels=_whole_number(claims.get("channels"), 1, limits.max_channels),
        sample_rate=_whole_number(claims.get("sample_rate"), limits.min_sample_rate, limits.max_sample_rate),
        declared_seconds=None if declared is None else _seconds(declared),
    )


def decoded_facts(claims: dict[str, Any], pcm_bytes: int, limits: MediaLimits) -> DecodedFacts:
    """``claims`` of a decoding as facts; the length is counted in what arrived. Raises Misbehaved."""
    channels = _whole_number(claims.get("channels"), 1, 2)
    declared = claims.get("declared_seconds")
    samples, rest = divmod(pcm_bytes, channels * BYTES_PER_SAMPLE)
    if rest or not 0 < samples <= limits.max_seconds * SAMPLE_RATE:
        raise Misbehaved
    return DecodedFacts(
        channels=channels,
        seconds=samples / SAMPLE_RATE,
        damaged_packets=_whole_number(claims.get("damaged_packets"), 0, 1 << 40),
        filled_seconds=min(_seconds(claims.get("filled_seconds")), samples / SAMPLE_RATE),
        declared_seconds=None if declared is None else _seconds(declared),
    )
