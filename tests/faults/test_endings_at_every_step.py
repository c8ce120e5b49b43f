"""Cancelling, deleting and retrying at any moment of any step, whatever has become of its worker."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import httpx2
import pytest

from tests.faults.clinic import Clinic
from tests.faults.looking import audited, spend_attempts
from tests.faults.machine import Machine
from tests.faults.test_killed_processes import STEPS
from tests.waiting import wait_for

pytestmark = pytest.mark.usefixtures("expect_all_well")

MOMENTS = [*(f"finishing.{step}" for step in STEPS), "decoding", "hearing.1", "ended.transcribe_chunk"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_session_that_is_ended_meanwhile_stays_ended(clinic: Clinic, machine: Machine, moment: str) -> None:
    for end in (clinic.cancel, clinic.delete):
        machine.orders.arm(moment, "hold")
        session_id = clinic.upload(chunks=3)
        machine.orders.wait_until_taken(moment)
        assert end(session_id) < 300
        machine.orders.release(moment)
        machine.orders.disarm()


# What has become of a worker that was about to end a step: what it obeys, and what brings it back.
DEAD, FROZEN, LATE = "kill worker", "stop", "hold"
CASES = [(step, worker) for step in STEPS for worker in (DEAD, FROZEN, LATE)]
SHORT = {("persist", FROZEN), ("extract_notes", LATE)}
EVERY_CASE = [case if case in SHORT else pytest.param(*case, marks=pytest.mark.long) for case in CASES]


@contextmanager
def worker_of(clinic: Clinic, step: str, becomes: str, chunks: int = 2) -> Iterator[UUID]:
    """A session one of whose workers is dead, frozen or late at the end of ``step``; then it comes back."""
    orders, place = clinic.machine.orders, f"finishing.{step}"
    orders.arm(place, becomes)
    session_id = clinic.upload(chunks)
    (pid,) = orders.wait_until_taken(place)
    yield session_id
    come_back(clinic, session_id, place, pid, becomes)


def come_back(clinic: Clinic, session_id: UUID, place: str, pid: int, worker: str) -> None:
    """Thaw or let go the worker, and wait until it has found that there is nothing to do any more."""
    if worker == FROZEN:
        os.kill(pid, signal.SIGCONT)
    clinic.machine.orders.release(place)
    if worker != DEAD:
        wait_for(lambda: audited(clinic.machine, session_id, "step.fenced"), 60)


@pytest.mark.parametrize(("step", "worker"), EVERY_CASE)
@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_a_session_is_ended_whatever_has_become_of_its_worker(
    clinic: Clinic, step: str, worker: str, end: str
) -> None:
    with worker_of(clinic, step, worker) as session_id:
        assert getattr(clinic, end)(session_id) < 300
    clinic.wait_until_processed(clinic.upload())


@pytest.mark.long
@pytest.mark.parametrize("worker", [DEAD, FROZEN, LATE])
@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_a_redaction_is_ended_whatever_has_become_of_its_worker(
    clinic: Clinic, machine: Machine, worker: str, end: str
) -> None:
    session_id, place = clinic.upload(), "finishing.redact"
    clinic.wait_until_processed(session_id)
    machine.orders.arm(place, worker)
    off = {"ranges": [{"start": 0.0, "end": 0.5}]}
    assert clinic.http.post(f"/api/sessions/{session_id}/off-the-record", json=off).status_code == 202
    (pid,) = machine.orders.wait_until_taken(place)
    assert getattr(clinic, end)(session_id) < 300
    come_back(clinic, session_id, place, pid, worker)


@pytest.mark.parametrize(("step", "worker"), EVERY_CASE)
def test_a_session_is_retried_whatever_has_become_of_its_worker(
    clinic: Clinic, machine: Machine, step: str, worker: str
) -> None:
    """Not while it is at work; and once it has failed by another, the late one changes nothing."""
    with worker_of(clinic, step, worker) as session_id:
        assert clinic.retry(session_id) == 409
        spend_attempts(machine, session_id, step)
        clinic.wait_until(session_id, "failed")
        assert clinic.retry(session_id) == 202
        clinic.wait_until_processed(session_id)


@pytest.mark.parametrize(
    ("place", "end"), [("rows_removed", "delete"), ("key_destroyed", "delete"), ("cancelled", "cancel")]
)
def test_an_ending_whose_server_dies_is_gone_on_with(
    clinic: Clinic, machine: Machine, place: str, end: str
) -> None:
    machine.orders.arm("hearing.1", "hold")
    session_id = clinic.upload(chunks=3)
    machine.orders.wait_until_taken("hearing.1")
    machine.orders.arm(place, "kill")
    with pytest.raises(httpx2.TransportError):
        getattr(clinic, end)(session_id)
    clinic.accepted[session_id].deleted = end == "delete"
    machine.orders.release("hearing.1")
    machine.wait_until_up()


def test_a_worker_that_dies_with_what_it_decoded_for_a_deleted_session_leaves_nothing_readable(
    clinic: Clinic, machine: Machine
) -> None:
    machine.orders.arm("decoding", "hold")
    session_id = clinic.upload()
    machine.orders.wait_until_taken("decoding")
    machine.orders.arm("finishing.transcribe", "kill")
    assert clinic.delete(session_id) < 300
    machine.orders.release("decoding")
    assert not list((machine.keys / "subjects").glob(f"*/{session_id}.key"))
