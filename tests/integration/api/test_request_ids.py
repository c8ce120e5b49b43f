"""An upload's request id is in every line that a worker logs because of it."""

import dataclasses
import io
import json
import logging
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
import structlog
from sqlalchemy import text, update

from shared import logs
from shared.db.tables.core import StepRow, TherapySession
from shared.domain.errors import PermanentStepError
from shared.domain.status import Status, StepState
from shared.services.jobs import dispatching
from shared.services.resources import Resources
from tests.database import everything
from tests.fakes.media import FakeDecoder
from tests.integration.api_client import Caller, tone
from tests.integration.sessions import bench_with, row, work
from tests.servers import Office

STEPS = {"transcribe", "transcribe_chunk", "extract_notes", "persist"}


@pytest.fixture
def configure() -> Iterator[Callable[[], None]]:
    """Configures the logs within the test, when its stderr is already captured."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield lambda: logs.configure("worker")
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]


def upload(call: Caller, office: Office, request_id: str) -> UUID:
    answer = call(
        "POST",
        f"/api/sessions/upload?patient_id={office.patient_id}",
        headers={"X-Request-Id": request_id},
        data={"file": (io.BytesIO(tone()), "a.wav", "audio/wav")},
    )
    return UUID(answer.json["id"])


def test_the_id_of_an_upload_is_in_the_lines_of_each_step(
    call: Caller,
    resources: Resources,
    office: Office,
    capsys: pytest.CaptureFixture[str],
    configure: Callable[[], None],
) -> None:
    configure()
    session_id = upload(call, office, "upload-0001")
    accepted = [line for line in lines(capsys) if line["event"] == "recording_accepted"]
    assert [line["request_id"] for line in accepted] == ["upload-0001"]
    structlog.contextvars.clear_contextvars()  # a worker is another process
    work(bench_with(resources), session_id)
    of_steps = [line for line in lines(capsys) if "step" in line]
    for event in ("step_started", "step_ended"):
        assert {line["step"] for line in of_steps if line["event"] == event} == STEPS
    assert {line["request_id"] for line in of_steps} == {"upload-0001"}
    with everything(resources) as db:
        actors = text("SELECT DISTINCT request_id FROM audit_events WHERE action LIKE 'step.%'")
        assert db.execute(actors).scalars().all() == ["upload-0001"]


def test_work_that_was_asked_for_again_carries_the_later_id(
    call: Caller,
    resources: Resources,
    office: Office,
    capsys: pytest.CaptureFixture[str],
    configure: Callable[[], None],
) -> None:
    configure()
    session_id = upload(call, office, "upload-0001")
    failing = FakeDecoder(errors=(PermanentStepError("It is broken.", "broken"),))
    bench = bench_with(resources)
    work(bench_with(dataclasses.replace(resources, decoder=failing)), session_id)
    assert row(resources, session_id).status == Status.FAILED
    failed = [line for line in lines(capsys) if line["event"] == "step_failed"]
    assert [line["request_id"] for line in failed] == ["upload-0001"]

    again = {"X-Request-Id": "retry-00002"}
    assert call("POST", f"/api/sessions/{session_id}/retry", headers=again).status_code == 202
    lines(capsys)
    work(bench, session_id)
    assert {line["request_id"] for line in lines(capsys) if "step" in line} == {"retry-00002"}

    extract = {"X-Request-Id": "extract-003"}
    assert call("POST", f"/api/sessions/{session_id}/extract-notes", headers=extract).status_code == 202
    lines(capsys)
    work(bench, session_id)
    assert {line["request_id"] for line in lines(capsys) if "step" in line} == {"extract-003"}


def test_the_dispatchers_lines_carry_it_too(
    call: Caller,
    resources: Resources,
    office: Office,
    capsys: pytest.CaptureFixture[str],
    configure: Callable[[], None],
) -> None:
    configure()
    upload(call, office, "upload-0001")
    structlog.contextvars.clear_contextvars()
    with everything(resources) as db:
        db.execute(update(TherapySession).values(dispatch_after=text("now()")))
    lines(capsys)
    dispatching.dispatch_due(resources.database, resources.queue, redispatch_seconds=30)
    with everything(resources) as db:
        lost = {"state": StepState.RUNNING, "attempt": StepRow.max_attempts, "lease_until": text("now()")}
        db.execute(update(StepRow).where(StepRow.name == "transcribe").values(**lost))
    dispatching.fail_exhausted(resources.database)
    found = {line["event"]: line["request_id"] for line in lines(capsys)}
    assert found == {"dispatched_again": "upload-0001", "session_failed": "upload-0001"}
