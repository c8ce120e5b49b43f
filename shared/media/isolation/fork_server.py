"""The parent's handle on the fork server: start it, hand it jobs, see it end."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from shared.domain.errors import Unavailable
from shared.media.isolation import wire

_IMPORT_ROOT = Path(__file__).resolve().parents[3]
_WORDS = {wire.CONFINED_BY_SECCOMP: "seccomp", wire.CONFINED_BY_LIMITS: "limits"}
_END_SECONDS = 5.0


class ForkServer:
    """One running fork server. Not thread-safe; ``Sandbox`` holds a lock.

    Raises Unavailable if it does not come up within ``start_seconds``.
    """

    def __init__(self, start_seconds: float) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            # By name, so that this process never imports what parses media. No environment: no
            # secret of ours is readable in the child, and none of its libraries takes advice.
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, fixed arguments
                [sys.executable, "-E", "-s", "-m", "shared.media.isolation.server", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                env={},
                cwd=_IMPORT_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._control.settimeout(start_seconds)
        try:
            greeting = self._control.recv(1)
        except OSError:
            greeting = b""
        if greeting not in _WORDS:
            self.end()
            raise Unavailable("The media decoder does not start; try again later.", "decoder_unavailable")
        self.confinement = _WORDS[greeting]

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def hand_over(self, job: socket.socket, leash: socket.socket) -> None:
        """Have a child forked that serves ``job``. Raises OSError if the server is gone."""
        socket.send_fds(self._control, [wire.NEW_JOB], [job.fileno(), leash.fileno()])

    def end(self) -> None:
        """Close the control socket, which ends the server and all children, and wait for it."""
        self._control.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def disown(self) -> None:
        """In a forked process: let go of the server without ending it; it belongs to our parent."""
        self._control.close()
        # Otherwise subprocess warns that a process, which is not our child, still runs.
        self._process.returncode = 0
