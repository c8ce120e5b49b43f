"""Workers that freeze and come back, hang with a beating heart, are poisoned, or are told to stop."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.faults.clinic import Clinic
from tests.faults.looking import audited, change_steps
from tests.faults.machine import ROOT, Machine
from tests.faults.marks import late
from tests.waiting import wait_for
from workers import health

pytestmark = pytest.mark.usefixtures("expect_all_well")


@pytest.mark.parametrize("step", ["persist", *late("transcribe_chunk", "extract_notes")])
def test_a_worker_that_was_frozen_past_its_lease_changes_nothing(
    clinic: Clinic, machine: Machine, step: str
) -> None:
    machine.orders.arm(f"finishing.{step}", "stop")
    session_id = clinic.upload()
    (pid,) = machine.orders.wait_until_taken(f"finishing.{step}")
    clinic.wait_until_processed(session_id)
    os.kill(pid, signal.SIGCONT)
    wait_for(lambda: audited(machine, session_id, "step.fenced"))


def test_a_hung_worker_with_a_beating_heart_loses_its_step_at_the_deadline(
    clinic: Clinic, machine: Machine
) -> None:
    machine.orders.arm("claimed.persist", "hold")
    session_id = clinic.upload()
    machine.orders.wait_until_taken("claimed.persist")
    change_steps(
        machine, session_id, "persist", deadline_at=audited(machine, session_id, "step.started")[0].at
    )
    clinic.wait_until_processed(session_id)  # while the first still holds on
    assert [
        event.attempt for event in audited(machine, session_id, "step.done") if event.step == "persist"
    ] == [2]


def test_a_step_that_always_ends_its_worker_fails_its_session_and_no_other(
    clinic: Clinic, machine: Machine
) -> None:
    machine.orders.arm("hearing.1", "hold")
    poisoned = clinic.upload()
    machine.orders.wait_until_taken("hearing.1")
    change_steps(machine, poisoned, "extract_notes", max_attempts=2)
    machine.orders.arm(f"claimed.extract_notes.{poisoned}", "kill", times=3)
    machine.orders.release("hearing.1")
    well = clinic.upload()
    clinic.wait_until(poisoned, "failed", seconds=60)
    clinic.wait_until_processed(well)
    assert clinic.http.get(f"/api/sessions/{poisoned}").json()["error"]["code"] == "worker_lost"
    machine.orders.disarm()
    assert clinic.retry(poisoned) == 202
    clinic.wait_until_processed(poisoned)


@pytest.mark.long
def test_a_worker_that_is_stopped_gives_its_step_back_at_once(clinic: Clinic, machine: Machine) -> None:
    machine.orders.arm("hearing", "hold")
    session_id = clinic.upload()
    (pid,) = machine.orders.wait_until_taken("hearing")
    worker = machine.keeper[machine.worker_of(pid)]
    ended = len(worker.exit_codes)
    worker.send(signal.SIGTERM)
    wait_for(lambda: audited(machine, session_id, "step.given_back"), 20)
    clinic.wait_until_processed(session_id)
    wait_for(lambda: len(worker.exit_codes) > ended, 30)


@pytest.mark.long
@pytest.mark.parametrize("to_group", [False, True])
def test_a_worker_that_is_stopped_and_then_killed_loses_nothing(
    clinic: Clinic, machine: Machine, to_group: bool
) -> None:
    machine.orders.arm("hearing", "hold")
    sessions = [clinic.upload() for _ in range(3)]
    (pid,) = machine.orders.wait_until_taken("hearing")
    worker = machine.keeper[machine.worker_of(pid)]
    if to_group:  # as systemd does by default: the child goes at once
        worker.send_group(signal.SIGTERM)
    else:
        worker.send(signal.SIGTERM)
        worker.send(signal.SIGKILL)
    clinic.wait_until_processed(*sessions, seconds=60)


@pytest.mark.long
def test_twenty_stops_under_load_each_end_in_time_and_lose_nothing(clinic: Clinic, machine: Machine) -> None:
    sessions = []
    for round_ in range(20):
        sessions += [clinic.upload(), clinic.upload()]
        worker = machine.keeper[machine.workers[round_ % len(machine.workers)]]
        wait_for(lambda worker=worker: worker.pid and worker.children(), 60)  # type: ignore[misc]
        ended = len(worker.exit_codes)
        worker.send(signal.SIGTERM)
        wait_for(lambda worker=worker, ended=ended: len(worker.exit_codes) > ended, 40)  # type: ignore[misc]
    clinic.wait_until_processed(*sessions, seconds=120)


def node_of(worker: str) -> str:
    """A worker's name among Celery's, by the machine's."""
    return health.process_of(f"worker-{worker.rpartition('.')[2]}@{socket.gethostname()}")


@pytest.mark.long
def test_a_frozen_worker_fails_its_health_check_and_passes_it_once_it_was_restarted(
    clinic: Clinic, machine: Machine
) -> None:
    worker = machine.keeper[machine.workers[0]]
    wait_for(lambda: health.verdict(machine.settings, node_of(worker.name))[0], 60)
    worker.send(signal.SIGSTOP)
    command = [sys.executable, "-m", "workers.health", node_of(worker.name)]
    asked = subprocess.run(
        command, cwd=ROOT, env=machine.environment(), capture_output=True, text=True, check=False
    )
    assert (asked.returncode, "does not answer" in asked.stdout) == (1, True)
    machine.keeper.restart(worker.name)  # as whoever runs the container does then
    wait_for(lambda: health.verdict(machine.settings, node_of(worker.name))[0], 60)
    clinic.wait_until_processed(clinic.upload())


@pytest.mark.parametrize("place", ["decoding", "claimed.persist", *late("claimed.transcribe", "hearing.2")])
def test_an_unexpected_error_costs_an_attempt_and_tells_nothing(
    clinic: Clinic, machine: Machine, place: str
) -> None:
    machine.orders.arm(place, "raise")
    session_id = clinic.upload()
    machine.orders.wait_until_taken(place)
    clinic.wait_until_processed(session_id)
    assert [event.code for event in audited(machine, session_id, "step.postponed")] == ["unexpected_error"]
