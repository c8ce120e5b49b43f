"""Measures uploads: bytes per CPU second of the server beside a bare loop, memory, small ones a second.

Run ``python -m benchmarks.load.uploading``; it takes about a minute, starts a Postgres, a Redis and the
API (one process) of its own, and leaves nothing. The bare loop is the limit: it reads the same
bytes from a socket, hashes, encrypts them in frames of 64 KiB and writes them, and nothing else.
Only the ratio means much, and of several rounds the best: on a busy machine the CPU seconds of the
same work vary by a factor of two.
"""

import argparse
import base64
import hashlib
import io
import os
import secrets
import socket
import threading
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks.load.serving import Server, served
from shared import logs
from tests.stack import temporary_folder

MIB = 1024 * 1024
BLOCK = MIB
FRAME = 64 * 1024
ROUNDS = 5


class Recording:
    """A WAV file of ``size`` bytes that is never in memory: a head, and the same noise again and again."""

    def __init__(self, size: int) -> None:
        self.size = size
        file = io.BytesIO()
        with wave.open(file, "wb") as output:
            output.setnchannels(2)
            output.setsampwidth(2)
            output.setframerate(48_000)
            output.setnframes(size // 4)
            output.writeframes(b"")
        self._head = file.getvalue()
        self._noise = os.urandom(8 * MIB)

    def blocks(self) -> Iterator[bytes | memoryview]:
        """The file, in blocks."""
        yield self._head
        left = self.size - len(self._head)
        while left:
            with memoryview(self._noise) as noise:
                yield noise[: min(left, len(noise))]
            left -= min(left, len(self._noise))


def bare_loop(recording: Recording, folder: Path) -> float:
    """CPU seconds of the limit: a process that reads, hashes, encrypts and writes the recording."""
    listener = socket.create_server(("127.0.0.1", 0))
    child = os.fork()
    if not child:
        listener.settimeout(60)
        connection, _ = listener.accept()
        connection.setblocking(True)
        _store(connection, folder / f"bare-{secrets.token_hex(4)}")
        os._exit(0)
    with socket.create_connection(listener.getsockname()) as client:
        for block in recording.blocks():
            client.sendall(block)
    listener.close()
    _, _, usage = os.wait4(child, 0)
    return usage.ru_utime + usage.ru_stime


def _store(connection: socket.socket, path: Path) -> None:
    cipher, hashed, number = AESGCM(secrets.token_bytes(32)), hashlib.sha256(), 0
    block, sealed = bytearray(BLOCK), bytearray(BLOCK + 16 * (BLOCK // FRAME))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    with memoryview(block) as view, memoryview(sealed) as out:
        while size := _fill(connection, view):
            hashed.update(view[:size])
            end = 0
            for begin in range(0, size, FRAME):
                plain = view[begin : min(begin + FRAME, size)]
                cipher.encrypt_into(number.to_bytes(12, "big"), plain, None, out[end : end + len(plain) + 16])
                end, number = end + len(plain) + 16, number + 1
            os.write(descriptor, out[:end])
    os.fsync(descriptor)
    os.close(descriptor)
    path.unlink()


def _fill(connection: socket.socket, view: memoryview) -> int:
    filled = 0
    while filled < len(view) and (count := connection.recv_into(view[filled:])):
        filled += count
    return filled


def multipart(server: Server, recording: Recording) -> None:
    """One upload as a form."""
    head = (
        b'--bound-ary\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'
        b"Content-Type: audio/wav\r\n\r\n"
    )
    end = b"\r\n--bound-ary--\r\n"
    length = len(head) + recording.size + len(end)
    path = f"POST /api/sessions/upload?patient_id={server.patient_id}"
    headers = f"Content-Type: multipart/form-data; boundary=bound-ary\r\nContent-Length: {length}"
    _exchange(server, path, headers, [head, *recording.blocks(), end], b"202")


def tus(server: Server, recording: Recording, part: int | None = None) -> None:
    """One resumable upload, in one part or in parts of so many bytes."""
    pairs = {"filename": "a.wav", "filetype": "audio/wav", "patient_id": str(server.patient_id)}
    metadata = ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in pairs.items())
    announced = f"Upload-Length: {recording.size}\r\nUpload-Metadata: {metadata}\r\nContent-Length: 0"
    answer = _exchange(server, "POST /api/uploads", f"Tus-Resumable: 1.0.0\r\n{announced}", [], b"201")
    address = answer.split(b"Location: ")[1].split(b"\r\n")[0].decode()
    for offset, length, blocks in _parts(recording, part or recording.size):
        headers = (
            f"Tus-Resumable: 1.0.0\r\nUpload-Offset: {offset}\r\nContent-Length: {length}\r\n"
            "Content-Type: application/offset+octet-stream"
        )
        _exchange(server, f"PATCH {address}", headers, blocks, b"204")


def _parts(recording: Recording, part: int) -> Iterator[tuple[int, int, list[bytes | memoryview]]]:
    whole = list(recording.blocks())
    offset = 0
    while offset < recording.size:
        wanted, blocks = min(part, recording.size - offset), []
        offset += wanted
        left = wanted
        while left:
            block = whole.pop(0)
            if len(block) > left:
                whole.insert(0, block[left:])
            blocks.append(block[:left])
            left -= len(blocks[-1])
        yield offset - wanted, wanted, blocks


def _exchange(
    server: Server, request_line: str, headers: str, body: list[bytes | memoryview], expected: bytes
) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=300) as connection:
        usual = f"Host: x\r\nAuthorization: Bearer {server.key}"
        connection.sendall(f"{request_line} HTTP/1.1\r\n{usual}\r\n{headers}\r\n\r\n".encode())
        for block in body:
            connection.sendall(block)
        answer = connection.recv(65536)
    assert answer.split(b" ")[1] == expected, answer
    return answer


def small_ones(server: Server, seconds: float, clients: int = 4) -> float:
    """Uploads of half a minute of speech (1 MiB) that are accepted in a second, by clients side by side."""
    recording, done, until = Recording(MIB), [0] * clients, time.monotonic() + seconds

    def go_on(number: int) -> None:
        while time.monotonic() < until:
            multipart(server, recording)
            done[number] += 1

    began = time.monotonic()
    threads = [threading.Thread(target=go_on, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.monotonic() - began)


def memory_growth(server: Server, recording: Recording, upload: Callable[[Server, Recording], None]) -> float:
    """The most MiB that each of four uploads side by side adds."""
    before, most, stop = server.memory(), 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not stop.wait(0.05):
            most = max(most, server.memory())

    watcher = threading.Thread(target=watch)
    threads = [threading.Thread(target=upload, args=(server, recording)) for _ in range(4)]
    watcher.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    watcher.join()
    return (most - before) / 4 / MIB


def measure(server: Server, folder: Path, size: int) -> None:
    """Print the table."""
    recording = Recording(size)
    ways: dict[str, Callable[[], object]] = {
        "multipart": lambda: multipart(server, recording),
        "tus, one part": lambda: tus(server, recording),
        "tus, parts of 8 MiB": lambda: tus(server, recording, 8 * MIB),
    }
    multipart(server, Recording(MIB))  # the decoder's warm server starts with the first
    spent: dict[str, list[float]] = {name: [] for name in ("bare loop", *ways)}
    for _ in range(ROUNDS):
        spent["bare loop"].append(bare_loop(recording, folder))
        for name, upload in ways.items():
            before = server.cpu_seconds()
            upload()
            spent[name].append(server.cpu_seconds() - before)
    limit = min(spent["bare loop"])
    print(f"\n{size // MIB} MiB, best of {ROUNDS}          MB per CPU second   of the bare loop")
    for name, seconds in spent.items():
        print(f"{name:<34} {size / 1e6 / min(seconds):>6.0f}               {limit / min(seconds):.2f}")
    for name, way in (("multipart", multipart), ("tus", tus)):
        print(f"memory of one of four side by side, {name}: {memory_growth(server, recording, way):.1f} MiB")
    print(f"uploads of 1 MiB, four clients: {small_ones(server, 5):.1f} a second")


def main() -> None:
    """Measure uploads of ``--mib``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=500)
    arguments = parser.parse_args()
    logs.configure("benchmark", "ERROR")
    with temporary_folder() as folder, served(folder) as server:
        measure(server, folder, arguments.mib * MIB)


if __name__ == "__main__":
    main()
