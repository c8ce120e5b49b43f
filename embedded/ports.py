"""TCP ports of 127.0.0.1: which are free, and which one a server had last time."""

import secrets
import socket
from collections.abc import Collection
from pathlib import Path

import psutil

from embedded.private_files import write_private

LOOPBACK = "127.0.0.1"
LAST_PORT = 65535
# Below the range that kernels hand to outgoing connections (Linux 32768 up, IANA and macOS
# 49152 up): a port from there may be some client's source port when the server wants it back.
OWN_RANGE = range(20000, 30000)


def is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            # Two sockets may share a bound address as long as neither listens.
            probe.listen(1)
        except OSError:
            return False
    return True


def is_served_here(port: int) -> bool:
    """Whether this process or a descendant listens on ``port``.

    An answer alone proves nothing: a second stack may have taken a port that was free a moment ago.
    """
    own = psutil.Process()
    return any(_listens_on(process, port) for process in [own, *own.children(recursive=True)])


def _listens_on(process: psutil.Process, port: int) -> bool:
    try:
        sockets = process.net_connections(kind="tcp")
    except psutil.Error:  # it ended, or runs as another user
        return False
    return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in sockets)


def next_free(preferred: int, taken: Collection[int] = ()) -> int:
    """The first free port from ``preferred`` upwards that is not in ``taken``.

    Raises OSError when the hundred from there on are all in use.
    """
    last = min(preferred + 99, LAST_PORT)
    for port in range(preferred, last + 1):
        if port not in taken and is_free(port):
            return port
    raise OSError(f"no free port between {preferred} and {last}; set another one")


def remembered_port(path: Path) -> int:
    """The port kept in ``path``, or a new random one where there is none or it is in use."""
    if path.exists():
        known = path.read_text(encoding="utf-8").strip()
        if known.isdecimal() and is_free(int(known)):
            return int(known)
    for _ in range(100):
        port = OWN_RANGE.start + secrets.randbelow(len(OWN_RANGE))
        if is_free(port):
            write_private(path, f"{port}\n")
            return port
    raise OSError(f"no free port found between {OWN_RANGE.start} and {OWN_RANGE.stop}")
