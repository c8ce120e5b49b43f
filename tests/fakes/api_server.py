"""A loopback server that speaks the API's wire format to the command line, and fails on order."""

import hashlib
import json
import threading
from collections import deque
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

KEY = "ssk_therapist_secret"
ADMINISTRATOR_KEY = "ssk_administrator_secret"
ENROLMENT_CODE = "sse_code_secret"
DAY = "2026-01-31T10:00:00Z"


@dataclass(frozen=True)
class Reply:
    """One answer; ``hang_up`` closes the connection after the request was read."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False
    cut_after: int | None = None  # the connection ends after so many bytes of the body
    do_first: bool = False  # as usual what was asked, of which the client then learns nothing


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


def problem(status: int, code: str, detail: str, **headers: str) -> Reply:
    """An error as the API writes it."""
    body = {
        "type": "about:blank", "title": "Refused", "status": status, "detail": detail, "code": code,
        "request_id": "r-1",
    }  # fmt: skip
    return Reply(status, body, {"Content-Type": "application/problem+json"} | _dashed(headers))


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


class FakeApi:
    """Patients, sessions and keys in memory. A new session goes through ``course``, one status a poll."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.patients: list[dict[str, Any]] = []
        self.sessions: list[dict[str, Any]] = []
        self.keys: list[dict[str, Any]] = []
        self.people: list[dict[str, Any]] = []
        self.uploads: list[tuple[str, bytes]] = []
        self.texts: dict[str, str] = {}
        self.course: list[dict[str, Any]] = [{"status": "processed", "progress": 100}]
        self.page_size = 1000
        self._answered: dict[str, Reply] = {}
        self._pending: dict[str, deque[dict[str, Any]]] = {}
        self._orders: dict[str, deque[Reply]] = {}
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.fake = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def will(self, call: str, *replies: Reply) -> None:
        """Answer the next calls such as ``POST /api/sessions/upload`` with these, then as usual."""
        self._orders.setdefault(call, deque()).extend(replies)

    def add_patient(self, name: str) -> dict[str, Any]:
        patient = {"id": str(uuid4()), "name": name, "consent": {"given_on": DAY, "method": "written"}}
        self.patients.append(patient)
        return patient

    def add_session(self, **facts: Any) -> dict[str, Any]:
        session = {
            "id": str(uuid4()), "patient_id": str(uuid4()), "session_date": DAY, "status": "processed",
            "progress": 100, "duration_seconds": 61.0, "audio_filename": "a.wav", "audio_sha256": "00",
            "error": None, "processed_at": DAY, "transcript_segments": [], "extracted_notes": None,
        }  # fmt: skip
        self.sessions.append(session | facts)
        return self.sessions[-1]

    def answer(self, request: Received) -> Reply:
        self.received.append(request)
        ordered = self._orders.get(f"{request.method} {request.path}")
        if ordered:
            reply = ordered.popleft()
            if reply.do_first:
                self._usual(request)
            return reply
        return self._usual(request)

    def _usual(self, request: Received) -> Reply:
        credentials = request.headers.get("authorization")
        if request.path == "/api/enrolments":
            return self._enrolments(request)
        allowed = {"/api/keys": (KEY, ADMINISTRATOR_KEY), "/api/therapists": (ADMINISTRATOR_KEY,)}
        wanted = next((keys for path, keys in allowed.items() if request.path.startswith(path)), (KEY,))
        if credentials not in [f"Bearer {key}" for key in wanted]:
            return problem(401, "not_authenticated", "Send a valid API key.")
        parts = request.path.removeprefix("/api/").rstrip("/").split("/")
        return getattr(self, f"_{parts[0]}")(request, parts[1:])

    def _patients(self, request: Received, rest: list[str]) -> Reply:
        if request.method == "POST":
            made = {"id": str(uuid4())} | json.loads(request.body)
            self.patients.append(made)
            return Reply(201, made)
        if request.method == "PATCH":
            found = next(one for one in self.patients if one["id"] == rest[0])
            found["consent"] |= json.loads(request.body)["consent"]
            return Reply(200, found)
        return self._one_or_page(request, self.patients, rest)

    def _keys(self, request: Received, rest: list[str]) -> Reply:
        if request.method == "DELETE":
            return Reply(204) if rest[0] in [key["id"] for key in self.keys] else _missing()
        if request.method == "POST":
            made = {"id": str(uuid4()), "prefix": "p", "scopes": []} | json.loads(request.body)
            self.keys.append(made)
            return Reply(201, made | {"key": "ssk_new_secret"})
        return self._one_or_page(request, self.keys, rest)

    def _enrolments(self, request: Received) -> Reply:
        if json.loads(request.body)["code"] != ENROLMENT_CODE or "authorization" in request.headers:
            return problem(401, "enrolment_code_refused", "The code is refused.")
        return Reply(201, {"id": str(uuid4()), "prefix": "p", "scopes": [], "key": "ssk_first_secret"})

    def _therapists(self, request: Received, rest: list[str]) -> Reply:
        if rest[1:] == ["enrolment-code"]:
            return Reply(201, {"therapist_id": rest[0], "code": ENROLMENT_CODE, "expires_at": DAY})
        if request.method == "POST":
            self.people.append({"id": str(uuid4()), "disabled_at": None} | json.loads(request.body))
            return Reply(201, self.people[-1])
        if request.method == "PATCH":
            disabled = json.loads(request.body)["disabled"]
            self.people[0]["disabled_at"] = DAY if disabled else None
            return Reply(200, self.people[0])
        return self._one_or_page(request, self.people, rest)

    def _sessions(self, request: Received, rest: list[str]) -> Reply:
        if request.method == "POST" and rest == ["upload"]:
            return self._upload(request)
        if len(rest) == 2 and request.method == "POST":
            return Reply(202, self.sessions[0])
        if len(rest) == 2:
            return Reply(200, self.texts[rest[1]], {"Content-Type": "text/plain; charset=utf-8"})
        for identity, course in self._pending.items():
            if rest == [identity] and course:
                next(one for one in self.sessions if one["id"] == identity).update(course.popleft())
        return self._one_or_page(request, self.sessions, rest)

    def _upload(self, request: Received) -> Reply:
        key = request.headers["idempotency-key"]
        if key not in self._answered:
            self._answered[key] = self._new_session(request)
        return self._answered[key]

    def _new_session(self, request: Received) -> Reply:
        head = b"Content-Type: " + request.headers["content-type"].encode() + b"\r\n\r\n"
        form = BytesParser(policy=policy.HTTP).parsebytes(head + request.body)
        part = next(part for part in form.iter_parts() if part.get_filename())
        data = part.get_payload(decode=True)
        self.uploads.append((part.get_filename(), data))
        texts = {field.get_param("name", header="content-disposition"): field for field in form.iter_parts()}
        reference = texts.get("external_id")
        sha256 = hashlib.sha256(data).hexdigest()
        session = self.add_session(
            patient_id=request.query.get("patient_id", str(uuid4())),
            status="pending",
            progress=0,
            audio_sha256=sha256,
            external_id=reference.get_content().strip() if reference else None,
        )
        self._pending[session["id"]] = deque(self.course)
        return Reply(202, session)

    def _one_or_page(self, request: Received, items: list[dict[str, Any]], rest: list[str]) -> Reply:
        if rest:
            found = [item for item in items if item["id"] == rest[0]]
            return Reply(200, found[0]) if found else _missing()
        begin = int(request.query.get("cursor", 0))
        end = begin + min(self.page_size, int(request.query.get("limit", 50)))
        link = f'<{request.path}?limit={request.query.get("limit", 50)}&cursor={end}>; rel="next"'
        return Reply(200, items[begin:end], {"Link": link} if end < len(items) else {})


def _missing() -> Reply:
    return problem(404, "not_found", "There is no such thing.")


class _Server(ThreadingHTTPServer):
    fake: FakeApi


def _encoded(body: Any) -> bytes:
    if body is None or isinstance(body, bytes):
        return body or b""
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _serve(self) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        reply = self.server.fake.answer(Received(self.command, address.path, query, headers, body))
        if reply.hang_up:
            self.close_connection = True
            return
        data = _encoded(reply.body)
        self.send_response(reply.status)
        for name, value in ({"Content-Type": "application/json"} | reply.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: reply.cut_after])
        if reply.cut_after is not None:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _serve

    def log_message(self, *_: object) -> None:
        return
