"""Traces for OpenTelemetry, off unless an address is set: how long what took, by ids and words of ours.

Nothing is carried along to hold a trace together: its id is made of the id of the request, which stands
on the session's row and which each step reads anyhow. Spans are written when they are over, with the
attributes of a fixed list. What a client, a library or an engine said is in none.
"""

import hashlib
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

# All other attributes are left out.
ATTRIBUTES = frozenset(
    {
        "http.request.method", "http.route", "http.response.status_code",
        "session_id", "step", "part", "attempt", "outcome", "code", "count",
    }
)  # fmt: skip
_UNTOLD_ROUTES = frozenset({"/healthz", "/readyz", "/metrics"})
_EXPORT_EVERY_MS = 1000
_spans: list[Any] = []  # the process's way out, as (processor, resource); empty where there is none


def install(endpoint: str | None, service: str) -> None:
    """Send this process's spans to ``endpoint`` (OTLP over HTTP); nothing if it is None.

    Call it after the process has forked: a thread does the sending.
    """
    if endpoint is None:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = OTLPSpanExporter(endpoint=endpoint)
    use(BatchSpanProcessor(exporter, schedule_delay_millis=_EXPORT_EVERY_MS), service)


def use(processor: Any, service: str) -> None:
    """Hand this process's spans to an OpenTelemetry processor from now on."""
    from opentelemetry.sdk.resources import Resource

    _spans[:] = [(processor, Resource({"service.namespace": "sessionscribe", "service.name": service}))]


def stop() -> None:
    """Send what is left, and no more."""
    while _spans:
        _spans.pop()[0].shutdown()


def request(request_id: str, method: str, route: str, status: int, seconds: float) -> None:
    """A request that was answered: what its trace begins with."""
    if not _spans or route in _UNTOLD_ROUTES:
        return
    # Only what changes something is gone on from; a client may give many questions one id.
    changes = method not in ("GET", "HEAD", "OPTIONS")
    ended = time.time_ns()
    told = {"http.request.method": method, "http.route": route, "http.response.status_code": status}
    _end(f"{method} {route}", request_id, (ended - int(seconds * 1e9), ended), told, root=changes)


@contextmanager
def spanning(name: str, request_id: str | None, told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A span of the trace of that request; more can be told of it in what the block is given."""
    more = dict(told)
    began = time.time_ns()
    try:
        yield more
    finally:
        if _spans and request_id is not None:
            _end(name, request_id, (began, time.time_ns()), more)


def trace_id_of(request_id: str) -> int:
    """The id of the trace: the request's own, if that has the form, else made of it."""
    own = request_id.replace("-", "")
    if len(own) == 32 and set(own) <= set("0123456789abcdef") and set(own) != {"0"}:
        return int(own, 16)
    return int.from_bytes(hashlib.sha256(request_id.encode()).digest()[:16])


def _root_id_of(request_id: str) -> int:
    return int.from_bytes(hashlib.sha256(b"root:" + request_id.encode()).digest()[:8])


def _end(
    name: str, request_id: str, times: tuple[int, int], told: Mapping[str, Any], *, root: bool | None = None
) -> None:
    """Hand a span on. ``root`` None: below the request; True: the request itself; False: by itself."""
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import SpanContext, SpanKind, TraceFlags

    def context(span_id: int) -> SpanContext:
        flags = TraceFlags(TraceFlags.SAMPLED)
        return SpanContext(trace_id_of(request_id), span_id, is_remote=False, trace_flags=flags)

    processor, resource = _spans[0]
    top = _root_id_of(request_id)
    attributes = {
        key: _plain(value) for key, value in told.items() if key in ATTRIBUTES and value is not None
    }
    span = ReadableSpan(
        name,
        context(top if root else secrets.randbits(64) | 1),
        context(top) if root is None else None,
        resource,
        attributes,
        kind=SpanKind.INTERNAL if root is None else SpanKind.SERVER,
        start_time=times[0],
        end_time=times[1],
    )
    processor.on_end(span)


def _plain(value: Any) -> str | int | float:
    return value if isinstance(value, (int, float)) else str(value)
