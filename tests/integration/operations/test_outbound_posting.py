"""A POST to an address that somebody else chose reaches nothing of ours and ends in time."""

import datetime
import itertools
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared.outbound.posting import NotDelivered, Poster, resolve
from tests.fakes.receiver import Receiver, receiving, says

HERE = ("127.0.0.0/8",)
ANY_PORT = (range(1, 65536),)
PUBLIC = "93.184.216.34"  # never reached: each test that names it is refused before


def poster_to(own_networks: Sequence[str] = (), **options: Any) -> Poster:
    return Poster(own_networks, ANY_PORT, **options)


def refusal(poster: Poster, url: str) -> str:
    with pytest.raises(NotDelivered) as caught:
        poster.post(url, b"{}", {})
    return caught.value.code


def always(*addresses: str) -> Poster:
    return poster_to(HERE, resolver=lambda *_: addresses)


@pytest.fixture
def receiver() -> Receiver:
    with receiving() as receiver:
        yield receiver  # type: ignore[misc]  # pytest takes a generator


def test_an_own_network_is_reached_in_plain_http(receiver: Receiver) -> None:
    answer = poster_to(HERE).post(receiver.url, b'{"a":1}', {"X-One": "two"})
    assert answer.status == 204
    (request,) = receiver.requests
    assert (request.line, request.body) == ("POST /hook HTTP/1.1", b'{"a":1}')
    assert request.headers["x-one"] == "two"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "0x7f.0.0.1", "0177.0.0.1", "2130706433", "127.0.0.1.", "localhost",
        "LOCALHOST", "0x0", "0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "①②⑦.⓪.⓪.①",
        "127。0。0。1", "a@127.0.0.1", "hook.example@127.0.0.1", "127.0.0.1\\@hook.example", "",
    ],
)  # fmt: skip
def test_loopback_is_refused_however_it_is_spelt(receiver: Receiver, host: str) -> None:
    code = refusal(poster_to(), f"https://{host}:{receiver.port}/")
    assert code in ("address_refused", "name_unknown", "url_invalid")
    assert receiver.connections == 0


def test_one_private_address_among_public_ones_refuses_the_name(receiver: Receiver) -> None:
    for addresses in ((PUBLIC, "127.0.0.1"), ("127.0.0.1", PUBLIC), ("::1", "2606:2800:220:1::1")):
        poster = poster_to(resolver=lambda *_, found=addresses: found)
        assert refusal(poster, f"https://hook.example:{receiver.port}/") == "address_refused"
    assert receiver.connections == 0


def test_a_name_that_changes_its_answer_is_asked_once_and_taken_at_its_word() -> None:
    with receiving(host="127.0.0.2") as first, receiving(host="127.0.0.1", port=first.port) as victim:
        asked: list[str] = []

        def rebinding(host: str, port: int) -> Sequence[str]:
            asked.append(host)
            return ["127.0.0.2"] if len(asked) == 1 else ["127.0.0.1"]

        poster = poster_to(("127.0.0.2/32",), resolver=rebinding)
        assert poster.post(f"http://hook.example:{first.port}/", b"{}", {}).status == 204
        assert asked == ["hook.example"]
        assert (first.connections, victim.connections) == (1, 0)
        assert first.requests[0].headers["host"] == f"hook.example:{first.port}"
        assert refusal(poster, f"http://hook.example:{first.port}/") == "address_refused"
        assert victim.connections == 0


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with receiving() as inner, receiving(says(302, f"Location: {inner.url}")) as outer:
        assert poster_to(HERE).post(outer.url, b"{}", {}).status == 302
        assert inner.connections == 0
    with receiving(says(307, "Location: http://169.254.169.254/latest/meta-data/")) as outer:
        assert poster_to(HERE).post(outer.url, b"{}", {}).status == 307
        assert outer.connections == 1


def test_plain_http_goes_to_own_networks_alone() -> None:
    assert refusal(always(PUBLIC), "http://hook.example/") == "not_https"
    assert refusal(always("127.0.0.1", PUBLIC), "http://hook.example/") == "not_https"


def test_a_proxy_in_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert poster_to(HERE).post(receiver.url, b"{}", {}).status == 204
        assert (receiver.connections, proxy.connections) == (1, 0)


def trickle(connection: socket.socket) -> None:
    """A head that never ends, a byte at a time: no single wait is long."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    connection.settimeout(0.02)
    for _ in itertools.count():
        try:
            connection.recv(1)
        except TimeoutError:
            connection.sendall(b"x")


def flood(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in itertools.count():
        connection.sendall(b"X-%d: %s\r\n" % (number, b"y" * 1000))


def endless_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n")
    while True:
        connection.sendall(b"z" * 65536)


def continue_for_ever(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def silent(connection: socket.socket) -> None:
    connection.recv(1)


@pytest.mark.parametrize("answer", [trickle, silent, continue_for_ever])
def test_an_answer_that_does_not_come_ends_with_the_deadline(answer: object) -> None:
    with receiving(answer) as receiver:  # type: ignore[arg-type]
        assert refusal(poster_to(HERE, seconds=0.5), receiver.url) == "timeout"


def test_a_name_that_does_not_resolve_in_time_ends_with_the_deadline() -> None:
    with receiving(silent) as never:
        asking = socket.create_connection(("127.0.0.1", never.port))
        poster = poster_to(HERE, seconds=0.3, resolver=lambda *_: [asking.recv(1).decode()])
        assert refusal(poster, "https://hook.example/") == "timeout"
        asking.close()


def test_a_head_without_end_is_no_answer_and_a_body_without_end_is_not_read() -> None:
    with receiving(flood) as receiver:
        assert refusal(poster_to(HERE), receiver.url) == "answer_malformed"
    with receiving(endless_body) as receiver:
        assert poster_to(HERE).post(receiver.url, b"{}", {}).status == 200


def test_what_is_no_http_or_nobody_is_told_apart() -> None:
    with receiving(lambda connection: connection.sendall(b"SSH-2.0-x\r\n")) as receiver:
        assert refusal(poster_to(HERE), receiver.url) == "answer_malformed"
    assert refusal(poster_to(HERE), receiver.url) == "connection_failed"
    assert refusal(always(), "https://hook.example/") == "name_unknown"
    assert resolve("127.0.0.1", 80) == ["127.0.0.1"]


def test_how_long_it_wants_to_be_left_alone_is_read() -> None:
    with receiving(says(429, "Retry-After: 120")) as receiver:
        assert poster_to(HERE).post(receiver.url, b"{}", {}).retry_after_seconds == 120
    with receiving(says(503, "Retry-After: Wed, 21 Oct 2099 07:28:00 GMT")) as receiver:
        assert poster_to(HERE).post(receiver.url, b"{}", {}).retry_after_seconds is None


def certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate for ``name`` with its key, as one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


def test_over_tls_the_name_is_asked_for_and_the_certificate_must_be_its(tmp_path: Path) -> None:
    pem = certificate(tmp_path, "hook.example")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    trusting = ssl.create_default_context(cafile=pem)
    with receiving(context=server) as receiver:
        poster = poster_to(HERE, resolver=lambda *_: ["127.0.0.1"], ssl_context=trusting)
        assert poster.post(f"https://hook.example:{receiver.port}/", b"{}", {}).status == 204
        assert receiver.names == ["hook.example"]
        assert refusal(poster, f"https://other.example:{receiver.port}/") == "tls_failed"
        assert refusal(always("127.0.0.1"), f"https://hook.example:{receiver.port}/") == "tls_failed"
        assert len(receiver.requests) == 1


@pytest.mark.parametrize("port", [1, 25, 6379, 8080, 65535])
def test_only_the_ports_of_the_web_are_reached_also_in_own_networks(port: int) -> None:
    asked: list[str] = []
    poster = Poster(HERE, resolver=lambda host, _: asked.append(host) or ["127.0.0.1"])  # type: ignore[func-returns-value]
    assert refusal(poster, f"http://127.0.0.1:{port}/") == "port_refused"
    assert asked == []


def test_other_ports_may_be_allowed(receiver: Receiver) -> None:
    assert (
        Poster(HERE, (range(receiver.port, receiver.port + 1),)).post(receiver.url, b"{}", {}).status == 204
    )
