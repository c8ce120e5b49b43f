"""A webhook's receiver: a real server on loopback that keeps what it is sent and answers as told."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Speak = Callable[[socket.socket], None]
MOST_BYTES = 1024 * 1024


@dataclass
class Received:
    """One request: its first line, its headers by lower-case name, its body."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What arrived, and what is answered: ``answers`` in turn, then the last of them for ever."""

    url: str
    port: int
    answers: list[Speak]
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    names: list[str | None] = field(default_factory=list)  # the SNI of each TLS connection


def says(status: int, *headers: str) -> Speak:
    """An answer of this status without a body."""
    head = "\r\n".join([f"HTTP/1.1 {status} X", *headers, "Content-Length: 0", "", ""])
    return lambda connection: connection.sendall(head.encode())


@contextmanager
def receiving(
    *answers: Speak, host: str = "127.0.0.1", port: int = 0, context: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    """A receiver on ``host``; with ``context`` it speaks TLS."""
    with socket.create_server((host, port)) as listener:
        port = listener.getsockname()[1]
        scheme = "https" if context else "http"
        receiver = Receiver(f"{scheme}://{host}:{port}/hook", port, list(answers) or [says(204)])
        if context is not None:
            context.sni_callback = lambda _, name, __: receiver.names.append(name)
        thread = threading.Thread(target=_serve, args=(listener, receiver, context), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def _serve(listener: socket.socket, receiver: Receiver, context: ssl.SSLContext | None) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        receiver.connections += 1
        threading.Thread(target=_talk, args=(connection, receiver, context), daemon=True).start()


def _talk(connection: socket.socket, receiver: Receiver, context: ssl.SSLContext | None) -> None:
    with suppress(OSError), connection:
        connection.settimeout(20)
        spoken = context.wrap_socket(connection, server_side=True) if context else connection
        with spoken:
            receiver.requests.append(_read(spoken))
            answer = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
            answer(spoken)


def _read(connection: socket.socket) -> Received:
    data = b""
    while b"\r\n\r\n" not in data and len(data) < MOST_BYTES:
        data += connection.recv(65536) or _cut()
    head, _, body = data.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (text.partition(":") for text in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65536) or _cut()
    return Received(line, headers, body)


def _cut() -> bytes:
    raise OSError("the sender went away")
