"""Postgres may restart at any moment: an effect is there once, and work that was done is not done again."""

import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import pytest

from embedded.postgres import SUPERUSER
from tests.faults.clinic import Clinic
from tests.faults.looking import audited
from tests.faults.machine import Machine, running_machine
from tests.faults.marks import late
from tests.waiting import wait_for


@pytest.mark.usefixtures("expect_all_well")
@pytest.mark.parametrize(
    "place", ["finishing.transcribe_chunk", *late("finished.extract_notes", "claimed.persist")]
)
def test_postgres_restarted_under_a_step_leaves_one_effect(
    clinic: Clinic, machine: Machine, place: str
) -> None:
    machine.orders.arm(place, "hold")
    session_id = clinic.upload()
    machine.orders.wait_until_taken(place)
    machine.keeper.restart("postgres", signal.SIGQUIT)
    machine.orders.release(place)
    wait_for(machine.postgres.is_ready, 30)
    clinic.wait_until_processed(session_id)


@pytest.mark.long
@pytest.mark.usefixtures("expect_all_well")
def test_connections_that_end_all_the_time_leave_one_effect_of_each_step(
    clinic: Clinic, machine: Machine
) -> None:
    sessions = [clinic.upload() for _ in range(5)]
    with ending_connections(machine) as ended:
        wait_for(lambda: sum(ended) >= 100, 60)
    clinic.wait_until_processed(*sessions, seconds=60)


@contextmanager
def ending_connections(machine: Machine) -> Iterator[list[int]]:
    """Every tenth of a second all connections of the product end; gives how many did."""
    ended: list[int] = []
    stop = threading.Event()
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sessionscribe'"

    def end() -> None:
        url = machine.postgres.url_of("postgres", SUPERUSER).replace("+psycopg2", "")
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while not stop.wait(0.1):
                cursor.execute(query)
                ended.append(cursor.rowcount)

    thread = threading.Thread(target=end)
    thread.start()
    try:
        yield ended
    finally:
        stop.set()
        thread.join()


@pytest.mark.long
def test_a_finished_chunk_outlives_an_outage_of_postgres_and_is_not_transcribed_again() -> None:
    """The lease is long enough to be still held when Postgres is back."""
    with (
        running_machine(settings={"SESSIONSCRIBE_LEASE_SECONDS": "60"}) as machine,
        Clinic(machine) as clinic,
    ):
        place = "finishing.transcribe_chunk"
        machine.orders.arm(place, "hold")
        session_id = clinic.upload(chunks=1)
        machine.orders.wait_until_taken(place)
        machine.keeper.hold_down("postgres", signal.SIGQUIT)
        machine.orders.release(place)
        machine.calm_down()
        clinic.wait_until_processed(session_id)
        started = [event.step for event in audited(machine, session_id, "step.started")]
        assert started.count("transcribe_chunk") == 1
