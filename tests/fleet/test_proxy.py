"""The shipped nginx configuration, run: every answer has the headers, its own errors too (Debian's nginx)."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

from api.http.security_headers import NOTHING
from embedded.ports import next_free
from tests.waiting import is_answering, wait_for

pytestmark = [
    pytest.mark.fleet,
    pytest.mark.skipif(shutil.which("nginx") is None, reason="needs Debian's nginx"),
]
CONFIGURATION = (Path(__file__).parents[2] / "deploy" / "nginx.conf").read_text()
OURS = {
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": NOTHING,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


class Upstream(BaseHTTPRequestHandler):
    """Stands for the API; ``/page`` sets some headers for itself."""

    def do_GET(self) -> None:
        self.send_response(500 if self.path == "/broken" else 200)
        if self.path == "/page":
            self.send_header("Referrer-Policy", "same-origin")
            self.send_header("Content-Security-Policy", "default-src 'self'")
            self.send_header("Strict-Transport-Security", "max-age=1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def upstream() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Upstream) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(upstream: ThreadingHTTPServer, tmp_path: Path) -> Iterator[int]:
    """The port of nginx with the shipped configuration; only places are others."""
    port = next_free(18443)
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    subject = ["-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject],
        check=True,
        capture_output=True,
    )
    text = CONFIGURATION
    for here, there in {
        "/tmp/": f"{tmp_path}/",  # noqa: S108 - as it stands there
        "listen 8443 ssl": f"listen 127.0.0.1:{port} ssl",
        "http://api:8000": f"http://127.0.0.1:{upstream.server_port}",
        "resolver 127.0.0.11 valid=10s;": "",
        "/run/secrets/tls_certificate": str(certificate),
        "/run/secrets/tls_key": str(key),
        "/dev/stdout": str(tmp_path / "access.log"),
        "/dev/stderr": str(tmp_path / "error.log"),
    }.items():
        assert here in text, here
        text = text.replace(here, there)
    (tmp_path / "nginx.conf").write_text(f"user root;\n{text}")
    command = ["nginx", "-p", str(tmp_path), "-c", "nginx.conf", "-e", str(tmp_path / "error.log")]
    server = subprocess.Popen([*command, "-g", "daemon off;"])
    try:
        wait_for(lambda: server.poll() is not None or is_answering(port), 30)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


def missing(headers: httpx2.Headers) -> set[str]:
    return {name for name, value in OURS.items() if headers.get_list(name) != [value]}


@pytest.mark.parametrize(
    ("path", "status"), [("/api", 200), ("/broken", 500), ("/metrics", 404), ("/" + "x" * 9000, 414)]
)
def test_every_answer_has_every_header_once(proxy: int, path: str, status: int) -> None:
    answer = httpx2.get(f"https://127.0.0.1:{proxy}{path}", verify=False, trust_env=False)
    assert (answer.status_code, missing(answer.headers)) == (status, set())


def test_an_answer_while_the_api_is_away_has_them(proxy: int, upstream: ThreadingHTTPServer) -> None:
    upstream.socket.close()
    answer = httpx2.get(f"https://127.0.0.1:{proxy}/api", verify=False, trust_env=False)
    assert (answer.status_code, missing(answer.headers)) == (502, set())


def said(port: int, sent: bytes, *, tls: bool) -> str:
    """The answer to these bytes."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with ExitStack() as stack:
        wire = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
        if tls:
            wire = stack.enter_context(trusting.wrap_socket(wire))
        wire.sendall(sent)
        return wire.recv(65536).decode()


@pytest.mark.parametrize(
    ("sent", "tls", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: \x01\r\n\r\n", True, 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", False, 400),
        (b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 600000000\r\n\r\n", True, 413),
    ],
    ids=["malformed", "plain HTTP", "too large"],
)
def test_what_is_refused_before_the_api_sees_it_has_them(
    proxy: int, sent: bytes, tls: bool, status: int
) -> None:
    answer = said(proxy, sent, tls=tls)
    assert answer.startswith(f"HTTP/1.1 {status}")
    for name, value in OURS.items():
        assert f"{name}: {value}".casefold() in answer.casefold(), name


def test_what_the_api_sets_for_a_page_goes_through(proxy: int) -> None:
    headers = httpx2.get(f"https://127.0.0.1:{proxy}/page", verify=False, trust_env=False).headers
    assert headers.get_list("referrer-policy") == ["same-origin"]
    assert headers.get_list("content-security-policy") == ["default-src 'self'"]
    assert missing(headers) == {"referrer-policy", "content-security-policy"}
