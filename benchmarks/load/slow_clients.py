"""Measures what slow clients cost others: honest requests without and with hundreds of them, in one run.

Run ``python -m benchmarks.load.slow_clients``; it takes about two minutes, starts a Postgres, a Redis and
the API (one process) of its own, and leaves nothing. Each slow client has a connection and sends a
byte a second: headers, a small body, or an upload, from its first byte on or after a quick beginning
that the application reads, with a good key and the limits on attempts out of the way. A connection
that the server gives up is opened again, as an attacker would.
"""

import argparse
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import httpx2

from api.server import request_buffer
from benchmarks.load.serving import Server, served
from shared import logs
from tests.stack import temporary_folder

SECONDS = 12.0
SETTLING_SECONDS = 4.0
HEADERS = "GET /api/whoami HTTP/1.1\r\nHost: x\r\nX-Slow: "
SMALL_BODY = (
    "POST /api/patients HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
    "Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n{{"
)
UPLOAD = (
    "POST /api/sessions/upload?patient_id={patient} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
    "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n--x\r\n"
)
# As much as is waited for before an upload is begun with, all at once.
BEGUN_UPLOAD = UPLOAD + "X-Slow: a\r\n" * (request_buffer.BEGUN_BYTES // 11 + 1)
CROWDS = {
    "headers and small bodies": (HEADERS, SMALL_BODY),
    "a third of them uploads": (HEADERS, SMALL_BODY, UPLOAD),
    "a third of them uploads that begin well": (HEADERS, SMALL_BODY, BEGUN_UPLOAD),
    "all of them uploads that begin well": (BEGUN_UPLOAD,),
}


@dataclass
class Crowd:
    """Clients that send a byte a second each."""

    server: Server
    starts: list[bytes]
    connections: list[socket.socket] = field(default_factory=list)
    reopened: int = 0

    def arrive(self) -> None:
        """All connect and send the beginning of their request."""
        self.connections = [self._connect(start) for start in self.starts]

    def send_bytes(self, stop: threading.Event) -> None:
        """A byte of each every second; whoever was given up comes again."""
        while not stop.wait(1.0):
            for number, connection in enumerate(self.connections):
                try:
                    if is_ended(connection):
                        raise ConnectionError
                    connection.sendall(b"a")
                except OSError:
                    connection.close()
                    self.reopened += 1
                    self.connections[number] = self._connect(self.starts[number])

    def leave(self) -> None:
        """All hang up."""
        for connection in self.connections:
            connection.close()

    def _connect(self, start: bytes) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=10)
        connection.sendall(start)
        connection.setblocking(False)  # with a timeout, Python would wait even for a peek
        return connection


def is_ended(connection: socket.socket) -> bool:
    """Whether the server has answered, or hung up."""
    with suppress(BlockingIOError):
        connection.recv(1, socket.MSG_PEEK)
        return True
    return False


@contextmanager
def crowded(server: Server, clients: int, kinds: tuple[str, ...]) -> Iterator[Crowd]:
    """``clients`` slow clients meanwhile, of these kinds by turns."""
    texts = [kinds[number % len(kinds)] for number in range(clients)]
    starts = [text.format(key=server.key, patient=server.patient_id) for text in texts]
    crowd, stop = Crowd(server, [start.encode() for start in starts]), threading.Event()
    crowd.arrive()
    sender = threading.Thread(target=crowd.send_bytes, args=(stop,))
    sender.start()
    try:
        yield crowd
    finally:
        stop.set()
        sender.join()
        crowd.leave()


def honest(server: Server, seconds: float) -> list[float]:
    """Milliseconds of each request, sorted: one after another, each on a connection of its own."""
    taken, until = [], time.monotonic() + seconds
    url, headers = f"http://127.0.0.1:{server.port}/api/whoami", {"Authorization": f"Bearer {server.key}"}
    alone = httpx2.Limits(max_keepalive_connections=0)
    with httpx2.Client(trust_env=False, timeout=30, limits=alone) as client:
        while time.monotonic() < until:
            began = time.perf_counter()
            answer = client.get(url, headers=headers)
            taken.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, answer.text
    return sorted(taken)


def percentile(ordered: list[float], part: float) -> float:
    """The value that ``part`` of all do not exceed (nearest rank)."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def measure(server: Server, clients: int) -> None:
    """Print the table: before each crowd, what it is like without."""
    titles = "".join(f"{title:>8}" for title in ("requests", "p50", "ratio", "p95", "ratio", "again"))
    print(f"\n{f'{clients} slow clients, ms':<54}{titles}")
    for name, kinds in CROWDS.items():
        honest(server, SETTLING_SECONDS)  # what the crowd before left has yet to be put away
        quiet = honest(server, SECONDS)
        show("nobody", quiet, quiet, 0)
        with crowded(server, clients, kinds) as crowd:
            coming = honest(server, SECONDS / 2)
            arrived = crowd.reopened
            there = honest(server, SECONDS)
        show(f"{name}, their first {SECONDS / 2:.0f} s", coming, quiet, arrived)
        show(f"{name}, then", there, quiet, crowd.reopened - arrived)


def show(name: str, taken: list[float], quiet: list[float], again: int) -> None:
    """A line of the table: how often slow clients came again, since the server had given them up."""
    line = f"{name:<54}{len(taken):>8}"
    for part in (0.5, 0.95):
        value = percentile(taken, part)
        line += f"{value:>8.1f}{value / percentile(quiet, part):>8.2f}"
    print(f"{line}{again:>8}", flush=True)


def main() -> None:
    """Measure with ``--clients``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=300)
    arguments = parser.parse_args()
    logs.configure("benchmark", "ERROR")
    with temporary_folder() as folder, served(folder) as server:
        measure(server, arguments.clients)


if __name__ == "__main__":
    main()
