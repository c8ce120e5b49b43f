"""Cancelling and deleting at any moment of any step, also when whoever does it dies."""

import httpx2
import pytest

from tests.faults.clinic import Clinic
from tests.faults.machine import Machine
from tests.faults.test_killed_processes import STEPS

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


@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_a_session_is_ended_while_its_worker_is_dead(clinic: Clinic, machine: Machine, end: str) -> None:
    machine.orders.arm("hearing.1", "kill worker")
    session_id = clinic.upload(chunks=3)
    machine.orders.wait_until_taken("hearing.1")
    assert getattr(clinic, end)(session_id) < 300


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
