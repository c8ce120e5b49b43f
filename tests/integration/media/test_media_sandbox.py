"""The sandbox with real child processes, on honest recordings and on files made to do harm."""

import io
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from shared.domain.errors import (
    DomainError,
    PermanentStepError,
    RetryableStepError,
    Unavailable,
    UnsupportedMedia,
)
from shared.media.container import Refused, open_recording
from shared.media.isolation import host_slots
from shared.media.isolation.sandbox import Sandbox
from shared.media.limits import MediaLimits
from tests.fakes import media_files
from tests.fakes.media_files import FOREIGN, HEADERS, HONEST, Bytes, encode, honest

ROOT = Path(__file__).resolve().parents[3]


def decode(sandbox: Sandbox, data: bytes) -> tuple[np.ndarray, object]:
    """Samples by channel, and the facts."""
    blocks: list[bytes] = []
    facts = sandbox.decode(Bytes(data), blocks.append)
    return np.frombuffer(b"".join(blocks), "<i2").reshape(-1, facts.channels), facts


def refused_by_probe(sandbox: Sandbox, data: bytes) -> str:
    with pytest.raises(UnsupportedMedia) as error:
        sandbox.probe(Bytes(data))
    return error.value.code


def child_of(sandbox: Sandbox) -> psutil.Process:
    [child] = psutil.Process(sandbox.server_pid).children()
    return child


# Honest recordings


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


# Damage


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


# Files that are something else


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


# Headers that lie


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


@contextmanager
def held_up(sandbox: Sandbox) -> Iterator[None]:
    """A probe that stands still as long as this lasts, and ends well after it."""
    begun, may_end = threading.Event(), threading.Event()

    class Waiting(Bytes):
        def read_at(self, offset: int, length: int) -> bytes:
            begun.set()
            assert may_end.wait(30)
            return super().read_at(offset, length)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(sandbox.probe, Waiting(honest("wav")))
        assert begun.wait(30)
        yield
        may_end.set()
        assert first.result().family == "wav"


def test_a_process_has_few_children_at_once() -> None:
    with Sandbox(MediaLimits(children=1, busy_seconds=0.2)) as sandbox:
        with held_up(sandbox), pytest.raises(Unavailable) as error:
            sandbox.probe(Bytes(honest("wav")))
        assert error.value.code == "decoder_unavailable"
        assert sandbox.probe(Bytes(honest("wav"))).family == "wav"


@pytest.mark.skipif(sys.platform != "linux", reason="the slots of a host are names of Linux")
def test_a_host_has_few_children_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two processes with a child each, here two sandboxes, the second waits for the first."""
    monkeypatch.setattr(host_slots, "_PREFIX", f"test-{os.getpid()}")
    limits = MediaLimits(host_children=1, busy_seconds=0.2)
    with Sandbox(limits) as one, Sandbox(limits) as other:
        with held_up(one), pytest.raises(Unavailable) as error:
            other.probe(Bytes(honest("wav")))
        assert error.value.code == "decoder_unavailable"
        assert other.probe(Bytes(honest("wav"))).family == "wav"


def test_a_host_has_at_least_four_children_and_at_most_what_a_quarter_of_its_memory_holds() -> None:
    memory = psutil.virtual_memory().total
    assert host_slots.most_children(memory) == 4
    assert host_slots.most_children(1 << 20) <= memory // 4 >> 20


# Confinement


def test_the_child_can_open_start_and_reach_nothing(sandbox: Sandbox) -> None:
    if sandbox.confinement != "seccomp":
        pytest.skip("this kernel offers no seccomp")
    outcomes = sandbox.attempt_escapes()
    assert {"connect", "open", "fork", "execve", "socket", "executable_memory"} <= outcomes.keys()
    assert set(outcomes.values()) == {"EPERM"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into a process that cannot be dumped")
def test_the_child_holds_no_descriptor_but_its_own_socket(sandbox: Sandbox) -> None:
    seen: list[int] = []

    class Looking(Bytes):  # while the parent answers, the child waits and is alive
        def read_at(self, offset: int, length: int) -> bytes:
            seen.append(len(list(Path(f"/proc/{child_of(sandbox).pid}/fd").iterdir())))
            return super().read_at(offset, length)

    sandbox.probe(Looking(honest("wav")))
    assert set(seen) == {4}


def test_the_server_has_no_environment(sandbox: Sandbox) -> None:
    assert "PATH" not in psutil.Process(sandbox.server_pid).environ()


def test_the_parent_never_imports_what_parses_media() -> None:
    program = (
        "import sys\n"
        "from shared.media import recognition\n"
        "from shared.media.isolation import sandbox\n"
        "isolation = 'shared.media.isolation'\n"
        "bad = {'av', 'numpy', f'{isolation}.child', f'{isolation}.server', 'shared.media.container'}\n"
        "sys.exit(len(bad & set(sys.modules)))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


# Death


def test_a_child_killed_in_its_work_is_worth_another_attempt(sandbox: Sandbox) -> None:
    killed: list[psutil.Process] = []

    def kill(pcm: bytes) -> None:
        if not killed:
            killed.append(child_of(sandbox))
            killed[0].kill()

    with pytest.raises(RetryableStepError) as error:
        sandbox.decode(Bytes(honest("wav", seconds=30)), kill)
    assert error.value.code == "decoder_died"
    assert sandbox.probe(Bytes(honest("wav"))).family == "wav"


def test_a_child_that_crashes_on_a_probe_refuses_the_upload(sandbox: Sandbox) -> None:
    class Crashing(Bytes):
        def read_at(self, offset: int, length: int) -> bytes:
            child_of(sandbox).send_signal(signal.SIGSEGV)
            return super().read_at(offset, length)

    with pytest.raises(UnsupportedMedia) as error:
        sandbox.probe(Crashing(honest("wav")))
    assert error.value.code == "undecodable"


def test_a_child_that_stands_still_is_given_up_and_killed() -> None:
    stopped: list[psutil.Process] = []

    def stop(pcm: bytes) -> None:
        if not stopped:
            stopped.append(child_of(sandbox))
            stopped[0].suspend()

    with Sandbox(MediaLimits(stall_seconds=0.5)) as sandbox:
        with pytest.raises(PermanentStepError) as error:
            sandbox.decode(Bytes(honest("wav", seconds=30)), stop)
        assert error.value.code == "decoding_timed_out"
        assert not stopped[0].is_running()


def test_an_error_of_the_sink_ends_the_child_and_reaches_the_caller(sandbox: Sandbox) -> None:
    def full(pcm: bytes) -> None:
        raise OSError(28, "no space left")

    with pytest.raises(OSError, match="no space"):
        sandbox.decode(Bytes(honest("wav", seconds=20)), full)
    assert psutil.Process(sandbox.server_pid).children() == []


def test_a_server_killed_between_jobs_is_started_again() -> None:
    with Sandbox() as sandbox:
        first = sandbox.server_pid
        os.kill(first, signal.SIGKILL)
        assert sandbox.probe(Bytes(honest("wav"))).family == "wav"
        assert sandbox.server_pid != first


def test_a_server_killed_during_a_job_takes_its_children_with_it() -> None:
    children: list[psutil.Process] = []

    def kill(pcm: bytes) -> None:
        if not children:
            children.append(child_of(sandbox))
            os.kill(sandbox.server_pid, signal.SIGKILL)

    with Sandbox() as sandbox, pytest.raises(RetryableStepError):
        sandbox.decode(Bytes(honest("wav", seconds=30)), kill)
    assert psutil.wait_procs(children, timeout=10)[1] == []


def test_the_server_ends_when_its_parent_is_killed() -> None:
    program = (
        "import sys, time\n"
        "from shared.media.isolation.sandbox import Sandbox\n"
        "sandbox = Sandbox()\n"
        "print(sandbox.server_pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        server = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    assert psutil.wait_procs([server], timeout=15)[1] == []


def test_a_forked_process_starts_a_server_of_its_own(sandbox: Sandbox) -> None:
    ours = sandbox.server_pid
    data = honest("wav")
    pid = os.fork()
    if pid == 0:
        good = sandbox.probe(Bytes(data)).family == "wav" and sandbox.server_pid != ours
        sandbox.close()
        os._exit(0 if good else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert sandbox.server_pid == ours
    assert sandbox.probe(Bytes(data)).family == "wav"


def test_twenty_threads_probe_at_once_and_leave_no_process_behind(sandbox: Sandbox) -> None:
    files = {name: honest(name) for name in ("mp3", "wav", "m4a", "webm", "flac")}
    names = list(files) * 4
    with ThreadPoolExecutor(20) as pool:
        families = list(pool.map(lambda name: sandbox.probe(Bytes(files[name])).family, names))
    assert families == [HONEST[name][1] for name in names]
    assert psutil.Process(sandbox.server_pid).children() == []


def test_a_closed_sandbox_leaves_no_server() -> None:
    sandbox = Sandbox()
    server = psutil.Process(sandbox.server_pid)
    sandbox.close()
    assert not server.is_running()
