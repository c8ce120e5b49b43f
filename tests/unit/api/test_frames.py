"""Encrypted objects: what comes out is what went in, or nothing."""

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.vault.frames import FRAME_BYTES, HEADER_BYTES, TAG_BYTES, FrameReader, FrameWriter, TamperedObject

KEY = bytes(range(32))
SEALED_FRAME = FRAME_BYTES + TAG_BYTES


class Bytes:
    """A ``ByteSource`` in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def read_at(self, offset: int, length: int) -> bytes:
        return self.data[offset : offset + length]


def encrypted(*pieces: bytes, label: bytes = b"one") -> bytes:
    out = bytearray()
    writer = FrameWriter(out.extend, KEY, label)
    for piece in pieces:
        writer.write(piece)
    writer.close()
    return bytes(out)


def decrypted(data: bytes, label: bytes = b"one") -> bytes:
    reader = FrameReader(Bytes(data), KEY, label)
    return reader.read_at(0, reader.size)


SIZES = [0, 1, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES, 3 * FRAME_BYTES + 7]


@pytest.mark.parametrize("size", SIZES)
def test_what_was_written_is_read_back(size: int) -> None:
    content = bytes(i * 31 % 251 for i in range(size))
    assert decrypted(encrypted(content)) == content


@pytest.mark.parametrize("pieces", [(FRAME_BYTES,), (5, FRAME_BYTES - 5), (FRAME_BYTES, 5, FRAME_BYTES - 5)])
def test_what_fills_its_frames_has_no_empty_one_behind_them(pieces: tuple[int, ...]) -> None:
    stored = encrypted(*(b"x" * size for size in pieces))
    frames = sum(pieces) // FRAME_BYTES
    assert len(stored) == HEADER_BYTES + frames * (FRAME_BYTES + TAG_BYTES)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 2 * FRAME_BYTES + 1), max_size=5))
@example([100, FRAME_BYTES, 7])  # a frame that is begun by one write and ended by the next
@example([FRAME_BYTES - 1, 2 * FRAME_BYTES + 1])
def test_the_size_of_the_writes_does_not_matter(sizes: list[int]) -> None:
    content = (bytes(range(251)) * (sum(sizes) // 251 + 1))[: sum(sizes)]
    ends = list(itertools.accumulate(sizes))
    pieces = [content[end - size : end] for size, end in zip(sizes, ends, strict=True)]
    assert decrypted(encrypted(*pieces)) == content


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 3 * FRAME_BYTES), st.integers(0, 2 * FRAME_BYTES))
def test_any_range_can_be_read(offset: int, length: int) -> None:
    content = bytes(i % 253 for i in range(2 * FRAME_BYTES + 100))
    reader = FrameReader(Bytes(encrypted(content)), KEY, b"one")
    assert reader.read_at(offset, length) == content[offset : offset + length]


def test_no_plaintext_is_in_what_is_stored() -> None:
    assert b"secret words" not in encrypted(b"secret words" * 10_000)


FOUR_FRAMES = encrypted(bytes(3 * FRAME_BYTES + 9))


@pytest.mark.parametrize(
    "tampered",
    [
        pytest.param(
            FOUR_FRAMES[:HEADER_BYTES] + FOUR_FRAMES[HEADER_BYTES + SEALED_FRAME :], id="first frame dropped"
        ),
        pytest.param(FOUR_FRAMES[: HEADER_BYTES + 3 * SEALED_FRAME], id="last frame cut off"),
        pytest.param(FOUR_FRAMES[:-1], id="last byte cut off"),
        pytest.param(FOUR_FRAMES + b"\0", id="a byte appended"),
        pytest.param(FOUR_FRAMES[:100] + b"\xff" + FOUR_FRAMES[101:], id="a byte changed"),
        pytest.param(
            FOUR_FRAMES[:HEADER_BYTES]
            + FOUR_FRAMES[HEADER_BYTES + SEALED_FRAME : HEADER_BYTES + 2 * SEALED_FRAME]
            + FOUR_FRAMES[HEADER_BYTES : HEADER_BYTES + SEALED_FRAME]
            + FOUR_FRAMES[HEADER_BYTES + 2 * SEALED_FRAME :],
            id="two frames exchanged",
        ),
        pytest.param(b"SSF1" + bytes(32), id="header alone"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_tampered_object_does_not_open(tampered: bytes) -> None:
    with pytest.raises(TamperedObject):
        decrypted(tampered)


def test_an_object_moved_to_another_session_does_not_open() -> None:
    with pytest.raises(TamperedObject):
        decrypted(encrypted(b"words", label=b"one"), label=b"another")


def test_a_cut_at_a_frames_edge_is_found_before_anything_is_played() -> None:
    reader = FrameReader(Bytes(FOUR_FRAMES[: HEADER_BYTES + 3 * SEALED_FRAME]), KEY, b"one")
    with pytest.raises(TamperedObject):
        reader.verify_end()
