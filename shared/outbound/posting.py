"""One POST to an address that a customer chose, made so that it reaches nothing of ours.

The name is resolved once; each address that comes back is judged; the connection goes to a judged
address, while the URL (so Host, SNI and the certificate's check) keeps the name. No redirect is
followed, no proxy is taken from the environment, and the whole has one deadline, however slowly
the other side speaks. Of the answer only its head is read.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import httpcore2
import httpx2

from shared.outbound.addresses import is_within, may_be_called
from shared.parsing import WEB_PORTS

DEADLINE_SECONDS = 10.0

Resolver = Callable[[str, int], Sequence[str]]


class NotDelivered(Exception):
    """No answer came; ``code`` says why in one machine word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of an answer: its status, and the seconds it asks to be left alone for."""

    status: int
    retry_after_seconds: float | None


def resolve(host: str, port: int) -> Sequence[str]:
    """Every address of ``host``; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


class Poster:
    """Posts to ``ports`` of others' addresses; ``own_networks`` may be reached though they are private.

    Plain http is spoken to ``own_networks`` alone. Safe to share between threads.
    """

    def __init__(
        self,
        own_networks: Sequence[str] = (),
        ports: Sequence[range] = WEB_PORTS,
        *,
        resolver: Resolver = resolve,
        seconds: float = DEADLINE_SECONDS,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._own_networks, self._ports = own_networks, ports
        self._resolver = resolver
        self._seconds = seconds
        self._ssl_context = ssl_context or httpcore2.default_ssl_context()

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer's head, for any status; raises NotDelivered."""
        deadline = _Deadline(self._seconds)
        target = _parsed(url)
        port = target.port or (443 if target.scheme == "https" else 80)
        if not any(port in allowed for allowed in self._ports):
            raise NotDelivered("port_refused")
        addresses = self._judged(target.scheme, target.host, port, deadline)
        try:
            with (
                httpcore2.ConnectionPool(
                    ssl_context=self._ssl_context, network_backend=_Pinned(addresses, deadline)
                ) as pool,
                pool.stream(
                    "POST", _as_parsed(target), headers=_headers(target, headers), content=body
                ) as response,
            ):
                return Answer(response.status, _retry_after(response.headers))
        except (httpcore2.TimeoutException, TimeoutError) as error:
            raise NotDelivered("timeout") from error
        except httpcore2.ConnectError as error:
            raise NotDelivered("tls_failed" if _is_tls(error) else "connection_failed") from error
        except httpcore2.NetworkError as error:
            raise NotDelivered("connection_broke") from error
        except httpcore2.ProtocolError as error:
            raise NotDelivered("answer_malformed") from error

    def _judged(self, scheme: str, host: str, port: int, deadline: "_Deadline") -> Sequence[str]:
        """The addresses of ``host``: all may be called, else none is."""
        addresses = _within(deadline, lambda: self._resolver(host, port))
        if not addresses:
            raise NotDelivered("name_unknown")
        if not all(may_be_called(address, self._own_networks) for address in addresses):
            raise NotDelivered("address_refused")
        own = all(is_within(address, self._own_networks) for address in addresses)
        if scheme != "https" and not own:
            raise NotDelivered("not_https")
        return addresses


class _Deadline:
    """A moment after which nothing is waited for any more."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds still to go; raises TimeoutError when there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the deadline has passed")
        return left


class _Pinned(httpcore2.NetworkBackend):
    """Connects to the judged addresses alone, one after the other until one answers."""

    def __init__(self, addresses: Sequence[str], deadline: _Deadline) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """A connection to ``port`` of a judged address; ``host`` is what they were judged for."""
        error: httpcore2.ConnectError | None = None
        for address in self._addresses:
            try:
                stream = self._sockets.connect_tcp(address, port, timeout=self._deadline.left())
            except httpcore2.ConnectError as failure:
                error = failure
                continue
            return _Hurried(stream, self._deadline)
        raise error or httpcore2.ConnectError("no address")


class _Hurried(httpcore2.NetworkStream):
    """A stream on which every wait ends with the deadline of the whole."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left())
        return _Hurried(stream, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _within(deadline: _Deadline, look_up: Callable[[], Sequence[str]]) -> Sequence[str]:
    """What ``look_up`` finds in time; none where the name is unknown. A resolver takes no deadline itself."""
    found: SimpleQueue[Sequence[str]] = SimpleQueue()

    def run() -> None:
        try:
            found.put(look_up())
        except (OSError, UnicodeError):
            found.put(())

    threading.Thread(target=run, daemon=True, name="resolver").start()
    try:
        return found.get(timeout=deadline.left())
    except Empty:
        raise NotDelivered("timeout") from None


def _parsed(url: str) -> httpx2.URL:
    try:
        return httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise NotDelivered("url_invalid") from error


def _as_parsed(target: httpx2.URL) -> httpcore2.URL:
    """The same for the connection: a second reading of the text might find another host in it."""
    return httpcore2.URL(
        scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path
    )


def _headers(target: httpx2.URL, headers: Mapping[str, str]) -> list[tuple[str, str]]:
    host = target.netloc.decode("ascii")
    return [("Host", host), ("Accept", "*/*"), ("Connection", "close"), *headers.items()]


def _retry_after(headers: Iterable[tuple[bytes, bytes]]) -> float | None:
    for name, value in headers:
        if name.lower() == b"retry-after" and value.isdigit() and len(value) < 10:
            return float(value)
    return None


def _is_tls(error: BaseException) -> bool:
    return isinstance(error.__cause__, ssl.SSLError) or isinstance(error.__context__, ssl.SSLError)
