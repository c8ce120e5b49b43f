"""The parent's side of a decoder job, against a child that has been taken over."""

import json
import socket
from collections.abc import Callable, Iterator

import pytest

from shared.domain.values import DecodedFacts
from shared.media import claims
from shared.media.isolation import wire
from shared.media.isolation.wire import Kind
from shared.media.job import Died, Job, Misbehaved, OutOfTime, Patience, Refused
from shared.media.limits import MediaLimits

PATIENCE = Patience(wall_seconds=5, stall_seconds=5, pcm_bytes=1000)


class Source:
    """A thousand bytes."""

    size = 1000

    def read_at(self, offset: int, length: int) -> bytes:
        return bytes(range(256))[offset : offset + length]


class Child:
    """The other ends of a job's sockets, with what is sent written in advance."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.leash, self.their_leash = socket.socketpair()

    def says(self, data: bytes) -> None:
        self.theirs.sendall(data)

    def ends(self, status: int | None = None) -> None:
        self.theirs.shutdown(socket.SHUT_WR)
        if status is not None:
            self.their_leash.sendall(wire.EXIT_STATUS.pack(status))
        self.their_leash.close()

    def run(self, write: Callable[[bytes], None] | None = None, patience: Patience = PATIENCE) -> object:
        return Job(self.ours, self.leash, Source(), patience).run({"task": "probe"}, write)

    def close(self) -> None:
        for end in (self.ours, self.theirs, self.leash, self.their_leash):
            end.close()


@pytest.fixture
def child() -> Iterator[Child]:
    child = Child()
    yield child
    child.close()


def read(offset: int, length: int) -> bytes:
    return wire.pack(Kind.READ, wire.READ_REQUEST.pack(offset, length))


@pytest.mark.parametrize(
    "message",
    [
        wire.HEADER.pack(99, 0),
        wire.pack(Kind.JOB, b"{}"),
        wire.pack(Kind.DATA, b"x"),
        wire.HEADER.pack(Kind.PCM, wire.MAX_PCM + 1),
        wire.HEADER.pack(Kind.DONE, 0xFFFFFFFF),
        wire.pack(Kind.READ, b"short"),
        read(0, 0),
        read(0, wire.READ_BLOCK + 1),
        read(990, 11),
        read(2**64 - 1, 1),
        wire.pack(Kind.PCM, b"odd"),
        wire.pack(Kind.PCM, bytes(1002)),
        wire.pack(Kind.DONE, b"not json"),
        wire.pack(Kind.DONE, b"[" * 4000),
        wire.pack(Kind.DONE, b"[1]"),
    ],
)
def test_a_message_that_our_child_never_sends_ends_the_job(child: Child, message: bytes) -> None:
    child.says(message)
    child.ends()
    with pytest.raises(Misbehaved):
        child.run(write=lambda pcm: None)


def test_audio_during_a_probe_ends_the_job(child: Child) -> None:
    child.says(wire.pack(Kind.PCM, b"ab"))
    child.ends()
    with pytest.raises(Misbehaved):
        child.run(write=None)


def test_a_read_is_answered_with_the_bytes_asked_for(child: Child) -> None:
    child.says(read(10, 3) + wire.pack(Kind.DONE, b"{}"))
    child.ends(0)
    child.run()
    child.ours.close()
    received = child.theirs.makefile("rb").read()
    assert received.endswith(wire.pack(Kind.DATA, b"\x0a\x0b\x0c"))


def test_endless_reading_ends_the_job(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.media.job._READS_ALLOWANCE", 0)
    monkeypatch.setattr("shared.media.job._READS_PER_BYTE", 2)
    child.says(read(0, 1000) * 3 + wire.pack(Kind.DONE, b"{}"))
    child.ends()
    with pytest.raises(OutOfTime):
        child.run()


def test_a_silent_child_runs_out_of_time(child: Child) -> None:
    child.their_leash.close()
    with pytest.raises(OutOfTime):
        child.run(patience=Patience(wall_seconds=5, stall_seconds=0.05, pcm_bytes=0))


def test_a_refusal_carries_its_code(child: Child) -> None:
    child.says(wire.pack(Kind.REFUSED, b"too_long"))
    child.ends(0)
    with pytest.raises(Refused) as refused:
        child.run()
    assert refused.value.code == "too_long"


def test_an_end_without_an_answer_reports_the_exit_status(child: Child) -> None:
    child.ends(-11)
    with pytest.raises(Died) as died:
        child.run()
    assert (died.value.status, died.value.lossless) == (-11, True)


def test_an_error_of_the_sink_is_the_callers_own(child: Child) -> None:
    def full(pcm: bytes) -> None:
        raise OSError(28, "no space left")

    child.says(wire.pack(Kind.PCM, b"ab"))
    child.ends()
    with pytest.raises(OSError, match="no space"):
        child.run(write=full)


GOOD = {"family": "wav", "codec": "pcm_s16le", "channels": 1, "sample_rate": 16_000, "declared_seconds": 1}


@pytest.mark.parametrize(
    "change",
    [
        {"family": "hls"},
        {"family": ["wav"]},
        {"codec": "../../etc"},
        {"codec": "x" * 33},
        {"channels": 0},
        {"channels": 9},
        {"channels": True},
        {"channels": "2"},
        {"sample_rate": 10**9},
        {"declared_seconds": -1},
        {"declared_seconds": float("nan")},
        {"declared_seconds": "long"},
    ],
)
def test_facts_that_cannot_be_true_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(Misbehaved):
        claims.media_facts(json.loads(json.dumps(GOOD | change)), MediaLimits())


def test_the_length_of_a_decoding_is_counted_not_believed() -> None:
    said = {"channels": 2, "damaged_packets": 1, "seconds": 9, "filled_seconds": 9.0, "declared_seconds": 12}
    facts = claims.decoded_facts(said, 64_000, MediaLimits())
    assert facts == DecodedFacts(2, 1.0, 1, filled_seconds=1.0, declared_seconds=12.0)


@pytest.mark.parametrize(
    "lie",
    [
        {"filled_seconds": -1.0},
        {"filled_seconds": None},
        {"declared_seconds": "12"},
        {"declared_seconds": float("inf")},
    ],
)
def test_lengths_that_are_none_are_refused(lie: dict[str, object]) -> None:
    said = {"channels": 1, "damaged_packets": 0, "filled_seconds": 0.0, "declared_seconds": None}
    with pytest.raises(Misbehaved):
        claims.decoded_facts({**said, **lie}, 64_000, MediaLimits())


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(Misbehaved):
        claims.decoded_facts({"channels": 2, "damaged_packets": 0}, 6, MediaLimits())
