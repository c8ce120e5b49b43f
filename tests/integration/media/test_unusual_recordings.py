"""Everything that a careful person would hear in a file is decoded, at the right time."""

import io
import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from shared.domain.values import SAMPLE_RATE
from shared.media.isolation.sandbox import Sandbox
from shared.media.limits import MediaLimits
from shared.media.recognition import recognise
from tests.fakes.media_files import Bytes, encode, tone, wav


def decoded(sandbox: Sandbox, data: bytes) -> np.ndarray:
    pcm = bytearray()
    facts = sandbox.decode(Bytes(data), pcm.extend)
    return np.frombuffer(bytes(pcm), np.int16).reshape(-1, facts.channels)


def is_loud(samples: np.ndarray) -> bool:
    return bool(np.sqrt(np.mean(samples.astype(float) ** 2)) > 300)


def tracks_of(*loud: tuple[float, float], seconds: float = 6.0) -> bytes:
    """An M4A with a track for each span of seconds in which it is loud."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        streams = [output.add_stream("aac", rate=16_000, layout="mono") for _ in loud]
        for index in range(int(seconds * 10)):
            for stream, (begin, end) in zip(streams, loud, strict=True):
                sound = tone(0.1, 16_000, 1).reshape(1, -1)
                if not begin <= index / 10 < end:
                    sound = np.zeros_like(sound)
                frame = av.AudioFrame.from_ndarray(sound, format="s16", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = 16_000, index * 1600, Fraction(1, 16_000)
                output.mux(stream.encode(frame))
        for stream in streams:
            output.mux(stream.encode(None))
    return file.getvalue()


def many_channels(count: int, loud: int, mask: int | None = None) -> bytes:
    """A WAV of ``count`` channels of which one is loud; ``mask`` makes it WAVE_FORMAT_EXTENSIBLE."""
    sound = np.zeros((32_000, count), np.int16)
    sound[:, loud] = tone(2.0, 16_000, 1).reshape(-1)
    form = struct.pack("<HHIIHH", 1 if mask is None else 0xFFFE, count, 16_000, 32_000 * count, 2 * count, 16)
    if mask is not None:
        form += struct.pack("<HHI", 22, 16, mask) + bytes.fromhex("0100000000001000800000aa00389b71")
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", sound.nbytes)
    return b"RIFF" + struct.pack("<I", len(body) + sound.nbytes) + body + sound.tobytes()


@pytest.mark.parametrize("loud", range(5))
@pytest.mark.parametrize("mask", [None, 0, 0x3F])
def test_no_channel_is_left_out_of_a_mix(sandbox: Sandbox, loud: int, mask: int | None) -> None:
    count = 6 if mask else 5
    assert is_loud(decoded(sandbox, many_channels(count, loud, mask)))


def test_two_tracks_become_two_channels_in_step(sandbox: Sandbox) -> None:
    sound = decoded(sandbox, tracks_of((0, 3), (3, 6)))
    assert sound.shape[1] == 2
    assert abs(len(sound) / SAMPLE_RATE - 6) < 0.2
    early, late = slice(8_000, 40_000), slice(56_000, 88_000)
    assert [is_loud(sound[early, track]) for track in (0, 1)] == [True, False]
    assert [is_loud(sound[late, track]) for track in (0, 1)] == [False, True]


def test_three_tracks_are_mixed(sandbox: Sandbox) -> None:
    sound = decoded(sandbox, tracks_of((0, 2), (2, 4), (4, 6)))
    assert sound.shape[1] == 1
    assert all(is_loud(sound[int(at * SAMPLE_RATE) : int((at + 1) * SAMPLE_RATE)]) for at in (0.5, 2.5, 4.5))


@pytest.mark.parametrize("container", ["mp4", "wav"])
def test_files_in_a_row_are_all_read(sandbox: Sandbox, container: str) -> None:
    one = wav(3.0) if container == "wav" else encode("mp4", "aac", seconds=3.0, rate=16_000, channels=1)
    sound = decoded(sandbox, one * 3)
    assert abs(len(sound) / SAMPLE_RATE - 9) < 0.3
    assert is_loud(sound[int(7.5 * SAMPLE_RATE) :])


@pytest.mark.parametrize("promised", [0, 32_000])
def test_a_wav_goes_on_beyond_a_length_that_was_never_updated(sandbox: Sandbox, promised: int) -> None:
    data = bytearray(wav(5.0))
    struct.pack_into("<I", data, data.index(b"data") + 4, promised)
    struct.pack_into("<I", data, 4, promised + 36)
    assert abs(len(decoded(sandbox, bytes(data))) / SAMPLE_RATE - 5) < 0.1


def test_a_tag_after_the_sound_of_a_wav_is_no_sound(sandbox: Sandbox) -> None:
    tagged = wav(3.0) + b"LIST" + struct.pack("<I", 8_000) + bytes(8_000)
    assert abs(len(decoded(sandbox, tagged)) / SAMPLE_RATE - 3) < 0.05


def test_another_rate_in_the_middle_of_aac_adds_no_time(sandbox: Sandbox) -> None:
    joined = b"".join(encode("adts", "aac", seconds=3.0, rate=rate, channels=1) for rate in (16_000, 44_100))
    assert abs(len(decoded(sandbox, joined)) / SAMPLE_RATE - 6) < 0.4


def bare_mp3(seconds: float, bit_rate: int) -> bytes:
    """MP3 frames of one bit rate, without a table of their length."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp3", options={"write_xing": "0", "id3v2_version": "0"}) as output:
        stream = output.add_stream("libmp3lame", rate=16_000, layout="mono", bit_rate=bit_rate)
        sound = tone(seconds, 16_000, 1).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(sound, format="s16", layout="mono")
        frame.sample_rate = 16_000
        for block in (frame, None):
            output.mux(stream.encode(block))
    return file.getvalue()


def test_a_guessed_length_of_an_mp3_is_no_reason_to_refuse() -> None:
    """Frames of a low bit rate in front make FFmpeg guess a length many times the real one."""
    data = bare_mp3(20.0, 8_000) + bare_mp3(2.0, 160_000) * 20
    strict = Sandbox(MediaLimits(max_seconds=120))
    try:
        assert strict.probe(Bytes(data)).family == "mp3"
        assert abs(len(decoded(strict, data)) / SAMPLE_RATE - 60) < 4
    finally:
        strict.close()


@pytest.mark.parametrize("brand", [b"XAVC", b"zzzz", b"MSNV"])
def test_a_cameras_own_brand_is_an_mp4(sandbox: Sandbox, brand: bytes) -> None:
    data = bytearray(encode("mp4", "aac", seconds=2.0, rate=16_000, channels=1))
    data[8:12] = brand
    assert recognise(bytes(data), ".mp4", "video/mp4") == "mp4"
    assert sandbox.probe(Bytes(bytes(data))).family == "mp4"
