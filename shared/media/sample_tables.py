"""Whether an MP4's tables speak of more samples than its file can hold (in the decoder child).

FFmpeg keeps 24 bytes and more for each sample that a table speaks of before it reads one, and a table of a
few bytes can speak of billions. So the tables are looked at first.
"""

import struct
from collections import Counter
from collections.abc import Iterator

from shared.media.headers import BinaryFile, boxes, read_fully

# Boxes that hold others down to the tables (ISO/IEC 14496-12, 6.2).
_OUTER = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf"})
# Where the number of samples begins in a table, after its version and flags.
_COUNTS = {b"stsz": 8, b"stz2": 8, b"trun": 4}
# Tables of runs, each a number of samples and what holds for all of them.
_RUNS = frozenset({b"stts", b"ctts"})
# As many take some 25 MB, which no file is refused for: one that is cut off may speak of what it lost.
_HARMLESS = 1 << 20
_MOST_BOXES = 65_536
_BLOCK_BYTES = 8 * 4_096


def are_impossible(file: BinaryFile, size: int) -> bool:
    """Whether the tables of ``file`` (``size`` bytes) speak of more samples than it has bytes.

    The file is left at its beginning.
    """
    file.seek(0)
    if read_fully(file, 12)[4:8] != b"ftyp":
        file.seek(0)
        return False
    told: Counter[bytes] = Counter()
    most = max(size, _HARMLESS)
    for table, samples in _tables(file, 0, size):
        told[table] += samples
        if told[table] > most:
            return True
    file.seek(0)
    return False


def _tables(file: BinaryFile, at: int, end: int, depth: int = 0) -> Iterator[tuple[bytes, int]]:
    """Each table's kind, and of how many samples it speaks; one of runs comes in several parts."""
    for kind, begins, ends in boxes(file, at, end, most=_MOST_BOXES):
        if kind in _OUTER and depth < len(_OUTER):
            yield from _tables(file, begins, ends, depth + 1)
        elif kind in _COUNTS:
            file.seek(begins + _COUNTS[kind])
            yield kind, int.from_bytes(read_fully(file, 4), "big")
        elif kind in _RUNS:
            for place in range(begins + 8, ends, _BLOCK_BYTES):
                file.seek(place)
                runs = read_fully(file, min(_BLOCK_BYTES, ends - place))
                yield kind, sum(count for count, _ in struct.iter_unpack(">2I", runs[: len(runs) // 8 * 8]))
