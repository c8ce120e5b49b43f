"""Claims, leases and fences on real Postgres."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, update

from shared.db import outputs, sessions
from shared.db.claims import Lease
from shared.db.outputs import Product
from shared.db.tables import StepRow
from shared.domain.status import Status, StepState
from shared.pipeline import TRANSCRIBE
from shared.services import leases
from shared.services.resources import Resources
from shared.vault.sealing import Sealed
from tests.conftest import Office
from tests.database import everything
from tests.integration.sessions import audited, products, promise, row, step
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
    with pytest.raises(leases.LeaseLost):
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
    with leases.Heartbeat(resources.database, lease, lease_seconds=0.4) as heartbeat:
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
    with leases.Heartbeat(resources.database, lease, lease_seconds=0.4) as heartbeat:
        wait_for(lambda: raises_lease_lost(heartbeat))
    assert row(resources, session_id).status == Status.CANCELLED


def raises_lease_lost(heartbeat: leases.Heartbeat) -> bool:
    try:
        heartbeat.report(0.1)
    except leases.LeaseLost:
        return True
    return False


def test_a_worker_that_must_go_gives_its_step_back_at_once(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    lease = claim(resources, session_id)
    assert lease is not None
    with pytest.raises(SystemExit), leases.working_on(resources.database, lease, 60):
        raise SystemExit
    assert step(resources, session_id, "transcribe").attempt == 0
    assert claim(resources, session_id) is not None
