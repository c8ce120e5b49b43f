"""One trace from the request to the last step, across the processes of a whole stack."""

from uuid import uuid4

import psutil

from tests.collecting import Collector, Span, collecting
from tests.e2e.conftest import RunningStack, running_stack
from tests.e2e.test_whole_way import add_patient, wait_until_processed
from tests.waiting import wait_for

REQUEST = "POST /api/sessions/upload"
STEPS = {"step transcribe", "step transcribe_chunk", "step extract_notes", "step persist"}
IN_ORDER = ("step transcribe", "step extract_notes", "step persist")
SECONDS = 120


def test_a_request_the_dispatcher_and_every_step_are_one_trace_across_processes(spoken: bytes) -> None:
    request_id = str(uuid4())
    with collecting() as collector:
        settings = {
            "WORKERS": "1",
            "SESSIONSCRIBE_REDISPATCH_SECONDS": "1",
            "SESSIONSCRIBE_TRACES_ENDPOINT": collector.url,
        }
        with running_stack(settings) as stack:
            session_id = process_late(stack, collector, spoken, request_id)
            wait_for(lambda: {span.name for span in trace(collector, request_id)} >= STEPS, SECONDS)
        spans = trace(collector, request_id)  # all: who ends sends what is left
    assert_hangs_together(spans, session_id)
    services = {span.name: span.service for span in spans}
    assert services == {REQUEST: "api", "dispatch again": "dispatcher", **dict.fromkeys(STEPS, "worker")}


def process_late(stack: RunningStack, collector: Collector, recording: bytes, request_id: str) -> str:
    """The id of a session that a worker took only after the dispatcher had sent its message again."""
    workers = stack.processes("workers.app", "worker")
    assert workers
    with stack.client() as client:
        patient_id = add_patient(client)
        each(workers, "suspend")
        answer = client.post(
            f"/api/sessions/upload?patient_id={patient_id}",
            files={"file": ("Jane Doe.wav", recording, "audio/wav")},
            headers={"X-Request-Id": request_id},
        )
        assert answer.status_code == 202, answer.text
        wait_for(lambda: "dispatch again" in {s.name for s in trace(collector, request_id)}, SECONDS)
        each(workers, "resume")
        wait_until_processed(client, answer.json()["id"], SECONDS)
        return str(answer.json()["id"])


def each(workers: list[psutil.Process], do: str) -> None:
    for worker in workers:
        getattr(worker, do)()


def trace(collector: Collector, request_id: str) -> list[Span]:
    return collector.trace(request_id.replace("-", ""))


def assert_hangs_together(spans: list[Span], session_id: str) -> None:
    """One root, everything else below it, each step once, one after the other."""
    (root,) = (span for span in spans if not span.parent_id)
    assert root.name == REQUEST
    assert {span.parent_id for span in spans if span is not root} == {root.span_id}
    assert len({span.span_id for span in spans}) == len(spans)
    assert {span.told["session_id"] for span in spans if span.name in STEPS} == {session_id}
    ends = [max(span.ended for span in spans if span.name == name) for name in IN_ORDER]
    assert ends == sorted(ends)
    assert all(root.began <= span.began <= span.ended for span in spans)
