"""Recordings that are encrypted, carry other files or claim to be endless: refused or read."""

import io
import struct
import tempfile
from pathlib import Path

import av
import numpy as np
import pytest

from shared.domain.errors import PermanentStepError, UnsupportedMedia
from shared.media.isolation.sandbox import Sandbox
from shared.media.limits import MediaLimits
from tests.fakes.marked_recordings import PROTECTED, marked, recording, with_edits
from tests.fakes.media_files import Bytes, lying_flac

HUNDRED_HOURS = 100 * 3600


def refused(sandbox: Sandbox, data: bytes) -> tuple[str, str]:
    """The code at upload, and the code of the session if it had been accepted all the same."""
    with pytest.raises(UnsupportedMedia) as upload:
        sandbox.probe(Bytes(data))
    with pytest.raises(PermanentStepError) as session:
        sandbox.decode(Bytes(data), lambda _: None)
    return upload.value.code, session.value.code


@pytest.mark.parametrize(("container", "codec"), [("mp4", "aac"), ("ipod", "aac"), ("mp4", "alac")])
def test_an_encrypted_recording_is_refused_and_not_heard_as_noise(
    sandbox: Sandbox, container: str, codec: str
) -> None:
    data = recording(container, codec, options=PROTECTED)
    assert b"sinf" in data
    assert refused(sandbox, data) == ("encrypted", "encrypted")


def with_fonts(count: int, megabytes: int) -> bytes:
    """A Matroska file with ``count`` attached fonts before its sound."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording"
        with av.open(str(path), "w", format="matroska") as output:
            stream = output.add_stream("libopus", rate=48_000, layout="mono")
            for number in range(count):
                font = np.random.default_rng(number).bytes(megabytes << 20)
                output.add_attachment(f"{number}.ttf", "application/x-truetype-font", font)
            samples = np.ascontiguousarray(marked((1.0,), 3.0, 48_000)).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate, frame.pts = 48_000, 0
            output.mux([*stream.encode(frame), *stream.encode(None)])
        return path.read_bytes()


def test_attached_fonts_are_passed_over(sandbox: Sandbox) -> None:
    data = with_fonts(4, 1)
    assert b".ttf" in data
    assert sandbox.probe(Bytes(data)).family == "webm"
    facts = sandbox.decode(Bytes(data), lambda _: None)
    assert (round(facts.seconds, 1), facts.damaged_packets) == (3.0, 0)


def test_a_font_that_claims_two_gigabytes_ends_in_an_answer(sandbox: Sandbox) -> None:
    data = with_fonts(1, 1)
    at = data.index(b"\x46\x5c\x30\0\0") + 2  # FileData, and 1 MiB in three bytes
    claiming = data[:at] + b"\x01\0\0\0\x7f\xff\0\0" + data[at + 3 :]
    facts = sandbox.decode(Bytes(claiming), lambda _: None)  # FFmpeg passes over what is not there
    assert round(facts.seconds, 1) == 3.0


def with_claim(data: bytes, field: bytes, claim: bytes) -> bytes:
    """``data`` with ``claim`` right after ``field``."""
    at = data.index(field) + len(field)
    return data[:at] + claim + data[at + len(claim) :]


BOMBS = {
    "flac": lambda: lying_flac(3, HUNDRED_HOURS * 16_000),
    "m4a whose sound is late": lambda: with_edits(
        recording("ipod", "aac"), [(HUNDRED_HOURS, None), (6.0, 0.0)]
    ),
    "webm": lambda: with_claim(
        recording("webm", "libopus"), b"\x44\x89\x88", struct.pack(">d", HUNDRED_HOURS * 1000)
    ),
    "mp3": lambda: with_claim(
        recording("mp3", "libmp3lame"), b"Info\0\0\0\x0f", struct.pack(">I", HUNDRED_HOURS * 48_000 // 1152)
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_claim_of_a_hundred_hours_is_refused_at_once(sandbox: Sandbox, name: str) -> None:
    data = Bytes(BOMBS[name]())
    with pytest.raises(UnsupportedMedia) as error:
        sandbox.probe(data)
    assert error.value.code == "too_long"
    assert sum(length for _, length in data.reads) <= 2 * data.size + 512 * 1024


def honest_silence(seconds: float) -> bytes:
    """A FLAC of silence that claims to last a tenth of a second."""
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as output:
        stream = output.add_stream("flac", rate=8_000, layout="mono")
        for second in range(int(seconds)):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 8_000), np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.pts = 8_000, second * 8_000
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    data = bytearray(file.getvalue())
    packed = int.from_bytes(data[18:26], "big")
    data[18:26] = (packed >> 36 << 36 | 800).to_bytes(8, "big")
    return bytes(data)


def test_half_an_hour_in_a_few_kilobytes_ends_at_the_limit() -> None:
    """Silence shrinks to next to nothing in a FLAC: what comes out is counted, whatever it claims."""
    data = honest_silence(1800.0)
    taken: list[int] = []
    with Sandbox(MediaLimits(max_seconds=60)) as sandbox, pytest.raises(PermanentStepError) as error:
        sandbox.decode(Bytes(data), lambda pcm: taken.append(len(pcm)))
    assert error.value.code == "recording_too_long"
    assert sum(taken) <= 60 * 32_000
