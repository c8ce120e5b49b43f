"""Chunks of one recording, side by side, whatever becomes of their workers."""

import pytest

from tests.faults.clinic import Clinic
from tests.faults.looking import audited
from tests.faults.machine import Machine

pytestmark = pytest.mark.usefixtures("expect_all_well")


@pytest.mark.long
def test_a_worker_killed_in_the_middle_of_every_chunk_changes_nothing(
    clinic: Clinic, machine: Machine
) -> None:
    chunks = 5
    for part in range(1, chunks + 1):
        machine.orders.arm(f"hearing.{part}", "kill")
    session_id = clinic.upload(chunks)
    for part in range(1, chunks + 1):
        machine.orders.wait_until_taken(f"hearing.{part}", seconds=60)
    clinic.wait_until_processed(session_id, seconds=60)


def test_two_last_chunks_that_end_at_once_let_the_session_go_on_once(
    clinic: Clinic, machine: Machine
) -> None:
    machine.orders.arm("finishing.transcribe_chunk", "hold", times=2)
    session_id = clinic.upload(chunks=2)
    machine.orders.wait_until_taken("finishing.transcribe_chunk", 2)
    machine.orders.release("finishing.transcribe_chunk")
    clinic.wait_until_processed(session_id)
    done = [event.step for event in audited(machine, session_id, "step.done")]
    assert done.count("transcribe") == 1


def test_a_flush_in_the_middle_of_a_fan_out_loses_no_chunk(clinic: Clinic, machine: Machine) -> None:
    machine.orders.arm("hearing.2", "hold")
    session_id = clinic.upload(chunks=4)
    machine.orders.wait_until_taken("hearing.2")
    machine.flush_redis()
    machine.orders.release("hearing.2")
    clinic.wait_until_processed(session_id)
