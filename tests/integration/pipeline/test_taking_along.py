"""Taking along: the worker that ends a step holds the session's next one, and lets go of it when it must."""

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session as DbSession

from shared.db.connection import deferred
from shared.db.queries.work.step_claims import Lease
from shared.domain.errors import Unavailable
from shared.domain.status import StepState
from shared.pipeline import TRANSCRIBE, TRANSCRIBE_CHUNK
from shared.services.jobs import leases, scheduling
from shared.services.jobs.worker_context import Workbench
from shared.services.resources import Resources
from shared.services.steps import chunk_transcription, transcription
from tests.fakes.speech import FakeSpeechAnalyser
from tests.integration.sessions import bench_with, plan_of, promise, step
from tests.servers import Office


class Interrupted:
    """A queue in whose hands something happens, right after the end of a step has been committed."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def publish_chunks(self, *_: object) -> None:
        raise self._error


def interrupted(resources: Resources, error: BaseException) -> Workbench:
    known = replace(resources, queue=Interrupted(error))  # type: ignore[arg-type]  # stands in for a WorkQueue
    return bench_with(known)


def begun(resources: Resources, office: Office) -> tuple[Lease, Lease | bool]:
    """A session of one chunk whose plan is made: the lease of the plan, and what was taken along."""
    session_id = promise(resources, office)
    bench = bench_with(resources, analyser=FakeSpeechAnalyser(plan_of(1)))
    lease = leases.claim_at(bench, session_id, TRANSCRIBE)
    assert lease is not None
    return lease, transcription.transcribe(bench, session_id, lease)


def test_who_has_made_the_plan_holds_the_first_chunk_and_then_what_unites_them(
    resources: Resources, office: Office
) -> None:
    plan, chunk = begun(resources, office)
    assert isinstance(chunk, Lease)
    assert (chunk.step, chunk.session_id) == (TRANSCRIBE_CHUNK.name, plan.session_id)
    uniting = chunk_transcription.transcribe_chunk(bench_with(resources), plan.session_id, chunk)
    assert isinstance(uniting, Lease)
    assert uniting.step == TRANSCRIBE.name


def test_a_worker_that_must_go_gives_back_what_it_took_along(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    bench = interrupted(resources, SystemExit())
    with pytest.raises(SystemExit):
        transcription.transcribe(bench, session_id, leases.claim_at(bench, session_id, TRANSCRIBE))
    chunk = step(resources, session_id, TRANSCRIBE_CHUNK.name, 1)
    assert (chunk.state, chunk.attempt) == (StepState.READY, 0)


def test_an_error_after_the_end_of_a_step_gives_back_what_was_taken_along(
    resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    bench = interrupted(resources, RuntimeError())
    assert not transcription.transcribe(bench, session_id, leases.claim_at(bench, session_id, TRANSCRIBE))
    chunk = step(resources, session_id, TRANSCRIBE_CHUNK.name, 1)
    assert (chunk.state, chunk.attempt) == (StepState.READY, 0)
    assert step(resources, session_id, TRANSCRIBE.name).state == StepState.FANNED_OUT


def test_what_was_taken_along_is_known_though_the_answer_of_the_commit_was_lost(
    resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[str] = []
    send = deferred.send

    def send_and_lose(db: DbSession, last: str) -> None:
        wrote = bool(db.info.get("parting"))
        send(db, last)
        if wrote and not answers:
            answers.append("lost")
            raise Unavailable("away")

    session_id = promise(resources, office)
    bench = bench_with(resources, analyser=FakeSpeechAnalyser(plan_of(1)))
    lease = leases.claim_at(bench, session_id, TRANSCRIBE)
    monkeypatch.setattr("shared.services.jobs.leases.FINISH_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(deferred, "send", send_and_lose)
    chunk = transcription.transcribe(bench, session_id, lease)
    assert answers == ["lost"]
    assert isinstance(chunk, Lease)
    row = step(resources, session_id, TRANSCRIBE_CHUNK.name, 1)
    assert (row.state, row.attempt, row.lease_token) == (StepState.RUNNING, 1, chunk.token)


def test_a_worker_that_must_go_between_two_steps_gives_the_second_back(
    resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    bench = bench_with(resources, analyser=FakeSpeechAnalyser(plan_of(1)))

    def must_go(*_: object) -> bool:
        raise SystemExit

    run = {TRANSCRIBE.name: transcription.transcribe, TRANSCRIBE_CHUNK.name: must_go}
    with pytest.raises(SystemExit):
        scheduling.take(bench, TRANSCRIBE, session_id, run)
    chunk = step(resources, session_id, TRANSCRIBE_CHUNK.name, 1)
    assert (chunk.state, chunk.attempt) == (StepState.READY, 0)


def test_a_step_that_took_long_leaves_the_next_to_whose_turn_it_is(
    resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.services.jobs.handoff.TAKE_ALONG_SECONDS", 0.0)
    plan, taken = begun(resources, office)
    assert taken is False
    assert step(resources, plan.session_id, TRANSCRIBE_CHUNK.name, 1).state == StepState.READY
