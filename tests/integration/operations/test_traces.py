"""Traces: one from the request to the last step, made of ids, with nothing in it that anybody said."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import text

from shared.domain.errors import PermanentStepError
from shared.outbound import traces
from shared.services.jobs import dispatching
from shared.services.resources import Resources
from shared.settings import SettingsError, load
from tests.collecting import collecting
from tests.database import everything
from tests.fakes.speech import FakeTranscriber
from tests.integration.api_client import app_of, caller_of, form, tone
from tests.integration.sessions import bench_with, work
from tests.servers import Office

REQUEST_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
TRACE_ID = int(REQUEST_ID.replace("-", ""), 16)
STEPS = {"step transcribe", "step transcribe_chunk", "step extract_notes", "step persist"}


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    found = InMemorySpanExporter()
    traces.use(SimpleSpanProcessor(found), "test")
    yield found
    traces.stop()


def traced(
    resources: Resources, office: Office, exporter: InMemorySpanExporter, transcriber: FakeTranscriber
) -> Sequence[ReadableSpan]:
    """The spans of an upload whose message was lost."""
    call = caller_of(app_of(resources), resources, office)
    file = [("file", tone(), "Jane Doe.wav", "audio/wav")]
    path = f"/api/sessions/upload?patient_id={office.patient_id}"
    answer = call("POST", path, headers={"X-Request-Id": REQUEST_ID}, **form(file))
    assert answer.status_code == 202, answer.text
    with everything(resources) as db:
        db.execute(text("UPDATE sessions SET dispatch_after = now()"))
    assert dispatching.dispatch_due(resources.database, resources.queue, redispatch_seconds=60) == 1
    work(bench_with(resources, transcriber=transcriber), UUID(answer.json["id"]))
    call("GET", f"/api/sessions/{answer.json['id']}")
    call("GET", "/healthz")
    return exporter.get_finished_spans()


def test_one_trace_holds_the_request_the_dispatcher_and_every_step(
    resources: Resources, office: Office, exporter: InMemorySpanExporter
) -> None:
    spans = [span for span in traced(resources, office, exporter, FakeTranscriber()) if of_trace(span)]
    assert {span.name for span in spans} == {"POST /api/sessions/upload", "dispatch again", *STEPS}
    (root,) = (span for span in spans if span.parent is None)
    assert root.name == "POST /api/sessions/upload"
    for span in spans:
        if span is not root:
            assert span.parent is not None
            assert root.context is not None
            assert span.parent.span_id == root.context.span_id
        assert span.start_time is not None
        assert span.end_time is not None
        assert span.start_time <= span.end_time
    steps = [span for span in spans if span.name in STEPS]
    assert {(span.attributes or {})["outcome"] for span in steps} == {"done"}
    assert len({(span.attributes or {})["session_id"] for span in steps}) == 1
    assert len({span.context.span_id for span in spans if span.context}) == len(spans)


def of_trace(span: ReadableSpan) -> bool:
    return span.context is not None and span.context.trace_id == TRACE_ID


def test_a_span_holds_nothing_but_ids_and_words_of_ours(
    resources: Resources, office: Office, exporter: InMemorySpanExporter
) -> None:
    failing = FakeTranscriber("my brother", errors=[PermanentStepError("my brother said so", "audio_broken")])
    spans = traced(resources, office, exporter, failing)
    assert any((span.attributes or {}).get("code") == "audio_broken" for span in spans)
    for span in spans:
        assert set(span.attributes or {}) <= traces.ATTRIBUTES
        assert not span.events
        whole = span.to_json()
        for word in ("brother", "Jane", "Pat Ient", "A therapist", "A practice", str(office.patient_id)):
            assert word not in whole
        assert "healthz" not in whole


def test_nothing_is_made_where_traces_are_off(resources: Resources, office: Office) -> None:
    traces.install(None, "test")
    assert traced(resources, office, InMemorySpanExporter(), FakeTranscriber()) == ()


def test_spans_are_sent_by_otlp() -> None:
    with collecting() as collector:
        traces.install(collector.url, "test")
        traces.request("an-id-that-is-no-uuid", "POST", "/api/patients", 201, 0.5)
        traces.stop()
    assert len(collector.bodies) == 1
    (span,) = collector.trace(f"{traces.trace_id_of('an-id-that-is-no-uuid'):032x}")
    assert (span.service, span.name, span.parent_id) == ("test", "POST /api/patients", "")


def test_a_collector_that_is_away_costs_the_work_nothing(
    resources: Resources, office: Office, exporter: InMemorySpanExporter
) -> None:
    traces.stop()
    traces.install("http://127.0.0.1:9/v1/traces", "test")
    with traces.spanning("step persist", REQUEST_ID, {}) as told:
        told["outcome"] = "done"
    traces.stop()


def test_an_address_without_the_extra_is_told_at_start(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {**environment, "SESSIONSCRIBE_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}
    assert load(wanted).traces_endpoint
    monkeypatch.setattr("shared.consistency.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match="make otel"):
        load(wanted)
