"""A clock that is set, forwards or backwards, under any process ends no lease and repeats no step."""

import json
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.database import everything
from tests.faults.clinic import Clinic
from tests.faults.clocks import library
from tests.faults.looking import audited, step_row
from tests.faults.machine import LEASE_SECONDS, Machine, running_machine
from tests.faults.oracle import judge
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(library() is None, reason="libfaketime's wheel is for Linux on x86-64")

DAYS = 3 * 24 * 3600.0
FORWARDS, BACKWARDS = pytest.param(DAYS, id="forwards"), pytest.param(-DAYS, id="backwards")
LATE_FORWARDS = pytest.param(DAYS, id="forwards", marks=pytest.mark.long)
LATE_BACKWARDS = pytest.param(-DAYS, id="backwards", marks=pytest.mark.long)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A machine of which each process has a clock of its own."""
    with running_machine(own_clocks=True) as machine:
        yield machine


@pytest.fixture
def clinic(machine: Machine) -> Iterator[Clinic]:
    """A practice on it; afterwards all clocks are right again, and the oracle finds nothing wrong."""
    with Clinic(machine) as clinic:
        yield clinic
        for kept in machine.keeper:
            set_off(machine, kept.name, 0)
        machine.calm_down()
        assert judge(clinic).problems == []


def set_off(machine: Machine, process: str, seconds: float) -> None:
    assert machine.clocks is not None
    machine.clocks.set_off(process, seconds)


def says_that_it_is(machine: Machine, process: str, seconds: float) -> bool:
    """Whether the last line in the process' log has a time that is so far off."""
    lines = [line for line in machine.log_of(process).splitlines() if line.startswith("{")]
    said = datetime.fromisoformat(json.loads(lines[-1])["timestamp"])
    return abs(said - datetime.now(UTC) - timedelta(seconds=seconds)) < timedelta(hours=1)


def hold_a_chunk(clinic: Clinic) -> tuple[UUID, str]:
    """A session in the middle of its first chunk, and the worker that holds it."""
    machine = clinic.machine
    machine.orders.arm("hearing.1", "hold")
    session_id = clinic.upload()
    (pid,) = machine.orders.wait_until_taken("hearing.1")
    return session_id, machine.worker_of(pid)


def wait_for_heartbeats(machine: Machine, session_id: UUID) -> None:
    """Return once the first chunk was held for longer than a lease, if somebody still holds it."""
    began = step_row(machine, session_id, "transcribe_chunk", 1)
    longer = timedelta(seconds=LEASE_SECONDS + 1)

    def was_held_on() -> bool:
        now = step_row(machine, session_id, "transcribe_chunk", 1)
        assert now.lease_token == began.lease_token
        return now.lease_until is not None and now.lease_until > began.lease_until + longer  # type: ignore[operator]

    wait_for(was_held_on, 30)


def attempts(machine: Machine, session_id: UUID) -> list[int | None]:
    return [event.attempt for event in audited(machine, session_id, "step.started")]


@pytest.mark.parametrize("seconds", [FORWARDS, LATE_BACKWARDS])
def test_the_clock_of_a_worker_at_work_may_jump(clinic: Clinic, machine: Machine, seconds: float) -> None:
    session_id, worker = hold_a_chunk(clinic)
    set_off(machine, worker, seconds)
    wait_for_heartbeats(machine, session_id)
    machine.orders.release("hearing.1")
    clinic.wait_until_processed(session_id, *[clinic.upload() for _ in range(2)])
    assert says_that_it_is(machine, worker, seconds)
    assert set(attempts(machine, session_id)) == {1}
    assert not audited(machine, session_id, "step.fenced")


@pytest.mark.parametrize("seconds", [LATE_FORWARDS, BACKWARDS])
def test_the_clock_of_a_dispatcher_may_jump(clinic: Clinic, machine: Machine, seconds: float) -> None:
    """It takes nobody's lease away, and what it must send again it sends, as often as with a right clock."""
    session_id, worker = hold_a_chunk(clinic)
    set_off(machine, "dispatcher", seconds)
    wait_for_heartbeats(machine, session_id)
    machine.keeper[worker].send_group(signal.SIGKILL)
    machine.orders.disarm()
    clinic.wait_until_processed(session_id)
    assert says_that_it_is(machine, "dispatcher", seconds)
    assert max(filter(None, attempts(machine, session_id))) == 2


@pytest.mark.parametrize("seconds", [LATE_FORWARDS, LATE_BACKWARDS])
def test_the_clock_of_the_api_may_jump(clinic: Clinic, machine: Machine, seconds: float) -> None:
    before = clinic.upload()
    set_off(machine, "web", seconds)
    wait_for(lambda: is_off(clinic, seconds))
    after = clinic.upload()
    clinic.wait_until_processed(before, after)
    assert clinic.delete(before) < 300


def is_off(clinic: Clinic, seconds: float) -> bool:
    """Whether the API's answers have a date that is so far off."""
    said = parsedate_to_datetime(clinic.http.get("/healthz").headers["Date"])
    return abs(said - datetime.now(UTC) - timedelta(seconds=seconds)) < timedelta(hours=1)


@pytest.mark.parametrize("seconds", [LATE_FORWARDS, LATE_BACKWARDS])
def test_the_clock_of_postgres_may_jump(clinic: Clinic, machine: Machine, seconds: float) -> None:
    """The one clock that leases are held against: some work may be done again, with one effect."""
    session_id, _ = hold_a_chunk(clinic)
    set_off(machine, "postgres", seconds)
    wait_for(lambda: is_postgres_off(machine, seconds))
    machine.orders.release("hearing.1")
    clinic.wait_until_processed(session_id, clinic.upload())


def is_postgres_off(machine: Machine, seconds: float) -> bool:
    with everything(machine.postgres.url) as db:
        said = db.scalar(text("SELECT clock_timestamp()"))
    return bool(said and abs(said - datetime.now(UTC) - timedelta(seconds=seconds)) < timedelta(hours=1))
