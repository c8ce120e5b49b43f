"""The sandbox with real child processes, on honest recordings and on files made to do harm."""

import io
import struct
from pathlib import Path

import av
import numpy as np
import pytest

from shared.domain.errors import (
    DomainError,
    PermanentStepError,
    UnsupportedMedia,
)
from shared.media.container import Refused, open_recording
from shared.media.isolation.sandbox import Sandbox
from shared.media.limits import MediaLimits
from tests.fakes import media_files
from tests.fakes.media_files import FOREIGN, HEADERS, HONEST, Bytes, encode, honest


def decode(sandbox: Sandbox, data: bytes) -> tuple[np.ndarray, object]:
    """Samples by channel, and the facts."""
    blocks: list[bytes] = []
    facts = sandbox.decode(Bytes(data), blocks.append)
    return np.frombuffer(b"".join(blocks), "<i2").reshape(-1, facts.channels), facts


def refused_by_probe(sandbox: Sandbox, data: bytes) -> str:
    with pytest.raises(UnsupportedMedia) as error:
        sandbox.probe(Bytes(data))
    return error.value.code


@pytest.mark.parametrize("name", HONEST)
def test_every_accepted_format_is_recognised_by_its_content(sandbox: Sandbox, name: str) -> None:
    _, family, _, arguments = HONEST[name]
    facts = sandbox.probe(Bytes(honest(name)))
    assert (facts.family, facts.channels, facts.sample_rate) == (family, 2, arguments.get("rate", 44_100))


@pytest.mark.parametrize("name", HONEST)
def test_every_accepted_format_is_decoded_in_full_with_its_channels_apart(
    sandbox: Sandbox, name: str
) -> None:
    samples, facts = decode(sandbox, honest(name))
    assert facts.seconds == pytest.approx(3.0, abs=0.06)
    assert facts.damaged_packets == 0
    middle = samples[8000:24_000]
    loudest = np.abs(np.fft.rfft(middle, axis=0))[50:].argmax(axis=0) + 50
    assert loudest.tolist() == pytest.approx([220, 440], abs=2)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 48_000, 96_000, 192_000])
def test_every_usual_sample_rate_comes_out_at_16_khz(sandbox: Sandbox, rate: int) -> None:
    samples, facts = decode(sandbox, media_files.wav(rate=rate))
    assert facts.seconds == pytest.approx(3.0, abs=0.01)
    assert np.abs(np.fft.rfft(samples[:16_000, 0])).argmax() == pytest.approx(220, abs=2)


@pytest.mark.parametrize("channels", range(1, 9))
def test_two_channels_stay_and_more_become_one(sandbox: Sandbox, channels: int) -> None:
    for data in (media_files.wav(channels=channels), encode("flac", "flac", channels=channels)):
        samples, facts = decode(sandbox, data)
        assert facts.channels == (2 if channels == 2 else 1)
        assert facts.seconds == pytest.approx(3.0, abs=0.01)
        assert np.abs(samples).max() > 500


def test_cover_art_is_no_reason_to_refuse(sandbox: Sandbox) -> None:
    assert sandbox.probe(Bytes(media_files.mp3_with_cover())).family == "mp3"


def test_a_recording_is_read_in_bounded_blocks(sandbox: Sandbox) -> None:
    source = Bytes(media_files.wav(seconds=60, rate=48_000))
    blocks: list[int] = []
    sandbox.decode(source, lambda pcm: blocks.append(len(pcm)))
    assert source.largest_read <= 512 * 1024
    assert max(blocks) <= 128 * 1024
    assert len(source.reads) < 20


@pytest.mark.parametrize("name", ["mp3", "wav", "flac", "webm", "opus", "m4a index first"])
def test_a_truncated_recording_gives_what_is_there(sandbox: Sandbox, name: str) -> None:
    data = honest(name, seconds=6)
    _, facts = decode(sandbox, data[: len(data) // 2])
    assert 2.0 < facts.seconds < 3.6


def test_a_truncated_m4a_with_its_index_at_the_end_is_refused(sandbox: Sandbox) -> None:
    assert refused_by_probe(sandbox, honest("m4a")[:-5000]) == "not_audio"


def test_lost_audio_is_replaced_by_silence_so_that_times_stay_true(sandbox: Sandbox) -> None:
    data = bytearray(honest("m4a index first", seconds=8))
    third = len(data) // 3
    data[third : third + 20_000] = np.random.default_rng(3).bytes(20_000)
    _, facts = decode(sandbox, bytes(data))
    assert facts.damaged_packets > 10
    assert facts.seconds == pytest.approx(8.0, abs=0.1)


@pytest.mark.parametrize("name", ["mp3", "webm", "opus", "m4a", "webm live"])
def test_damaged_clocks_add_no_hours(sandbox: Sandbox, name: str) -> None:
    data = bytearray(honest(name, seconds=6))
    generator = np.random.default_rng(5)
    for position in generator.integers(len(data) // 4, len(data) * 3 // 4, 40):
        data[position] = generator.integers(256)
    _, facts = decode(sandbox, bytes(data))
    assert facts.seconds < 6 + 10 * 40


@pytest.mark.parametrize("name", [name for name in FOREIGN if name != "elf"])
def test_what_is_no_recording_is_refused(sandbox: Sandbox, name: str) -> None:
    assert refused_by_probe(sandbox, FOREIGN[name]) in {"not_audio", "undecodable"}


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_before_zeros_is_refused(sandbox: Sandbox, name: str) -> None:
    assert refused_by_probe(sandbox, HEADERS[name] + bytes(50_000)) in {"not_audio", "undecodable"}


@pytest.mark.parametrize("kind", media_files.playlists("x"))
def test_a_playlist_reads_no_other_file(sandbox: Sandbox, kind: str, tmp_path: Path) -> None:
    other = tmp_path / "somebody-else.wav"
    other.write_bytes(media_files.wav())
    data = media_files.playlists(str(other))[kind]
    assert refused_by_probe(sandbox, data) == "not_audio"
    with pytest.raises(PermanentStepError):
        sandbox.decode(Bytes(data), lambda pcm: None)


@pytest.mark.parametrize("kind", media_files.playlists("x"))
def test_a_playlist_is_refused_before_any_confinement_is_needed(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A name without a folder is what FFmpeg's own checks let through.
    monkeypatch.chdir(tmp_path)
    Path("other.wav").write_bytes(media_files.wav())
    data = media_files.playlists("other.wav")[kind]
    with pytest.raises(Refused) as refused:
        open_recording(io.BytesIO(data), len(data))
    # It was FFmpeg that refused to open it, not we who found nothing of use in it afterwards.
    assert isinstance(refused.value.__context__, av.error.FFmpegError)


@pytest.mark.parametrize("container", ["mp4", "webm", "mpeg"])
def test_a_video_without_sound_is_refused_with_its_own_code(sandbox: Sandbox, container: str) -> None:
    assert refused_by_probe(sandbox, encode(container, "aac", picture=True, sound=False)) == "no_audio_stream"


@pytest.mark.parametrize(
    ("rate", "channels", "bits", "code"),
    [
        (1, 1, 16, "sample_rate_out_of_range"),
        (3_999, 1, 16, "sample_rate_out_of_range"),
        (4_000_000_000, 1, 16, "not_audio"),
        (16_000, 64, 16, "too_many_channels"),
        (16_000, 65_535, 16, "undecodable"),
        (16_000, 0, 16, "undecodable"),
        (16_000, 1, 0, "codec_not_supported"),
    ],
)
def test_a_wav_of_an_impossible_shape_is_refused(
    sandbox: Sandbox, rate: int, channels: int, bits: int, code: str
) -> None:
    assert refused_by_probe(sandbox, media_files.wav_header(rate, channels, bits)) == code


def test_a_wav_that_claims_four_gigabytes_is_what_it_is(sandbox: Sandbox) -> None:
    data = media_files.wav_header(16_000, 1, claimed_bytes=0xFFFFFFF0)
    assert sandbox.probe(Bytes(data)).declared_seconds == pytest.approx(2.0, abs=0.01)
    assert decode(sandbox, data)[1].seconds == pytest.approx(2.0)


def test_a_claim_beyond_the_limit_is_refused_early(sandbox: Sandbox) -> None:
    assert refused_by_probe(sandbox, media_files.lying_flac(3, 10 * 3600 * 16_000)) == "too_long"


def test_a_recording_longer_than_it_claims_is_stopped_at_the_limit() -> None:
    data = media_files.lying_flac(20, 1_600)
    taken: list[int] = []
    with Sandbox(MediaLimits(max_seconds=5)) as sandbox:
        assert sandbox.probe(Bytes(data)).declared_seconds == pytest.approx(0.1)
        with pytest.raises(PermanentStepError) as error:
            sandbox.decode(Bytes(data), lambda pcm: taken.append(len(pcm)))
    assert error.value.code == "recording_too_long"
    assert sum(taken) <= 5 * 32_000


class Endless:
    """A WAV of 192 kHz and 8 channels with 3.9 GB of silence behind its header, made as it is read."""

    size = 3_900_000_000
    _header = media_files.wav_header(192_000, 8, claimed_bytes=3_899_999_000)[:44]

    def read_at(self, offset: int, length: int) -> bytes:
        return (self._header[offset:] + bytes(length))[:length]


def test_a_recording_that_costs_too_much_cpu_is_given_up() -> None:
    with Sandbox(MediaLimits(decode_cpu_seconds=1)) as sandbox:
        with pytest.raises(PermanentStepError) as error:
            sandbox.decode(Endless(), lambda pcm: None)
        assert error.value.code == "decoding_timed_out"
        assert sandbox.probe(Bytes(honest("wav"))).family == "wav"


def test_a_child_without_memory_fails_its_own_job_only() -> None:
    with Sandbox(MediaLimits(memory_bytes=64 << 20)) as sandbox, pytest.raises(DomainError):
        sandbox.decode(Bytes(honest("m4a")), lambda pcm: None)


def test_a_table_of_samples_that_cannot_be_there_is_refused(sandbox: Sandbox) -> None:
    """Ten kilobytes, for which FFmpeg alone takes 909 MB."""
    data = bytearray(honest("m4a"))
    at = data.index(b"stsz") + 8
    data[at : at + 8] = struct.pack(">2I", 1, 25_000_000)
    assert refused_by_probe(sandbox, bytes(data)) == "undecodable"
    with pytest.raises(PermanentStepError) as error:
        sandbox.decode(Bytes(bytes(data)), lambda pcm: None)
    assert error.value.code == "undecodable_audio"


def test_a_probe_beyond_its_memory_fails_alone() -> None:
    with Sandbox(MediaLimits(probe_data_bytes=8 << 20)) as sandbox:
        with pytest.raises(DomainError):
            sandbox.probe(Bytes(honest("m4a")))
        assert decode(sandbox, honest("m4a"))[1].channels == 2
