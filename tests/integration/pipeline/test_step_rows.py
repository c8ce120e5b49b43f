"""What each change of a step leaves in its row: state, attempts, times, progress."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import structlog
from sqlalchemy import func, select, update

from shared.db.queries.work import step_claims, steps
from shared.db.queries.work.step_claims import Lease
from shared.db.tables.core import StepRow
from shared.domain.errors import PermanentStepError, RetryableStepError, Unavailable
from shared.domain.status import Status, StepState
from shared.pipeline import CHAIN, EXTRACT_NOTES, PERSIST, REDACT, TRANSCRIBE, TRANSCRIBE_CHUNK, Step
from shared.services.jobs import leases
from shared.services.resources import Resources
from tests.database import everything
from tests.integration.pipeline.test_leases import lapse
from tests.integration.sessions import bench_with, promise, row, step
from tests.servers import Office


@pytest.fixture
def session_id(resources: Resources, office: Office) -> UUID:
    return promise(resources, office)


@pytest.fixture
def lease(resources: Resources, session_id: UUID) -> Lease:
    taken = leases.claim(resources.database, session_id, TRANSCRIBE, lease_seconds=60, worker="w")
    assert taken is not None
    return taken


def states(resources: Resources, session_id: UUID) -> dict[str, str]:
    with everything(resources) as db:
        found = db.scalars(select(StepRow).where(StepRow.session_id == session_id, StepRow.part == 0))
        return {row.name: row.state for row in found}


def change(resources: Resources, session_id: UUID, **values: object) -> None:
    with everything(resources) as db:
        db.execute(update(StepRow).where(StepRow.session_id == session_id).values(**values))


def test_a_step_that_is_done_has_its_time_and_all_of_its_progress(resources: Resources, lease: Lease) -> None:
    change(resources, lease.session_id, progress=0.25)
    with resources.database.transaction(lease.practice_id) as db:
        assert step_claims.finish(db, lease, StepState.DONE)
    done = step(resources, lease.session_id, "transcribe")
    assert (done.state, done.progress, done.attempt) == (StepState.DONE, 1.0, 1)
    assert done.done_at is not None
    assert done.lease_until is None


def test_a_step_that_is_fanned_out_keeps_its_progress_and_gets_its_attempts_back(
    resources: Resources, lease: Lease
) -> None:
    change(resources, lease.session_id, progress=0.25)
    with resources.database.transaction(lease.practice_id) as db:
        assert step_claims.finish(db, lease, StepState.FANNED_OUT)
    waits = step(resources, lease.session_id, "transcribe")
    assert (waits.state, waits.progress, waits.attempt) == (StepState.FANNED_OUT, 0.25, 0)
    assert waits.done_at is None


@pytest.mark.parametrize("free", [None, False, True])
def test_a_postponed_attempt_counts_unless_it_is_free(
    resources: Resources, lease: Lease, free: bool | None
) -> None:
    given = {} if free is None else {"free": free}
    with resources.database.transaction(lease.practice_id) as db:
        assert step_claims.postpone(db, lease, seconds=60, error_code="x", **given)
        assert not step_claims.postpone(db, lease, seconds=60, error_code="x", **given)
    waits = step(resources, lease.session_id, "transcribe")
    assert (waits.state, waits.error_code, waits.attempt) == (StepState.READY, "x", 1)
    assert waits.max_attempts == TRANSCRIBE.max_attempts + bool(free)
    assert waits.not_before is not None


def test_a_lease_is_given_back_once_and_its_attempt_does_not_count(
    resources: Resources, lease: Lease
) -> None:
    with resources.database.transaction(lease.practice_id) as db:
        assert step_claims.give_back(db, lease)
        assert not step_claims.give_back(db, lease)
    free = step(resources, lease.session_id, "transcribe")
    assert (free.state, free.attempt, free.lease_until) == (StepState.READY, 0, None)


def test_a_lease_is_failed_once(resources: Resources, lease: Lease) -> None:
    with resources.database.transaction(lease.practice_id) as db:
        assert step_claims.fail(db, lease, "x")
        assert not step_claims.fail(db, lease, "y")
    failed = step(resources, lease.session_id, "transcribe")
    assert (failed.state, failed.error_code) == (StepState.FAILED, "x")


def test_a_lease_is_extended_while_its_session_goes_on(resources: Resources, lease: Lease) -> None:
    with resources.database.transaction(lease.practice_id) as db:
        assert step_claims.extend(db, lease, lease_seconds=600, progress=0.5)
        assert step_claims.extend(db, lease, lease_seconds=600, progress=0.25)
    kept = step(resources, lease.session_id, "transcribe")
    assert kept.progress == 0.5
    assert kept.lease_until is not None
    assert kept.started_at is not None
    assert kept.lease_until - kept.started_at > timedelta(seconds=500)


def test_what_was_abandoned_at_its_last_attempt_fails_and_nothing_else(
    resources: Resources, lease: Lease
) -> None:
    database = resources.database
    change(resources, lease.session_id, attempt=TRANSCRIBE.max_attempts)
    with database.transaction(lease.practice_id) as db:
        assert not step_claims.fail_abandoned(db, lease.session_id, TRANSCRIBE)
    lapse(resources, lease.session_id)
    with database.transaction(lease.practice_id) as db:
        assert not step_claims.fail_abandoned(db, lease.session_id, PERSIST)
        assert step_claims.fail_abandoned(db, lease.session_id, TRANSCRIBE)
        assert not step_claims.fail_abandoned(db, lease.session_id, TRANSCRIBE)
    failed = step(resources, lease.session_id, "transcribe")
    assert (failed.state, failed.error_code) == (StepState.FAILED, "worker_lost")
    assert states(resources, lease.session_id)["persist"] == StepState.WAITING


@pytest.mark.parametrize("ended", [StepState.DONE, StepState.FANNED_OUT])
def test_a_step_knows_the_lease_that_closed_it(resources: Resources, lease: Lease, ended: StepState) -> None:
    with resources.database.transaction(lease.practice_id) as db:
        assert not step_claims.was_closed_by(db, lease)
        assert step_claims.finish(db, lease, ended)
        assert step_claims.was_closed_by(db, lease)
        assert not step_claims.finish(db, lease, ended)


def test_a_step_is_done_once_its_lease_has_ended_well(
    resources: Resources, lease: Lease, session_id: UUID
) -> None:
    bench = bench_with(resources)
    assert not leases.is_done(bench, session_id, EXTRACT_NOTES)
    assert not leases.is_done(bench, session_id, TRANSCRIBE)
    leases.finish(resources.database, lease, lambda _: None)
    assert leases.is_done(bench, session_id, TRANSCRIBE)


def test_the_end_of_a_step_is_given_up_when_the_outage_lasts(
    resources: Resources, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise Unavailable("away", "database_unavailable")

    monkeypatch.setattr(leases, "_finish_once", away)
    monkeypatch.setattr(leases, "FINISH_PATIENCE_SECONDS", -1.0)
    with pytest.raises(Unavailable):
        leases.finish(resources.database, lease, lambda _: None)


def test_the_log_says_what_became_of_a_step(
    resources: Resources, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another test may have had the module's logger configured for good.
    monkeypatch.setattr(leases, "log", structlog.get_logger())

    def told(error: Exception, of: Lease) -> str:
        def broken(*_: object) -> None:
            raise error

        with structlog.testing.capture_logs() as logged:
            assert not leases.under(resources.database, of, 60, broken)
        return [entry["event"] for entry in logged if entry["log_level"] == "warning"][-1]

    assert told(RetryableStepError("away", "engine_unavailable"), lease) == "step_postponed"
    assert told(RetryableStepError("away", "engine_unavailable"), lease) == "lease_lost"
    change(resources, lease.session_id, not_before=None)
    again = leases.claim(resources.database, lease.session_id, TRANSCRIBE, lease_seconds=60, worker="w")
    assert again is not None
    assert told(PermanentStepError("broken", "not_audio"), again) == "step_failed"


@pytest.mark.parametrize("urgent", [None, True])
def test_what_begins_again_has_nothing_of_before(
    resources: Resources, lease: Lease, urgent: bool | None
) -> None:
    session_id = lease.session_id
    change(resources, session_id, progress=0.5, error_code="x", done_at=func.now(), max_attempts=99)
    with resources.database.transaction(lease.practice_id) as db:
        steps.begin_again(db, session_id, EXTRACT_NOTES, **({} if urgent is None else {"urgent": urgent}))
    assert states(resources, session_id) == {
        "transcribe": StepState.RUNNING,
        "extract_notes": StepState.READY,
        "persist": StepState.WAITING,
    }
    for name, most in (("extract_notes", EXTRACT_NOTES.max_attempts), ("persist", PERSIST.max_attempts)):
        fresh = step(resources, session_id, name)
        assert (fresh.attempt, fresh.max_attempts, fresh.progress) == (0, most, 0.0)
        assert (fresh.error_code, fresh.done_at, fresh.started_at, fresh.not_before) == (None,) * 4
        assert fresh.urgent is bool(urgent)
    assert step(resources, session_id, "transcribe").error_code == "x"


def test_from_the_transcription_on_the_chunks_are_planned_anew(resources: Resources, lease: Lease) -> None:
    session_id = lease.session_id
    with resources.database.transaction(lease.practice_id) as db:
        steps.insert_chunks(db, lease, [1.5, 2.5])
    assert [step(resources, session_id, "transcribe_chunk", n).audio_seconds for n in (1, 2)] == [1.5, 2.5]
    for first, left in ((EXTRACT_NOTES, 2), (TRANSCRIBE, 0)):
        with resources.database.transaction(lease.practice_id) as db:
            steps.begin_again(db, session_id, first)
        with everything(resources) as db:
            chunks = select(func.count()).select_from(StepRow).where(StepRow.name == TRANSCRIBE_CHUNK.name)
            assert db.scalar(chunks) == left


def test_what_is_put_first_is_ready_and_the_rest_waits(
    resources: Resources, office: Office, session_id: UUID
) -> None:
    for _ in range(2):  # also when it was there before
        with resources.database.transaction(office.caller.practice_id) as db:
            steps.put_first(db, office.caller.practice_id, session_id, REDACT, TRANSCRIBE)
            assert steps.redaction_is_due(db, session_id)
        assert states(resources, session_id) == {
            "redact": StepState.READY,
            "transcribe": StepState.WAITING,
            "extract_notes": StepState.WAITING,
            "persist": StepState.WAITING,
        }
    assert step(resources, session_id, "redact").due_at == step(resources, session_id, "transcribe").due_at


def test_the_first_step_that_is_not_done_becomes_ready_if_it_waits(
    resources: Resources, office: Office, session_id: UUID
) -> None:
    def next_after(**known: StepState) -> list[Step]:
        with everything(resources) as db:
            for one in CHAIN:
                state = known.get(one.name, StepState.WAITING)
                db.execute(
                    update(StepRow)
                    .where(StepRow.session_id == session_id, StepRow.name == one.name)
                    .values(state=state)
                )
        with resources.database.transaction(office.caller.practice_id) as db:
            return steps.make_next_ready(db, session_id)

    assert next_after() == [TRANSCRIBE]
    assert next_after(transcribe=StepState.DONE) == [EXTRACT_NOTES]
    assert states(resources, session_id)["extract_notes"] == StepState.READY
    assert states(resources, session_id)["persist"] == StepState.WAITING
    assert next_after(transcribe=StepState.RUNNING) == []
    assert states(resources, session_id)["extract_notes"] == StepState.WAITING
    assert next_after(transcribe=StepState.FAILED) == []
    assert next_after(**dict.fromkeys(("transcribe", "extract_notes", "persist"), StepState.DONE)) == []


def test_a_session_has_the_status_of_the_step_that_began_and_then_that_ended(
    resources: Resources, lease: Lease
) -> None:
    assert row(resources, lease.session_id).status == Status.TRANSCRIBING
    leases.finish(resources.database, lease, lambda _: None, state=StepState.FANNED_OUT)
    assert row(resources, lease.session_id).status == Status.TRANSCRIBING
    change(resources, lease.session_id, state=StepState.READY)
    again = leases.claim(resources.database, lease.session_id, TRANSCRIBE, lease_seconds=60, worker="w")
    assert again is not None
    leases.finish(resources.database, again, lambda _: None)
    assert row(resources, lease.session_id).status == Status.TRANSCRIBED


@pytest.mark.parametrize("state", StepState)
def test_only_a_step_that_is_there_and_done_is_done(
    resources: Resources, session_id: UUID, state: StepState
) -> None:
    bench = bench_with(resources)
    change(resources, session_id, state=state)
    assert leases.is_done(bench, session_id, TRANSCRIBE) == (state is StepState.DONE)
    assert leases.is_done(bench, uuid4(), TRANSCRIBE) is False
