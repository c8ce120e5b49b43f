"""A loopback server that speaks OpenAI's wire format, checks what it is sent, and fails on order."""

import io
import json
import re
import threading
import time
import wave
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

KEY = "sk-loopback-secret"
# What speaches, vLLM and LocalAI all take; OpenAI's own list is longer.
COMMON_FORM = {
    "model", "language", "prompt", "response_format", "temperature", "timestamp_granularities[]",
}  # fmt: skip
OFFICIAL_FORM = COMMON_FORM | {"languages[]", "keywords[]", "chunking_strategy", "include[]"}


@dataclass(frozen=True)
class Reply:
    """One answer: ``body`` str or JSON value; ``fault`` is hang, hang_up, drip or cut."""

    body: Any = ""
    status: int = 200
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    fault: str | None = None

    def encoded(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Upload:
    """The ``file`` part of a form."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    form: dict[str, list[str]] = field(default_factory=dict)
    upload: Upload | None = None
    document: Any = None


def refusal(status: int, code: str | None = None, message: str = "no", **headers: str) -> Reply:
    """An error as OpenAI writes it; header names come with underscores."""
    error = {"message": message, "type": "invalid_request_error", "code": code, "param": None}
    return Reply({"error": error}, status, headers={k.replace("_", "-"): v for k, v in headers.items()})


def completion(
    content: str | list[Any] | None, finish_reason: str = "stop", refusal: str | None = None
) -> Reply:
    """A chat completion with one choice."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    choice = {"index": 0, "finish_reason": finish_reason, "message": message, "logprobs": None}
    return Reply(
        {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    )


def _asks_for_risk(request: Received) -> bool:
    messages = (request.document or {}).get("messages") or [{}]
    return str(messages[-1].get("content")).endswith("List the mentions of risk.")


@dataclass(frozen=True)
class Nature:
    """How a server is at all times: its ``latency`` a call, and what it refuses by itself.

    Audio over ``longest_seconds`` is refused with 400 as OpenAI does, over ``largest_bytes`` with
    413, and more than ``calls_a_minute`` with 429 and ``retry_after`` in seconds.
    """

    latency: float = 0.0
    longest_seconds: float | None = None
    largest_bytes: int | None = None
    calls_a_minute: int | None = None
    retry_after: str = "1"


class FakeOpenAI:
    """Give it replies with ``will``, or what it answers to all else with ``will_always``.

    Afterwards look at ``received`` and ``most_at_once``. ``official`` False makes it a compatible
    server, which knows fewer form fields. What OpenAI would refuse is refused with 400 before any
    ordered reply is used.
    """

    def __init__(self, official: bool = False, nature: Nature = Nature()) -> None:
        self.official = official
        self.nature = nature
        self.received: list[Received] = []
        self.most_at_once = 0
        self._under_way = 0
        self._begun: deque[float] = deque()
        self._lock = threading.Lock()
        self.risk_received: list[Received] = []
        self._on_risk: Reply = completion('{"risk_flags": []}')
        self._usual: Callable[[Received], Reply] | None = None
        self._replies: deque[Reply] = deque()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.fake = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def will(self, *replies: Reply) -> None:
        """Queue the answers to come, in order."""
        self._replies.extend(replies)

    def will_always(self, answer: Callable[[Received], Reply]) -> None:
        """What is answered where no reply was ordered."""
        self._usual = answer

    def will_on_risk(self, reply: Reply) -> None:
        """What is answered where risk alone is asked for: such calls are in ``risk_received``."""
        self._on_risk = reply

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, request: Received) -> Reply:
        if _asks_for_risk(request):
            self.risk_received.append(request)
            return self._on_risk
        with self._lock:
            self.received.append(request)
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
            refused = self._refused_by_rate()
        try:
            if self.nature.latency:
                self.wait_for_the_end(self.nature.latency)
            return refused or self._judged(request)
        finally:
            with self._lock:
                self._under_way -= 1

    def _refused_by_rate(self) -> Reply | None:
        now = time.monotonic()
        while self._begun and self._begun[0] < now - 60:
            self._begun.popleft()
        if self.nature.calls_a_minute is not None and len(self._begun) >= self.nature.calls_a_minute:
            return refusal(429, "rate_limit_exceeded", retry_after=self.nature.retry_after)
        self._begun.append(now)
        return None

    def _judged(self, request: Received) -> Reply:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return refusal(401, "invalid_api_key")
        complaint = self._complaint(request)
        if complaint:
            return refusal(400, "invalid_value", complaint)
        if (
            self.nature.largest_bytes
            and request.upload
            and len(request.upload.data) > self.nature.largest_bytes
        ):
            return Reply("<html>413 Request Entity Too Large", 413, "text/html")
        with self._lock:
            if self._replies:
                return self._replies.popleft()
        return self._usual(request) if self._usual else refusal(500, None, "no reply was ordered")

    def wait_for_the_end(self, seconds: float) -> bool:
        """Keep a handler busy until the test is over, or for ``seconds``."""
        return self._closing.wait(seconds)

    def _complaint(self, request: Received) -> str | None:
        if request.path == "/v1/audio/transcriptions":
            return self._form_complaint(request)
        if request.path == "/v1/chat/completions":
            return _chat_complaint(request.document)
        return f"no such address: {request.path}"

    def _form_complaint(self, request: Received) -> str | None:
        form, upload = request.form, request.upload
        unknown = set(form) - (OFFICIAL_FORM if self.official else COMMON_FORM)
        if unknown:
            return f"unknown fields {sorted(unknown)}"
        if upload is None or not upload.name.endswith(".wav") or upload.media_type != "audio/wav":
            return "the file must be named and typed"
        with wave.open(io.BytesIO(upload.data)) as audio:
            if (audio.getnchannels(), audio.getsampwidth(), audio.getframerate()) != (1, 2, 16_000):
                return "not 16 kHz mono 16-bit"
            seconds = audio.getnframes() / audio.getframerate()
        if self.nature.longest_seconds and seconds > self.nature.longest_seconds:
            return (
                f"audio duration {seconds} seconds is longer than {self.nature.longest_seconds:.0f} seconds "
                "which is the maximum for this model"
            )
        return self._model_complaint(form, seconds)

    def _model_complaint(self, form: dict[str, list[str]], seconds: float) -> str | None:
        model, wanted = form["model"][0], form.get("response_format", ["json"])[0]
        diarizes = self.official and "diarize" in model
        if "timestamp_granularities[]" in form and wanted != "verbose_json":
            return "timestamp_granularities needs verbose_json"
        if diarizes and wanted == "diarized_json":
            if seconds > 30 and "chunking_strategy" not in form:
                return "chunking_strategy is required for audio longer than 30 seconds"
            return "prompt is not supported" if "prompt" in form else None
        if self.official and "whisper" not in model and wanted not in {"json", "text"}:
            return "Use 'json' or 'text' instead"
        if "include[]" in form and not re.match(r"gpt-4o(-mini)?-transcribe(?!-diarize)", model):
            return "logprobs are not for this model"
        lists = {"languages[]", "keywords[]"} & set(form)
        if lists and model != "gpt-transcribe":
            return f"{sorted(lists)} are for gpt-transcribe"
        if model == "gpt-transcribe" and self.official and {"language", "prompt"} & set(form):
            return "gpt-transcribe takes languages and keywords"
        return None


def _chat_complaint(document: dict[str, Any]) -> str | None:
    wanted = document.get("response_format", {})
    if wanted.get("type") == "json_schema":
        described = wanted["json_schema"]
        if described.get("strict") is not True:
            return "strict must be true"
        return _schema_complaint(described["schema"])
    if wanted.get("type") == "json_object":
        words = " ".join(message["content"] for message in document["messages"])
        return None if "json" in words.lower() else "'messages' must contain the word 'json'"
    return None


def _schema_complaint(schema: Any, depth: int = 0) -> str | None:
    """OpenAI's rules for strict schemas, as far as we could break them."""
    if depth > 10:
        return "nested too deep"
    if isinstance(schema, list):
        return next(filter(None, (_schema_complaint(item, depth) for item in schema)), None)
    if not isinstance(schema, dict):
        return None
    if "properties" in schema:
        if schema.get("additionalProperties") is not False:
            return "additionalProperties must be false"
        if set(schema["required"]) != set(schema["properties"]):
            return "all properties must be required"
    forbidden = {"default", "allOf", "oneOf", "not", "if", "minLength", "maxLength", "$ref"} & set(schema)
    if forbidden:
        return f"{sorted(forbidden)} are not permitted"
    inner = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("anyOf")]
    return _schema_complaint(inner, depth + 1)


class _Server(ThreadingHTTPServer):
    fake: FakeOpenAI
    request_queue_size = 128
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        reply = self.server.fake.answer(self._parsed(body))
        try:
            self._send(reply)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client gave up first, as it should

    def _parsed(self, body: bytes) -> Received:
        headers = {name.lower(): value for name, value in self.headers.items()}
        if not headers["content-type"].startswith("multipart/form-data"):
            return Received(self.path, headers, document=json.loads(body))
        head = f"content-type: {headers['content-type']}\r\n\r\n".encode()
        form: dict[str, list[str]] = {}
        upload = None
        for part in BytesParser(policy=policy.HTTP).parsebytes(head + body).iter_parts():
            name = part.get_param("name", header="content-disposition")
            data = part.get_payload(decode=True)
            if part.get_filename():
                upload = Upload(part.get_filename(), part.get_content_type(), data)
            else:
                form.setdefault(name, []).append(data.decode())
        return Received(self.path, headers, form, upload)

    def _send(self, reply: Reply) -> None:
        fake, body = self.server.fake, reply.encoded()
        self.close_connection = reply.fault is not None
        if reply.fault == "hang_up":
            return
        if reply.fault == "hang":
            fake.wait_for_the_end(30)
            return
        self.send_response(reply.status)
        self.send_header("content-type", reply.media_type)
        self.send_header("content-length", str(len(body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if reply.fault == "drip":
            for byte in body:
                self.wfile.write(bytes([byte]))
                if fake.wait_for_the_end(0.05):
                    return
        self.wfile.write(body[: len(body) // 2] if reply.fault == "cut" else body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the test's output is for the test."""
