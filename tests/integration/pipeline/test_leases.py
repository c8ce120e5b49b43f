"""Claims, leases and fences on real Postgres."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, update

from shared.db.queries.records import sessions
from shared.db.queries.work import outputs
from shared.db.queries.work.outputs import Product
from shared.db.queries.work.step_claims import Lease
from shared.db.tables.core import StepRow
from shared.domain.errors import RetryableStepError, Unavailable
from shared.domain.status import Status, StepState
from shared.pipeline import TRANSCRIBE
from shared.services.jobs import error_policy, leases
from shared.services.jobs.heartbeat import Heartbeat, LeaseLost
from shared.services.resources import Resources
from shared.services.sessions import reading as sessions_service
from shared.vault.frames import TamperedObject
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Sealed
from tests.database import everything
from tests.integration.sessions import audited, products, promise, row, step
from tests.servers import Office
from tests.waiting import wait_for


def claim(resources: Resources, session_id: UUID, worker: str = "worker-1") -> Lease | None:
    return leases.claim(resources.database, session_id, TRANSCRIBE, lease_seconds=60, worker=worker)


def lapse(resources: Resources, session_id: UUID, column: str = "lease_until") -> None:
    """Let a minute pass for the step's lease (or its deadline)."""
    with everything(resources) as db:
        db.execute(
            update(StepRow)
            .where(StepRow.session_id == session_id)
            .values({column: func.now() - timedelta(seconds=1)})
        )


def test_of_many_claims_at_once_one_wins(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda i: claim(resources, session_id, f"worker-{i}"), range(40)))
    assert sum(lease is not None for lease in won) == 1
    assert step(resources, session_id, "transcribe").attempt == 1


def test_a_lapsed_lease_can_be_taken_over(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    assert claim(resources, session_id)
    assert claim(resources, session_id) is None
    lapse(resources, session_id)
    second = claim(resources, session_id)
    assert second is not None
    assert second.attempt == 2


def test_a_step_past_its_deadline_is_taken_over_though_its_heart_beats(
    resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    assert claim(resources, session_id)
    lapse(resources, session_id, "deadline_at")
    assert claim(resources, session_id) is not None


def test_no_step_is_claimed_once_its_attempts_are_used_up(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    for _ in range(TRANSCRIBE.max_attempts):
        assert claim(resources, session_id)
        lapse(resources, session_id)
    assert claim(resources, session_id) is None


def test_a_worker_that_was_presumed_dead_changes_nothing(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    late = claim(resources, session_id, "late")
    lapse(resources, session_id)
    other = claim(resources, session_id, "other")
    assert late is not None
    assert other is not None
    save_as(resources, other, b"the other's")
    with pytest.raises(LeaseLost):
        save_as(resources, late, b"the late one's")
    assert products(resources, session_id) == ["transcript"]
    assert audited(resources, session_id, "step.fenced") == 1


def save_as(resources: Resources, lease: Lease, body: bytes) -> None:
    leases.finish(
        resources.database,
        lease,
        lambda db: outputs.put(db, lease.practice_id, lease.session_id, Product.TRANSCRIPT, Sealed(body)),
    )


def test_finishing_again_after_a_lost_answer_makes_nothing_twice(
    resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    lease = claim(resources, session_id)
    assert lease is not None
    save_as(resources, lease, b"once")
    save_as(resources, lease, b"once")
    assert products(resources, session_id) == ["transcript"]


def test_a_failure_in_saving_leaves_the_step_as_it_was(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    lease = claim(resources, session_id)
    assert lease is not None

    def save(_: object) -> None:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        leases.finish(resources.database, lease, save)
    assert step(resources, session_id, "transcribe").state == StepState.RUNNING


def test_a_heartbeat_keeps_the_lease_and_tells_the_progress(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    lease = leases.claim(resources.database, session_id, TRANSCRIBE, lease_seconds=0.4, worker="w")
    assert lease is not None
    before = step(resources, session_id, "transcribe").lease_until
    with Heartbeat(resources.database, lease, lease_seconds=0.4) as heartbeat:
        heartbeat.report(0.5)
        wait_for(lambda: step(resources, session_id, "transcribe").progress == 0.5)
    after = step(resources, session_id, "transcribe").lease_until
    assert before is not None
    assert after is not None
    assert after > before


def test_work_stops_soon_after_its_session_is_cancelled(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    lease = leases.claim(resources.database, session_id, TRANSCRIBE, lease_seconds=0.4, worker="w")
    assert lease is not None
    with everything(resources) as db:
        sessions.move(db, session_id, Status.CANCELLED)
    with Heartbeat(resources.database, lease, lease_seconds=0.4) as heartbeat:
        wait_for(lambda: raises_lease_lost(heartbeat))
    assert row(resources, session_id).status == Status.CANCELLED


def raises_lease_lost(heartbeat: Heartbeat) -> bool:
    try:
        heartbeat.report(0.1)
    except LeaseLost:
        return True
    return False


def test_a_worker_that_must_go_gives_its_step_back_at_once(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    lease = claim(resources, session_id)
    assert lease is not None

    def go(*_: object) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        leases.under(resources.database, lease, 60, go)
    assert step(resources, session_id, "transcribe").attempt == 0
    assert claim(resources, session_id) is not None


def test_a_library_that_panics_costs_an_attempt_and_not_the_worker(
    resources: Resources, office: Office
) -> None:
    """A panic in Rust is no Exception; taken for the end of the worker, it would come back for ever."""

    class Panic(BaseException):
        pass

    def panic(*_: object) -> None:
        raise Panic("my brother said")

    session_id = promise(resources, office)
    lease = claim(resources, session_id)
    assert lease is not None
    assert not leases.under(resources.database, lease, 60, panic)
    found = step(resources, session_id, "transcribe")
    assert (found.attempt, found.state, found.error_code) == (1, StepState.READY, "unexpected_error")


def test_a_worker_that_is_ended_because_it_hung_has_used_up_its_attempt(
    resources: Resources, office: Office
) -> None:
    """Its parent ends it half a minute after the deadline; given back each time, it would hang for ever."""
    session_id = promise(resources, office)
    lease = claim(resources, session_id)
    assert lease is not None
    lapse(resources, session_id, "deadline_at")
    leases.give_back(resources.database, lease)
    assert step(resources, session_id, "transcribe").attempt == 1
    again = claim(resources, session_id)
    assert again is not None
    assert again.attempt == 2


def test_the_error_of_a_worker_that_was_presumed_dead_changes_nothing(
    resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    late = claim(resources, session_id, "late")
    lapse(resources, session_id)
    assert late is not None
    assert claim(resources, session_id, "other")
    before = row(resources, session_id).dispatch_after

    def break_down(*_: object) -> None:
        raise RetryableStepError("Busy.", "engine_busy", retry_after_seconds=3600)

    assert not leases.under(resources.database, late, 60, break_down)
    assert row(resources, session_id).dispatch_after == before
    assert audited(resources, session_id, "step.postponed") == 0
    assert step(resources, session_id, "transcribe").worker == "other"


def test_nothing_is_saved_for_a_session_that_was_cancelled_meanwhile(
    resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    lease = claim(resources, session_id)
    assert lease is not None
    with resources.database.transaction(office.caller.practice_id) as db:
        sessions.move(db, session_id, Status.CANCELLED)
    with pytest.raises(LeaseLost):
        save_as(resources, lease, b"too late")
    assert products(resources, session_id) == []


@pytest.mark.parametrize("error", [KeyDestroyed("gone"), TamperedObject("changed")])
def test_a_record_that_cannot_be_opened_fails_at_once_with_a_code(
    resources: Resources, office: Office, error: Exception
) -> None:
    session_id = promise(resources, office)
    lease = claim(resources, session_id)
    assert lease is not None

    def open_it(*_: object) -> None:
        raise error

    leases.under(resources.database, lease, 60, open_it)
    assert row(resources, session_id).error_code == "record_unreadable"


def test_an_outage_uses_up_no_attempt_and_ends_in_words_that_are_true_of_a_session_at_work(
    resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(error_policy, "OUTAGE_ATTEMPTS", TRANSCRIBE.max_attempts + 3)
    session_id = promise(resources, office)
    for attempt in range(TRANSCRIBE.max_attempts + 3):
        assert row(resources, session_id).status != Status.FAILED, attempt
        lease = claim(resources, session_id)
        assert lease is not None
        leases.under(resources.database, lease, 60, away)
        make_due(resources, session_id)
    failed = row(resources, session_id)
    assert (failed.status, failed.error_code) == (Status.FAILED, "storage_unavailable")
    assert "recording is kept" in str(failed.error_detail)


def test_after_an_outage_a_step_has_all_its_attempts_still(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    for _ in range(3):
        attempt(resources, session_id, away)
    for _ in range(TRANSCRIBE.max_attempts):
        assert row(resources, session_id).status != Status.FAILED
        attempt(resources, session_id, break_down)
    assert row(resources, session_id).error_code == "engine_failed"
    sessions_service.retry(resources, office.caller, session_id)
    fresh = step(resources, session_id, "transcribe")
    assert (fresh.attempt, fresh.max_attempts) == (0, TRANSCRIBE.max_attempts)


def attempt(resources: Resources, session_id: UUID, work: leases.Work) -> None:
    lease = claim(resources, session_id)
    assert lease is not None
    leases.under(resources.database, lease, 60, work)
    make_due(resources, session_id)


def break_down(*_: object) -> None:
    raise RetryableStepError("The engine stopped.", "engine_failed")


def away(*_: object) -> None:
    raise Unavailable("Nothing was saved.", "storage_unavailable")


def make_due(resources: Resources, session_id: UUID) -> None:
    with everything(resources) as db:
        db.execute(update(StepRow).where(StepRow.session_id == session_id).values(not_before=None))
