"""Hosts that are cut off, and return: nothing is lost, and nothing is done twice."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.faults.clinic import Clinic
from tests.faults.looking import audited
from tests.faults.machine import LEASE_SECONDS
from tests.faults.oracle import judge
from tests.fleet.hosts import BROKER, DATABASE, STORAGE, Fleet, running_fleet
from tests.fleet.scraping import scrape
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

SESSIONS = 6
PARTS = ("database", "broker", "storage")


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with running_fleet() as fleet:
        yield fleet


@pytest.fixture
def clinic(fleet: Fleet) -> Iterator[Clinic]:
    """A practice; in the end the oracle finds nothing wrong with any session that it was promised."""
    try:
        with Clinic(fleet) as clinic:
            yield clinic
            fleet.calm_down()
            assert judge(clinic).problems == []
    finally:
        fleet.calm_down()


def workers_of(fleet: Fleet, *session_ids: UUID) -> set[str]:
    """Who did steps of these sessions, and ended them."""
    events = [event for session_id in session_ids for event in audited(fleet, session_id, "step.done")]
    return {event.actor for event in events}


def test_all_hosts_take_part(fleet: Fleet, clinic: Clinic) -> None:
    sessions = [clinic.upload(chunks=6) for _ in range(SESSIONS)]
    clinic.wait_until_processed(*sessions)
    assert len(workers_of(fleet, *sessions)) == len(fleet.workers)


def test_a_host_cut_off_at_work_loses_its_step_to_another_and_works_again_when_it_is_back(
    fleet: Fleet, clinic: Clinic
) -> None:
    fleet.orders.arm("hearing", "hold")
    sessions = [clinic.upload() for _ in range(SESSIONS)]
    (held,) = fleet.orders.wait_until_taken("hearing")
    name = fleet.worker_of(held)
    fleet.network.cut_off(fleet.host_of(name))
    fleet.orders.release("hearing")  # it goes on, and cannot tell anybody what it heard
    clinic.wait_until_processed(*sessions)
    begun = [event for session_id in sessions for event in audited(fleet, session_id, "step.started")]
    assert max(event.attempt or 0 for event in begun) == 2
    fleet.network.plug_in_again(fleet.host_of(name))
    wait_for(lambda: is_at_work(fleet, clinic, name), 120)


def is_at_work(fleet: Fleet, clinic: Clinic, name: str) -> bool:
    """Whether the worker does steps of new sessions."""
    sessions = [clinic.upload(chunks=4) for _ in range(2)]
    clinic.wait_until_processed(*sessions)
    children = {str(child.pid) for child in fleet.keeper[name].children()}
    return bool({actor.rpartition(":")[2] for actor in workers_of(fleet, *sessions)} & children)


def test_a_host_that_returns_before_its_lease_ends_may_end_its_step(fleet: Fleet, clinic: Clinic) -> None:
    fleet.orders.arm("hearing", "hold")
    session_id = clinic.upload()
    (held,) = fleet.orders.wait_until_taken("hearing")
    host = fleet.host_of(fleet.worker_of(held))
    fleet.network.cut_off(host)
    fleet.network.plug_in_again(host)
    fleet.orders.release("hearing")
    clinic.wait_until_processed(session_id)


@pytest.mark.parametrize(("host", "part"), [(DATABASE, "database"), (BROKER, "broker"), (STORAGE, "storage")])
def test_a_host_that_all_others_need_is_cut_off_and_returns(
    fleet: Fleet, clinic: Clinic, host: str, part: str
) -> None:
    fleet.orders.arm("hearing", "hold", times=len(fleet.workers))
    sessions = [clinic.upload() for _ in range(SESSIONS)]
    fleet.orders.wait_until_taken("hearing", len(fleet.workers))
    fleet.network.cut_off(host)
    fleet.orders.release("hearing")
    # Longer than the leases, so that all that was begun is in nobody's hands.
    with pytest.raises(pytest.fail.Exception):
        wait_for(lambda: all(clinic.status(s) == "processed" for s in sessions[:1]), 2 * LEASE_SECONDS)
    up = {name: scrape(fleet)[f'sessionscribe_part_up{{part="{name}"}}'] for name in PARTS}
    assert up == dict.fromkeys(PARTS, 1) | {part: 0}
    fleet.network.plug_in_again(host)
    clinic.wait_until_processed(*sessions)
    everybody_takes_a_session(fleet, clinic)


def everybody_takes_a_session(fleet: Fleet, clinic: Clinic) -> None:
    """No worker is left that looks well and takes nothing."""
    fleet.orders.arm("claimed.transcribe", "hold", times=len(fleet.workers))
    sessions = [clinic.upload() for _ in fleet.workers]
    fleet.orders.wait_until_taken("claimed.transcribe", len(fleet.workers))
    fleet.orders.release("claimed.transcribe")
    clinic.wait_until_processed(*sessions)
