"""The real tasks as a chain, run in this process, with engines that cost nothing.

Celery's eager mode runs what a message would have woken up before the message counts as sent, so
the chunks, the second run of ``transcribe`` and what follows stand inside the first run. It goes
on after ``Ignore``, where a worker would stop: what is not due must do nothing by itself.
"""

import dataclasses
from collections.abc import Sequence
from uuid import UUID

import pytest
from celery.exceptions import Ignore

from shared.domain.errors import PermanentStepError, RetryableStepError, StepError
from shared.domain.status import Status, StepState
from shared.pipeline import EXTRACT_NOTES, TRANSCRIBE
from shared.services.jobs.worker_context import Workbench
from shared.services.resources import Resources
from tests.fakes.notes import FakeExtractor
from tests.fakes.speech import FakeSpeechAnalyser, FakeTranscriber
from tests.integration.eager import eager_queue, tasks, working_at
from tests.integration.sessions import bench_with, plan_of, products, promise, row, step, versions
from tests.servers import Office
from workers.dependencies import bench, use

SAID = "my brother does not know that"


@pytest.fixture
def eager(resources: Resources) -> Resources:
    """The test's resources with a queue that works at once."""
    return dataclasses.replace(resources, queue=eager_queue(resources.settings))


def run_chain(workbench: Workbench, session_id: UUID) -> bool:
    """Send the session's chain; whether all of it ran without an error that Celery saw."""
    with working_at(workbench):
        return workbench.resources.queue.publish(session_id)


def test_the_chain_takes_a_promised_session_to_processed(eager: Resources, office: Office) -> None:
    session_id = promise(eager, office)
    assert run_chain(bench_with(eager), session_id)
    assert row(eager, session_id).status == Status.PROCESSED
    assert versions(eager, session_id) == [1]
    assert products(eager, session_id) == ["transcript", "waveform"]


def test_the_chain_sent_again_does_nothing_twice(eager: Resources, office: Office) -> None:
    session_id = promise(eager, office)
    transcriber, extractor = FakeTranscriber(), FakeExtractor()
    workbench = bench_with(eager, transcriber=transcriber, extractor=extractor)
    run_chain(workbench, session_id)
    run_chain(workbench, session_id)
    assert (transcriber.calls, extractor.calls) == (3, 1)
    assert versions(eager, session_id) == [1]


def test_transcribe_stops_the_chain_while_its_chunks_are_out(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)  # its queue is Redis, where nobody takes the chunks
    with working_at(bench_with(resources)), pytest.raises(Ignore):
        tasks.transcribe(str(session_id))
    assert step(resources, session_id, TRANSCRIBE.name).state == StepState.FANNED_OUT


def test_a_step_that_is_not_due_stops_the_chain_and_changes_nothing(
    resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    with working_at(bench_with(resources)):
        with pytest.raises(Ignore):
            tasks.extract_notes(str(session_id))
        tasks.persist(str(session_id))
    assert row(resources, session_id).status == Status.PENDING
    assert versions(resources, session_id) == []


def test_the_chain_goes_on_from_the_step_that_remains(eager: Resources, office: Office) -> None:
    session_id = promise(eager, office)
    busy = RetryableStepError("The engine is busy.", "engine_busy")
    extractor = FakeExtractor([busy])
    workbench = bench_with(eager, extractor=extractor)
    run_chain(workbench, session_id)
    waiting = step(eager, session_id, EXTRACT_NOTES.name)
    assert (waiting.state, waiting.error_code) == (StepState.READY, "engine_busy")
    assert row(eager, session_id).status == Status.EXTRACTING_NOTES
    assert waiting.not_before is not None  # not due: sending it again does not help
    run_chain(workbench, session_id)
    assert extractor.calls == 1


@pytest.mark.parametrize("place", ["transcriber", "extractor"])
def test_a_lasting_error_ends_the_session_wherever_it_comes_from(
    eager: Resources, office: Office, place: str
) -> None:
    session_id = promise(eager, office)
    errors: Sequence[StepError] = [PermanentStepError("The engine refuses.", "engine_refused")]
    workbench = bench_with(
        eager,
        analyser=FakeSpeechAnalyser(plan_of(1)),
        transcriber=FakeTranscriber(errors=errors if place == "transcriber" else ()),
        extractor=FakeExtractor(errors if place == "extractor" else ()),
    )
    run_chain(workbench, session_id)
    failed = row(eager, session_id)
    assert (failed.status, failed.error_code) == (Status.FAILED, "engine_refused")
    assert versions(eager, session_id) == []


def test_an_error_that_nobody_foresaw_costs_an_attempt_and_keeps_its_words(
    eager: Resources, office: Office, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    session_id = promise(eager, office)
    broken = FakeExtractor([ValueError(SAID)])  # type: ignore[list-item]  # what no port may raise
    run_chain(bench_with(eager, extractor=broken), session_id)
    assert step(eager, session_id, EXTRACT_NOTES.name).error_code == "unexpected_error"
    output = capsys.readouterr()
    assert SAID not in caplog.text + output.out + output.err


def test_an_error_outside_the_steps_reaches_celery_without_its_words(
    eager: Resources, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        resources = eager
        worker = "worker-1"

        def __getattribute__(self, name: str) -> object:
            raise ValueError(SAID)

    session_id = promise(eager, office)
    assert not run_chain_at(Broken(), eager, session_id)
    assert row(eager, session_id).status == Status.PENDING  # the row is the promise: it is sent again
    assert SAID not in caplog.text


def run_chain_at(workbench: object, resources: Resources, session_id: UUID) -> bool:
    with use(workbench):  # type: ignore[arg-type]  # whatever a task may find at its place
        return resources.queue.publish(session_id)


def test_another_workbench_is_in_use_only_for_a_while(resources: Resources) -> None:
    outer, inner = bench_with(resources, worker="outer"), bench_with(resources, worker="inner")
    with use(outer):
        with use(inner):
            assert bench() is inner
        assert bench() is outer
