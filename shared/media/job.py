"""The parent's side of one job: serve the child its bytes, take its audio, believe nothing."""

import contextlib
import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.domain.ports import ByteSource
from shared.media.isolation import wire

_LEASH_SECONDS = 10.0
# A child that reads the recording over and over is not decoding it; seeking costs some of this.
_READS_PER_BYTE = 64
_READS_ALLOWANCE = 64 * 1024 * 1024


class Refused(Exception):
    """The child says why it does not accept the recording: ``code``, not yet checked."""

    def __init__(self, code: str) -> None:
        super().__init__("refused")
        self.code = code


class OutOfTime(Exception):
    """The job took too long, too much or said nothing; the child has been killed."""


class Misbehaved(Exception):
    """The child sent what ours never sends: it is no longer our program."""


class Died(Exception):
    """The child ended without an answer; ``status`` is its exit status, None if the server died too.

    Negative is a signal's number, as with subprocess. ``lossless``: no audio had come out yet.
    """

    def __init__(self, status: int | None, lossless: bool) -> None:
        super().__init__("died")
        self.status = status
        self.lossless = lossless


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for the whole job, seconds of silence, and bytes of audio that are accepted."""

    wall_seconds: float
    stall_seconds: float
    pcm_bytes: int


class Job:
    """One child at work, between hand-over and its end."""

    def __init__(
        self, socket_to_child: socket.socket, leash: socket.socket, source: ByteSource, patience: Patience
    ) -> None:
        self._socket = socket_to_child
        self._leash = leash
        self._source = source
        self._patience = patience
        self._deadline = time.monotonic() + patience.wall_seconds
        self._reads_left = _READS_PER_BYTE * source.size + _READS_ALLOWANCE
        self.pcm_bytes = 0

    def run(self, order: dict[str, Any], write: Callable[[bytes], None] | None) -> dict[str, Any]:
        """Send ``order`` and attend to the child until it is done; its facts, unchecked.

        The child is dead afterwards, however this ends. Raises Refused, OutOfTime, Misbehaved,
        Died, and the errors of the source and of ``write``.
        """
        try:
            facts = self._attend(order, write)
        except TimeoutError:
            self._end_child()
            raise OutOfTime from None
        except (EOFError, ConnectionError):
            raise Died(self._end_child(), lossless=self.pcm_bytes == 0) from None
        except BaseException:
            self._end_child()
            raise
        self._end_child()
        return facts

    def _attend(self, order: dict[str, Any], write: Callable[[bytes], None] | None) -> dict[str, Any]:
        self._send(wire.Kind.JOB, json.dumps(order).encode())
        while True:
            kind, payload = self._receive()
            if kind == wire.Kind.READ:
                self._serve(payload)
            elif kind == wire.Kind.PCM:
                self._take(payload, write)
            elif kind == wire.Kind.REFUSED:
                raise Refused(payload.decode("ascii", "replace"))
            else:
                return _parse(payload)

    def _serve(self, payload: bytes) -> None:
        """Answer a READ."""
        if len(payload) != wire.READ_REQUEST.size:
            raise Misbehaved
        offset, length = wire.READ_REQUEST.unpack(payload)
        if not 0 < length <= wire.READ_BLOCK or offset + length > self._source.size:
            raise Misbehaved
        self._reads_left -= length
        if self._reads_left < 0:
            raise OutOfTime
        # The source's own errors must not look like ours of the socket.
        data = self._source_bytes(offset, length)
        self._send(wire.Kind.DATA, data)

    def _source_bytes(self, offset: int, length: int) -> bytes:
        try:
            return self._source.read_at(offset, length)
        except (TimeoutError, EOFError, ConnectionError) as error:
            raise SourceFailed from error

    def _take(self, payload: bytes, write: Callable[[bytes], None] | None) -> None:
        """Pass on a PCM block."""
        self.pcm_bytes += len(payload)
        if write is None or len(payload) % 2 or self.pcm_bytes > self._patience.pcm_bytes:
            raise Misbehaved
        try:
            write(payload)
        except (TimeoutError, EOFError, ConnectionError) as error:
            raise SourceFailed from error

    def _send(self, kind: wire.Kind, payload: bytes) -> None:
        self._socket.settimeout(self._time_left())
        self._socket.sendall(wire.pack(kind, payload))

    def _receive(self) -> tuple[wire.Kind, bytes]:
        number, length = wire.HEADER.unpack(self._read_exactly(wire.HEADER.size))
        # JOB and DATA are ours to send: from a child they are in no table either.
        longest = {int(kind): most for kind, most in wire.LONGEST_FROM_CHILD.items()}.get(number, -1)
        if length > longest:
            raise Misbehaved
        return wire.Kind(number), self._read_exactly(length)

    def _read_exactly(self, length: int) -> bytes:
        data = bytearray()
        while len(data) < length:
            self._socket.settimeout(self._time_left())
            part = self._socket.recv(length - len(data))
            if not part:
                raise EOFError
            data += part
        return bytes(data)

    def _time_left(self) -> float:
        left = min(self._patience.stall_seconds, self._deadline - time.monotonic())
        if left <= 0:
            raise TimeoutError
        return left

    def _end_child(self) -> int | None:
        """Have the child's process group killed; its exit status, None if no process can report it.

        One that has already begun to die keeps the status it dies with.
        """
        with contextlib.suppress(OSError):
            self._leash.shutdown(socket.SHUT_WR)
            self._leash.settimeout(_LEASH_SECONDS)
            status = self._leash.recv(wire.EXIT_STATUS.size)
            if len(status) == wire.EXIT_STATUS.size:
                return int(wire.EXIT_STATUS.unpack(status)[0])
        return None


class SourceFailed(Exception):
    """The source or the sink failed with an error that could be taken for the child's; see cause."""


def _parse(payload: bytes) -> dict[str, Any]:
    try:
        facts = json.loads(payload)
    except (ValueError, RecursionError):
        raise Misbehaved from None
    if not isinstance(facts, dict):
        raise Misbehaved
    return facts
