"""Recordings with a short tone at known times, in any container, with edits and late sound."""

import re
import struct
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from shared.domain.values import SAMPLE_RATE

MARK_SECONDS, MARK_HERTZ = 0.2, 1000
LOUD = 3000
# What FFmpeg's encoder puts before the sound of an AAC, in samples.
AAC_PRIMING = 1024

# Options by which FFmpeg encrypts the sound of an M4A or MP4, as shops do.
PROTECTED = {
    "encryption_scheme": "cenc-aes-ctr",
    "encryption_key": "76a6c65c5ea762046bd749a2e632ccbb",
    "encryption_kid": "a7e61c373e219033c21091fa607bf3b8",
}

Samples = NDArray[np.int16]
Edit = tuple[float, float | None]


def marked(times: Sequence[float], seconds: float, rate: int, channels: int = 1) -> Samples:
    """Next to silence with a tone at each of ``times``; (samples, channels)."""
    samples = np.random.default_rng(1).normal(0, 20, int(seconds * rate))
    tone = 12_000 * np.sin(2 * np.pi * MARK_HERTZ * np.arange(int(MARK_SECONDS * rate)) / rate)
    for time in times:
        at = round(time * rate)
        samples[at : at + len(tone)] += tone
    return np.repeat(samples[:, None], channels, axis=1).astype(np.int16)


def marks_in(pcm: Samples) -> list[float]:
    """When tones begin in 16 kHz samples of shape (n, channels), in seconds."""
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)).max(axis=1) > LOUD)
    begins = [at for number, at in enumerate(loud) if not number or at - loud[number - 1] > SAMPLE_RATE // 4]
    return [float(at) / SAMPLE_RATE for at in begins]


def recording(
    container: str,
    codec: str,
    times: Sequence[float] = (1.0, 4.0),
    *,
    seconds: float = 6.0,
    rate: int = 48_000,
    channels: int = 1,
    starts_at: float = 0.0,
    lost: tuple[float, float] = (0.0, 0.0),
    film: bool = False,
    options: dict[str, str] | None = None,
) -> bytes:
    """Tones at ``times`` after the sound begins, which is at ``starts_at``; nothing is in ``lost``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording"
        with av.open(str(path), "w", format=container, options=options or {}) as output:
            picture = (
                output.add_stream("libvpx" if container == "webm" else "mpeg4", rate=5) if film else None
            )
            layout = "stereo" if channels == 2 else "mono"
            stream = output.add_stream(codec, rate=rate, layout=layout, options={"strict": "experimental"})
            if picture is not None:
                _film(output, picture, seconds)
            samples = marked(times, seconds, rate, channels)
            for at in range(0, len(samples), 4096):
                if lost[0] <= at / rate < lost[1]:
                    continue
                block = np.ascontiguousarray(samples[at : at + 4096]).reshape(1, -1)
                frame = av.AudioFrame.from_ndarray(block, format="s16", layout=layout)
                frame.sample_rate, frame.pts = rate, at + round(starts_at * rate)
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        return path.read_bytes()


def _film(output: av.container.OutputContainer, picture: av.VideoStream, seconds: float) -> None:
    picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
    for number in range(int(seconds * 5)):
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 128, np.uint8), format="rgb24")
        frame.pts = number
        output.mux(picture.encode(frame))
    output.mux(picture.encode(None))


def damaged(data: bytes, spots: int, seed: int) -> bytes:
    """``data`` with ``spots`` bytes between its sixth and its half changed."""
    hurt = bytearray(data)
    generator = np.random.default_rng(seed)
    for position in generator.integers(len(hurt) // 6, len(hurt) // 2, spots):
        hurt[position] = generator.integers(256)
    return bytes(hurt)


def with_edits(m4a: bytes, edits: Sequence[Edit], rate: int = 48_000) -> bytes:
    """An M4A of FFmpeg's whose edit list is ``edits``: seconds long, from which second (None: silence)."""
    moov, trak, edts, elst = _find(m4a, [b"moov", b"trak", b"edts", b"elst"], 0, len(m4a))
    old = struct.unpack_from(">I", m4a, elst)[0]
    entries = b"".join(
        struct.pack(
            ">IiHH", round(seconds * 1000), -1 if start is None else round(start * rate) + AAC_PRIMING, 1, 0
        )
        for seconds, start in edits
    )
    box = struct.pack(">I4sII", 16 + len(entries), b"elst", 0, len(edits)) + entries
    data = bytearray(m4a[:elst] + box + m4a[elst + old :])
    for parent in (moov, trak, edts):
        struct.pack_into(">I", data, parent, struct.unpack_from(">I", data, parent)[0] + len(box) - old)
    return bytes(data)


def with_clock_at(fragments: bytes, seconds: float, rate: int = 48_000) -> bytes:
    """An MP4 in fragments of FFmpeg's whose clock, of ``rate`` ticks, shows ``seconds`` at its beginning."""
    data = bytearray(fragments)
    for found in re.finditer(rb"tfdt\x01\0\0\0", fragments):
        (ticks,) = struct.unpack_from(">Q", data, found.end())
        struct.pack_into(">Q", data, found.end(), ticks + round(seconds * rate))
    return bytes(data)


def without_fragments(mp4: bytes, lost: range) -> bytes:
    """``mp4`` without those of its fragments whose numbers, from 1, are in ``lost``."""
    kept, number = b"", 0
    for at, size, kind in _boxes(mp4, 0, len(mp4)):
        number += kind == b"moof"
        if kind not in (b"moof", b"mdat") or number not in lost:
            kept += mp4[at : at + size]
    return kept


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, bytes]]:
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        yield start, size, kind
        start += size


def _find(data: bytes, path: list[bytes], start: int, end: int) -> list[int]:
    """Where each box of ``path`` begins."""
    at, size = next((at, size) for at, size, kind in _boxes(data, start, end) if kind == path[0])
    return [at] + (_find(data, path[1:], at + 8, at + size) if path[1:] else [])
