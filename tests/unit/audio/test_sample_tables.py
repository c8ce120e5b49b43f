"""Tables of an MP4 that speak of more samples than there can be."""

import io
import struct

import pytest

from shared.media import sample_tables
from tests.fakes.media_files import honest

MANY = 25_000_000


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def mp4(*tables: bytes, tracks: int = 1) -> bytes:
    track = box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", b"".join(tables)))))
    return box(b"ftyp", b"M4A \0\0\0\0") + box(b"moov", track * tracks) + box(b"mdat", bytes(10_000))


def impossible(data: bytes) -> bool:
    return sample_tables.are_impossible(io.BytesIO(data), len(data))


def sizes(count: int) -> bytes:
    return box(b"stsz", struct.pack(">3I", 0, 1, count))


def runs(kind: bytes, *counts: int) -> bytes:
    pairs = b"".join(struct.pack(">2I", count, 1) for count in counts)
    return box(kind, struct.pack(">2I", 0, len(counts)) + pairs)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(mp4(sizes(MANY)), id="one size for all"),
        pytest.param(mp4(sizes(MANY // 20), tracks=20), id="spread over twenty tracks"),
        pytest.param(mp4(runs(b"stts", MANY)), id="one duration for all"),
        pytest.param(mp4(runs(b"ctts", *[MANY // 6_000] * 6_000)), id="thousands of runs"),
        pytest.param(
            mp4() + box(b"moof", box(b"traf", box(b"trun", struct.pack(">2I", 0, MANY)))), id="a fragment"
        ),
    ],
)
def test_more_samples_than_bytes_are_impossible(data: bytes) -> None:
    assert impossible(data)


@pytest.mark.parametrize("name", ["m4a", "mp4 fragments", "mp4 video", "m4a index first", "mp3", "wav"])
def test_honest_files_are_possible(name: str) -> None:
    assert not impossible(honest(name))


def test_a_file_that_is_cut_off_may_speak_of_what_it_lost() -> None:
    assert not impossible(mp4(sizes(1_000_000), runs(b"stts", 1_000_000)))


def test_boxes_within_boxes_without_end_are_not_followed() -> None:
    deep = b""
    for _ in range(2_000):
        deep = box(b"trak", deep)
    assert not impossible(box(b"ftyp", b"M4A \0\0\0\0") + deep)
