"""What others provide may be away for a minute, whoever sends a message may die: all is done in the end."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from uuid import UUID, uuid4

import httpx2
import pytest

from tests.faults.breaking import storage_away
from tests.faults.clinic import Clinic
from tests.faults.looking import count_sessions
from tests.faults.machine import Machine
from tests.faults.marks import late
from tests.faults.test_uploads_that_meet_faults import send_until_answered

pytestmark = pytest.mark.usefixtures("expect_all_well")

MINUTE = 60.0


@contextmanager
def without(machine: Machine, server: str, number: int) -> Iterator[None]:
    machine.keeper.hold_down(server, number)
    yield
    machine.keeper.bring_up(server)


OUTAGES: dict[str, tuple[Callable[[Machine], AbstractContextManager[None]], int]] = {
    "Postgres": (lambda machine: without(machine, "postgres", signal.SIGQUIT), 503),
    "Redis": (lambda machine: without(machine, "redis", signal.SIGKILL), 202),
    "storage": (storage_away, 503),
}


@pytest.mark.long
@pytest.mark.parametrize("away", OUTAGES)
def test_an_outage_of_a_minute_delays_the_work_and_loses_nothing(
    clinic: Clinic, machine: Machine, away: str
) -> None:
    """Steps are at work when it begins, and end while it lasts; others wait; an upload comes meanwhile."""
    outage, answer = OUTAGES[away]
    machine.orders.arm("finishing", "hold")
    machine.orders.arm("claimed.transcribe", "hold")
    sessions = [clinic.upload() for _ in range(4)]
    machine.orders.wait_until_taken("finishing")
    with outage(machine):
        machine.orders.disarm()
        assert clinic.send().status_code == answer
        threading.Event().wait(MINUTE)
    machine.wait_until_up()
    clinic.wait_until_processed(*sessions, *clinic.accepted, clinic.upload())


def test_an_api_that_dies_as_soon_as_it_has_sent_its_message_has_promised(
    clinic: Clinic, machine: Machine
) -> None:
    before, key = count_sessions(machine), uuid4().hex
    machine.orders.arm("published", "kill")
    with pytest.raises(httpx2.TransportError):
        clinic.send(key=key)
    session_id = UUID(send_until_answered(clinic, key).json()["id"])
    assert count_sessions(machine) == before + 1
    clinic.wait_until_processed(session_id)


@pytest.mark.parametrize("action", ["kill", *late("kill worker")])
def test_a_worker_that_dies_as_soon_as_it_has_sent_its_messages_changes_nothing(
    clinic: Clinic, machine: Machine, action: str
) -> None:
    """Those of its chunks; what is still to be sent of the chain nobody sends but the dispatcher."""
    machine.orders.arm("finished.transcribe", "hold")
    session_id = clinic.upload(chunks=3)
    machine.orders.wait_until_taken("finished.transcribe")
    place = f"published.{session_id}"
    machine.orders.arm(place, action)
    machine.orders.release("finished.transcribe")
    machine.orders.wait_until_taken(place)
    clinic.wait_until_processed(session_id)
