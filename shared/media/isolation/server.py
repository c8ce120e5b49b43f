"""The fork server: holds PyAV ready and forks one confined child for every job.

Run as ``python -m shared.media.isolation.server <descriptor of the control socket>``. It has one thread
(forking with more is unsafe) and never looks at a recording itself. For every NEW_JOB byte
come two descriptors: the job's socket, which goes to the child, and the leash. When the
parent lets go of the leash the child's process group is killed; when the child has ended, its
wait status is written to the leash. At the end of the control socket everything ends.
"""

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from dataclasses import dataclass

from shared.media.isolation import child, confinement, preload, wire
from shared.media.isolation.confinement import Allowance
from shared.media.remote_file import receive

# A parent that was killed leaves its control socket to its own children, if it has some that
# forgot to close it; so look who our parent is now and then.
_LOOK_FOR_PARENT_MILLISECONDS = 5_000
_TRIAL_ALLOWANCE = Allowance(memory_bytes=1 << 32, data_bytes=1 << 32, cpu_seconds=5)


@dataclass(frozen=True, slots=True)
class _Running:
    pid: int
    leash: socket.socket


class ForkServer:
    """The loop: new jobs, ended children, leashes let go."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._libc = confinement.load_libc()
        self._parent = os.getppid()
        self._running: dict[int, _Running] = {}
        self._poll = select.poll()
        self._wakeup = self._wake_on_child()

    def _wake_on_child(self) -> socket.socket:
        """A socket that becomes readable when a child ends."""
        readable, writable = socket.socketpair()
        readable.setblocking(False)
        writable.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(writable.detach(), warn_on_full_buffer=False)
        return readable

    def serve(self) -> None:
        """Until the parent is gone."""
        self._control.sendall(self._try_confinement())
        self._poll.register(self._control, select.POLLIN)
        self._poll.register(self._wakeup, select.POLLIN)
        while os.getppid() == self._parent:
            for descriptor, _ in self._poll.poll(_LOOK_FOR_PARENT_MILLISECONDS):
                if descriptor == self._control.fileno():
                    if not self._accept():
                        return
                elif descriptor == self._wakeup.fileno():
                    self._reap()
                elif descriptor in self._running:
                    self._let_go(descriptor)

    def end_all(self) -> None:
        """Kill what still runs."""
        for job in self._running.values():
            _kill_group(job.pid)

    def _try_confinement(self) -> bytes:
        """The greeting: whether a child can install the seccomp filter on this machine."""
        pid = os.fork()
        if pid == 0:
            held = confinement.confine(self._libc, self._control.fileno(), _TRIAL_ALLOWANCE, os.getppid())
            os._exit(0 if held else 3)
        _, status = os.waitpid(pid, 0)
        return wire.CONFINED_BY_SECCOMP if status == 0 else wire.CONFINED_BY_LIMITS

    def _accept(self) -> bool:
        """Start the child for a new job; False if the parent has closed the control socket."""
        message, descriptors, _, _ = socket.recv_fds(self._control, 1, 2)
        if not message or len(descriptors) != 2:
            return False
        job, leash = descriptors
        server_pid = os.getpid()
        try:
            pid = os.fork()
        except OSError:
            # No memory or no process left: the parent sees the leash end without a status.
            os.close(job)
            os.close(leash)
            return True
        if pid == 0:
            self._be_child(job, server_pid)
        os.close(job)
        self._running[leash] = _Running(pid, socket.socket(fileno=leash))
        self._poll.register(leash, select.POLLIN)
        return True

    def _be_child(self, descriptor: int, server_pid: int) -> None:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            job = json.loads(receive(descriptor, wire.Kind.JOB))
            allowance = Allowance(job["memory_bytes"], job["data_bytes"], job["cpu_seconds"])
            confinement.confine(self._libc, descriptor, allowance, server_pid)
            child.run(descriptor, job, self._libc)
        finally:
            # Also after an error: never go on as a second server.
            os._exit(1)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wakeup.recv(4096):
                pass
        ended = {}
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                ended[found[0]] = found[1]
        for descriptor, job in list(self._running.items()):
            if job.pid in ended:
                self._report(descriptor, job, ended[job.pid])

    def _report(self, descriptor: int, job: _Running, status: int) -> None:
        with contextlib.suppress(KeyError):  # _let_go may have done it
            self._poll.unregister(descriptor)
        with contextlib.suppress(OSError):
            job.leash.sendall(wire.EXIT_STATUS.pack(os.waitstatus_to_exitcode(status)))
        job.leash.close()
        del self._running[descriptor]

    def _let_go(self, descriptor: int) -> None:
        """The parent is done with this job; the status follows when the child is reaped."""
        _kill_group(self._running[descriptor].pid)
        # A socket that was let go stays readable and would keep the loop spinning.
        self._poll.unregister(descriptor)


def _kill_group(pid: int) -> None:
    """Kill the child and all it started; safe, because its pid is ours until we reap it."""
    for kill in (os.kill, os.killpg):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def main() -> None:
    """Serve on the control socket named on the command line."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A terminal's Ctrl-C is for our parent, which then closes the control socket.
        signal.signal(number, signal.SIG_IGN if number == signal.SIGINT else signal.SIG_DFL)
    with socket.socket(fileno=int(sys.argv[1])) as control:
        preload.warm_up()
        server = ForkServer(control)
        # Children then copy fewer pages, because the collector does not write to old objects.
        gc.freeze()
        try:
            server.serve()
        finally:
            server.end_all()


if __name__ == "__main__":
    main()
