"""Objects that arrive in segments: what comes out is what went in, or nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.vault import segments
from shared.vault.frames import FRAME_BYTES, HEADER_BYTES, TAG_BYTES, TamperedObject
from shared.vault.segments import SegmentReader, SegmentWriter, stored_before, stored_bytes
from tests.unit.api.test_frames import KEY, Bytes

LABEL = b"one"


def written(*parts: bytes, whole: bool = True) -> tuple[bytes, list[int]]:
    """An object of these segments, and their lengths; without its index unless it is ``whole``."""
    out, lengths, head = bytearray(), [], segments.new_head()
    for number, part in enumerate(parts):
        writer = SegmentWriter(out.extend, KEY, LABEL, lengths, head)
        writer.write(part)
        if whole and number == len(parts) - 1:
            writer.close_object()
        else:
            writer.close()
        lengths = writer.lengths
    return bytes(out), lengths


def read(data: bytes, lengths: list[int] | None = None) -> bytes:
    reader = SegmentReader(Bytes(data), KEY, LABEL, lengths)
    return reader.read_at(0, reader.size)


PARTS = st.lists(st.integers(1, 3 * FRAME_BYTES), min_size=1, max_size=5)


def content(size: int, seed: int) -> bytes:
    return bytes((i * 31 + seed) % 251 for i in range(size))


@settings(max_examples=20, deadline=None)
@given(PARTS)
def test_what_came_in_parts_is_read_as_one(sizes: list[int]) -> None:
    parts = [content(size, seed) for seed, size in enumerate(sizes)]
    data, lengths = written(*parts)
    assert lengths == sizes
    assert read(data) == b"".join(parts)


@settings(max_examples=20, deadline=None)
@given(PARTS, st.integers(0, 400_000), st.integers(0, 200_000))
def test_any_range_can_be_read(sizes: list[int], offset: int, length: int) -> None:
    parts = [content(size, seed) for seed, size in enumerate(sizes)]
    reader = SegmentReader(Bytes(written(*parts)[0]), KEY, LABEL)
    assert reader.read_at(offset, length) == b"".join(parts)[offset : offset + length]


@settings(max_examples=20, deadline=None)
@given(PARTS)
def test_the_next_segment_begins_where_the_lengths_say(sizes: list[int]) -> None:
    data, lengths = written(*(bytes(size) for size in sizes), whole=False)
    assert len(data) == stored_before(lengths)


def test_whoever_knows_the_lengths_reads_what_is_unfinished() -> None:
    data, lengths = written(b"a" * 70_000, b"b" * 10, whole=False)
    assert read(data, lengths) == b"a" * 70_000 + b"b" * 10
    with pytest.raises(TamperedObject):
        read(data)


def test_whole_frames_are_safe_before_the_segment_ends() -> None:
    out, head = bytearray(), segments.new_head()
    writer = SegmentWriter(out.extend, KEY, LABEL, [], head)
    writer.write(b"a" * (2 * FRAME_BYTES + 5))
    assert writer.safe_lengths == [2 * FRAME_BYTES]
    died_here = bytes(out)
    next_writer = SegmentWriter(out.extend, KEY, LABEL, writer.safe_lengths, head)
    assert len(died_here) == stored_before(writer.safe_lengths)
    next_writer.write(b"b" * 9)
    next_writer.close_object()
    assert read(bytes(out)) == b"a" * (2 * FRAME_BYTES) + b"b" * 9


def test_the_same_bytes_sent_again_are_never_encrypted_alike() -> None:
    """After an interruption other bytes may come at the same place: a nonce must not meet the key twice."""
    first, second = (written(bytes(FRAME_BYTES), whole=False)[0] for _ in range(2))
    assert first[-FRAME_BYTES:] != second[-FRAME_BYTES:]


A, B = b"a" * 70_000, b"b" * 70_000
WHOLE, _ = written(A, B)
ONE = stored_bytes(70_000)


@pytest.mark.parametrize(
    "tampered",
    [
        pytest.param(
            WHOLE[:HEADER_BYTES] + WHOLE[HEADER_BYTES + ONE : HEADER_BYTES + 2 * ONE]
            + WHOLE[HEADER_BYTES : HEADER_BYTES + ONE] + WHOLE[HEADER_BYTES + 2 * ONE :],
            id="segments swapped",
        ),
        pytest.param(WHOLE[: HEADER_BYTES + ONE] + WHOLE[HEADER_BYTES + 2 * ONE :], id="a segment dropped"),
        pytest.param(WHOLE[: HEADER_BYTES + ONE], id="cut after a segment"),
        pytest.param(WHOLE[:-1], id="last byte cut off"),
        pytest.param(WHOLE + b"\0", id="a byte appended"),
        pytest.param(WHOLE[:200] + bytes([WHOLE[200] ^ 1]) + WHOLE[201:], id="a byte changed"),
        pytest.param(WHOLE[:-30] + bytes([WHOLE[-30] ^ 1]) + WHOLE[-29:], id="the index changed"),
        pytest.param(b"SSF2" + bytes(32), id="nothing but a head"),
        pytest.param(WHOLE[:-4] + b"\xff\xff\xff\xff", id="an index longer than all"),
    ],
)  # fmt: skip
def test_what_was_tampered_with_does_not_open(tampered: bytes) -> None:
    with pytest.raises(TamperedObject):
        read(tampered)


def test_another_object_or_key_does_not_open() -> None:
    with pytest.raises(TamperedObject):
        SegmentReader(Bytes(WHOLE), KEY, b"two")
    with pytest.raises(TamperedObject):
        SegmentReader(Bytes(WHOLE), bytes(32), LABEL)


def test_a_frame_costs_its_tag_and_a_segment_its_salt() -> None:
    assert stored_bytes(FRAME_BYTES + 1) == 32 + FRAME_BYTES + 1 + 2 * TAG_BYTES
