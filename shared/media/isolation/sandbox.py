"""Parses hostile media in a child process that can do no harm: the port ``MediaDecoder``."""

import contextlib
import dataclasses
import os
import signal
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

from shared.domain.errors import RetryableStepError, Unavailable
from shared.domain.ports import ByteSource
from shared.domain.values import BYTES_PER_SAMPLE, SAMPLE_RATE, DecodedFacts, MediaFacts
from shared.media import claims, refusals
from shared.media.isolation import host_slots
from shared.media.isolation.fork_server import ForkServer
from shared.media.job import Died, Job, Misbehaved, OutOfTime, Patience, Refused, SourceFailed
from shared.media.limits import MediaLimits

_Write = Callable[[bytes], None]


class Sandbox:
    """A fork server with PyAV loaded, and one confined child of it for every recording.

    Thread-safe. The server starts with the first job, is started again if it died, and belongs to
    the process that started it: a process forked from ours starts its own.
    """

    def __init__(self, limits: MediaLimits | None = None) -> None:
        self._limits = limits or MediaLimits()
        self._lock = threading.Lock()
        self._places = threading.Semaphore(self._limits.children)
        self._server: ForkServer | None = None
        self._ending: weakref.finalize[[], Sandbox] | None = None
        _SANDBOXES.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def confinement(self) -> str:
        """How children are held here: ``seccomp``, or ``limits`` where the kernel has no seccomp."""
        with self._lock:
            return self._running_server().confinement

    @property
    def server_pid(self) -> int:
        """Process id of the fork server, which is started if need be."""
        with self._lock:
            return self._running_server().pid

    def close(self) -> None:
        """End the server and every child; the next job would start it again."""
        with self._lock:
            self._end_server()

    def probe(self, source: ByteSource) -> MediaFacts:
        """Facts from opening ``source`` and decoding its first two seconds.

        Raises UnsupportedMedia for what is not usable audio, and Unavailable if the decoder could not
        be run or was killed by the machine.
        """
        limits = self._limits
        patience = Patience(limits.probe_wall_seconds, limits.stall_seconds, pcm_bytes=0)
        try:
            found, _ = self._run("probe", source, None, limits.probe_cpu_seconds, patience)
            return claims.media_facts(found, limits)
        except Refused as refused:
            raise refusals.unsupported(refused.code) from None
        except Misbehaved:
            raise refusals.unsupported("undecodable") from None
        except OutOfTime:
            raise refusals.unsupported("too_costly") from None
        except Died as died:
            if died.status == -signal.SIGXCPU:
                raise refusals.unsupported("too_costly") from None
            if died.status is None or died.status == -signal.SIGKILL:
                raise Unavailable("The media decoder was ended; try again.", "decoder_died") from None
            raise refusals.unsupported("undecodable") from None

    def decode(self, source: ByteSource, write: _Write) -> DecodedFacts:
        """Hand all audio of ``source`` to ``write`` as 16 kHz 16-bit PCM, in blocks up to 128 KiB.

        Two channels stay two, interleaved; anything else becomes one. Lost audio is replaced by
        silence where the container's clock shows it. Raises PermanentStepError
        (``recording_too_long``, ``undecodable_audio``, ``decoding_timed_out``, ...),
        RetryableStepError (``decoder_died``), Unavailable (``decoder_unavailable``), and the errors of
        ``source`` and ``write``.
        """
        limits = self._limits
        most = limits.max_seconds * SAMPLE_RATE * BYTES_PER_SAMPLE * 2
        patience = Patience(limits.decode_wall_seconds, limits.stall_seconds, pcm_bytes=most)
        try:
            found, pcm_bytes = self._run("decode", source, write, limits.decode_cpu_seconds, patience)
            return claims.decoded_facts(found, pcm_bytes, limits)
        except Refused as refused:
            raise refusals.permanent(refused.code) from None
        except Misbehaved:
            raise refusals.permanent("undecodable") from None
        except OutOfTime:
            raise refusals.permanent("too_costly") from None
        except Died as died:
            if died.status == -signal.SIGXCPU:
                raise refusals.permanent("too_costly") from None
            raise RetryableStepError(
                "The media decoder was ended before it had finished; it will be tried again.",
                "decoder_died",
            ) from None

    def attempt_escapes(self) -> dict[str, str]:
        """Have a child try what it must not do: the act, and the name of the error it got.

        ``done`` is an act that succeeded. For tests and for operators who want to see it.
        """
        patience = Patience(self._limits.probe_wall_seconds, self._limits.stall_seconds, pcm_bytes=0)
        found, _ = self._run("escape", _Nothing(), None, self._limits.probe_cpu_seconds, patience)
        return {str(act): str(outcome) for act, outcome in found.items()}

    def _run(
        self, task: str, source: ByteSource, write: _Write | None, cpu_seconds: int, patience: Patience
    ) -> tuple[dict[str, Any], int]:
        """The child's claims and the bytes of audio it sent; once more if the server had died."""
        limits = self._limits
        order = {
            "task": task,
            "size": source.size,
            "memory_bytes": self._limits.memory_bytes,
            "data_bytes": limits.decode_data_bytes if task == "decode" else limits.probe_data_bytes,
            "cpu_seconds": cpu_seconds,
            "limits": dataclasses.asdict(self._limits),
        }
        with self._one_of_few():
            try:
                return self._run_once(order, source, write, patience)
            except Died as died:
                if died.status is not None or not died.lossless:
                    raise
            return self._run_once(order, source, write, patience)

    @contextlib.contextmanager
    def _one_of_few(self) -> Iterator[None]:
        """Wait until process and host may have one more child; raises Unavailable after ``busy_seconds``."""
        limits, places = self._limits, self._places
        deadline = time.monotonic() + limits.busy_seconds
        if not places.acquire(timeout=limits.busy_seconds):
            raise _busy()
        try:
            with host_slots.slot(limits.host_children, deadline - time.monotonic()) as held:
                if not held:
                    raise _busy()
                yield
        finally:
            places.release()

    def _run_once(
        self, order: dict[str, Any], source: ByteSource, write: _Write | None, patience: Patience
    ) -> tuple[dict[str, Any], int]:
        ours, theirs = socket.socketpair()
        leash, their_leash = socket.socketpair()
        with ours, leash:
            with theirs, their_leash:
                self._hand_over(theirs, their_leash)
            job = Job(ours, leash, source, patience)
            try:
                return job.run(order, write), job.pcm_bytes
            except SourceFailed as failed:
                raise (failed.__cause__ or failed) from None

    def _hand_over(self, job: socket.socket, leash: socket.socket) -> None:
        with self._lock:
            try:
                self._running_server().hand_over(job, leash)
            except OSError:
                # It died since we looked; a new one either takes the job or says why not.
                self._end_server()
                self._running_server().hand_over(job, leash)

    def _running_server(self) -> ForkServer:
        if self._server is not None and not self._server.is_alive():
            self._end_server()
        if self._server is None:
            self._server = ForkServer(self._limits.start_seconds)
            self._ending = weakref.finalize(self, self._server.end)
        return self._server

    def _end_server(self) -> None:
        if self._ending is not None:
            self._ending()
        self._server = self._ending = None

    def _disown(self) -> None:
        """After a fork, in the child: new locks (other threads may have held them), no server."""
        self._lock = threading.Lock()
        self._places = threading.Semaphore(self._limits.children)
        if self._ending is not None:
            self._ending.detach()
        if self._server is not None:
            self._server.disown()
        self._server = self._ending = None


def _busy() -> Unavailable:
    return Unavailable("The media decoder is busy. Try again in a minute.", "decoder_unavailable")


class _Nothing:
    """A recording of no bytes."""

    size = 0

    def read_at(self, offset: int, length: int) -> bytes:
        """Nothing."""
        return b""


_SANDBOXES: weakref.WeakSet[Sandbox] = weakref.WeakSet()


def _disown_all() -> None:
    # Otherwise the parent's control socket lives on in its children, and the server outlives it.
    for sandbox in list(_SANDBOXES):
        with contextlib.suppress(OSError):
            sandbox._disown()


os.register_at_fork(after_in_child=_disown_all)
