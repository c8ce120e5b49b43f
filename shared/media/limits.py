"""What one recording may cost: length, shape, memory, time."""

from dataclasses import dataclass, field

from shared.media.isolation.host_slots import most_children

_DECODE_DATA_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """Limits on a job of the decoder child; all are enforced on what comes out, not on claims.

    ``max_seconds`` is the longest recording (of decoded audio). ``memory_bytes`` is the child's
    address space; below 512 MiB FFmpeg's libraries do not even fit. ``*_data_bytes`` is what a job of that
    kind may have of memory of its own. ``children`` is how many children one process has at once,
    ``host_children`` how many all processes of one host have, and ``busy_seconds`` how long a job waits
    for another to end: the memory of containers covers all of them.
    ``*_cpu_seconds`` and ``*_wall_seconds`` end a job of that kind; four hours of Opus take about two
    minutes of CPU. ``stall_seconds`` ends a child that says nothing for so long. ``gap_seconds`` is the
    longest silence put in for lost audio where the header names no duration.
    """

    max_seconds: int = 4 * 3600
    min_sample_rate: int = 4_000
    max_sample_rate: int = 192_000
    max_channels: int = 8
    memory_bytes: int = 1 << 30
    probe_data_bytes: int = 256 << 20
    decode_data_bytes: int = _DECODE_DATA_BYTES
    children: int = 2
    host_children: int = field(default_factory=lambda: most_children(_DECODE_DATA_BYTES))
    busy_seconds: float = 60.0
    probe_seconds: float = 2.0
    probe_cpu_seconds: int = 10
    probe_wall_seconds: float = 30.0
    decode_cpu_seconds: int = 1_200
    decode_wall_seconds: float = 3_600.0
    stall_seconds: float = 120.0
    gap_seconds: float = 10.0
    start_seconds: float = 30.0
