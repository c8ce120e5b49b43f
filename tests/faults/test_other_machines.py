"""Faults that need a machine set up for them: short limits, long queues, a dashboard."""

from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import func, select

from benchmarks.load.two_sides import promise_sessions
from embedded.ports import next_free
from shared.db.tables.core import AuditEvent, TherapySession
from shared.domain.status import FINAL, Status
from shared.pipeline import QUEUES
from tests.database import everything
from tests.faults.breaking import lose_redis
from tests.faults.clinic import Accepted, Clinic
from tests.faults.listening import listening_to_redis
from tests.faults.looking import audited, change_steps
from tests.faults.machine import Machine, running_machine
from tests.faults.oracle import judge
from tests.waiting import is_answering, wait_for

pytestmark = pytest.mark.long


def test_a_step_longer_than_the_visibility_timeout_has_one_effect() -> None:
    """Redis gives its message out a second time meanwhile, and whoever gets it finds nothing to do."""
    settings = {"FAULTS_VISIBILITY_TIMEOUT": "3"}
    with running_machine(settings=settings) as machine, Clinic(machine) as clinic:
        machine.orders.arm("hearing.1", "hold")
        session_id = clinic.upload(chunks=1)
        machine.orders.wait_until_taken("hearing.1")
        wait_for(lambda: started(machine, "pipeline.transcribe") >= 2, 60)
        machine.orders.release("hearing.1")
        clinic.wait_until_processed(session_id)
        assert judge(clinic).problems == []


def started(machine: Machine, task: str) -> int:
    """How often the task was started, for whatever reason."""
    lines = [line for name in machine.workers for line in machine.log_of(name).splitlines()]
    return len([line for line in lines if '"task_started"' in line and f'"{task}"' in line])


def test_a_hung_task_is_ended_by_its_time_limit_and_done_again() -> None:
    """By the only worker, so that nobody took it over when its time was up; the attempt counts."""
    settings = {"FAULTS_TIME_LIMIT": "4"}
    with running_machine(workers=1, settings=settings) as machine, Clinic(machine) as clinic:
        machine.orders.arm("claimed.extract_notes", "hold")
        session_id = clinic.upload()
        (hung,) = machine.orders.wait_until_taken("claimed.extract_notes")
        begun = audited(machine, session_id, "step.started")
        # The time limit comes some seconds after the deadline.
        change_steps(machine, session_id, "extract_notes", deadline_at=begun[0].at)
        worker = machine.keeper[machine.worker_of(hung)]
        wait_for(lambda: hung not in [child.pid for child in worker.children()], 30)
        clinic.wait_until_processed(session_id)
        assert worker.exit_codes == []  # the child was ended, not the worker
        done = audited(machine, session_id, "step.done")
        assert [event.attempt for event in done if event.step == "extract_notes"] == [2]
        assert judge(clinic).problems == []


def test_a_long_queue_without_workers_makes_no_storm_of_messages() -> None:
    """Five hundred wait for longer than the pause after which they are sent again."""
    count, dispatches = 500, 4
    with running_machine(settings={"FAULTS_DECODER": "none"}) as machine, Clinic(machine) as clinic:
        for name in machine.workers:
            machine.keeper.hold_down(name)
        for session_id in promise_sessions(machine, count):
            clinic.accepted[session_id] = Accepted(session_id, chunks=0)
        wait_for(lambda: least_dispatches(machine) >= dispatches, 120)
        with machine.connect_to_redis() as redis:
            waiting = sum(redis.llen(name) for name in QUEUES)  # type: ignore[misc]  # not asynchronous
        # The pause doubles: a queue that has waited for 2**n pauses holds n messages of each session.
        assert waiting <= count * (dispatches + 2)
        for name in machine.workers:
            machine.keeper.bring_up(name)
        wait_for(lambda: unfinished(machine) == 0, 540)
        with everything(machine.postgres.url) as db:
            done = select(func.count()).select_from(AuditEvent).where(AuditEvent.action == "step.done")
            assert db.scalar(done.where(AuditEvent.step == "persist")) == count
            assert set(db.scalars(select(TherapySession.status))) == {Status.PROCESSED}


def least_dispatches(machine: Machine) -> int:
    with everything(machine.postgres.url) as db:
        return db.scalar(select(func.min(TherapySession.dispatches))) or 0


def unfinished(machine: Machine) -> int:
    query = select(func.count()).select_from(TherapySession).where(TherapySession.status.not_in(FINAL))
    with everything(machine.postgres.url) as db:
        return db.scalar(query) or 0


def test_flower_shows_ids_asks_for_its_password_changes_nothing_and_outlives_redis() -> None:
    with (
        running_machine() as machine,
        Clinic(machine) as clinic,
        listening_to_redis(machine.redis.admin_url, machine.marker) as listener,
    ):
        port, login = next_free(18800), ("flower", uuid4().hex)
        machine.keep("flower", FLOWER_PORT=str(port), FLOWER_BASIC_AUTH=":".join(login))
        wait_for(lambda: is_answering(port), 60)
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as flower:
            for path in ("/", "/tasks", "/api/tasks", "/metrics", "/healthcheck", "/login", "/nowhere"):
                assert flower.get(path).status_code == 401, path
            assert flower.get("/healthcheck", auth=login).text == "OK"
            start = flower.post("/api/task/async-apply/pipeline.persist", json={"args": []}, auth=login)
            assert start.status_code == 403
            for lost in (False, True):
                if lost:
                    lose_redis(machine, 0)
                    wait_for(machine.redis.is_ready, 30)
                machine.orders.arm("hearing.1", "raise")
                session_id = clinic.upload()
                clinic.wait_until_processed(session_id, seconds=60)
                wait_for(lambda: str(session_id) in flower.get("/api/tasks", auth=login).text, 60)  # noqa: B023
            pages = [flower.get(path, auth=login).text for path in ("/api/tasks", "/tasks", "/metrics")]
        assert not [page for page in pages if machine.marker in page]
        assert judge(clinic, listener).problems == []
