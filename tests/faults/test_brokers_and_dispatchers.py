"""Redis may lose everything at any time, messages may come twice, dispatchers may die: nothing is lost."""

import json
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.pipeline import QUEUES
from shared.queue import WorkQueue, make_app
from tests.faults.breaking import lose_redis
from tests.faults.clinic import Clinic
from tests.faults.looking import session_row
from tests.faults.machine import Machine
from tests.faults.marks import late
from tests.waiting import wait_for

pytestmark = pytest.mark.usefixtures("expect_all_well")


def test_a_flush_while_sessions_run_and_wait_loses_none(clinic: Clinic, machine: Machine) -> None:
    machine.orders.arm("claimed.transcribe", "hold", times=len(machine.workers))
    running = [clinic.upload() for _ in machine.workers]
    machine.orders.wait_until_taken("claimed.transcribe", len(machine.workers))
    waiting = [clinic.upload() for _ in range(3)]
    machine.flush_redis()
    machine.orders.release("claimed.transcribe")
    clinic.wait_until_processed(*running, *waiting)
    assert "broker_lost_its_memory" in machine.log_of("dispatcher")


@pytest.mark.parametrize(
    "place", ["published", "finished.transcribe_chunk", *late("ended.extract_notes", "hearing.1")]
)
def test_a_flush_between_two_steps_loses_nothing(clinic: Clinic, machine: Machine, place: str) -> None:
    machine.orders.arm(place, "hold")
    with ThreadPoolExecutor(1) as aside:
        upload = aside.submit(clinic.upload)  # of what is published first the API itself may be held
        machine.orders.wait_until_taken(place)
        machine.flush_redis()
        machine.orders.release(place)
        clinic.wait_until_processed(upload.result())


@pytest.mark.parametrize("seconds", [0, *late(3, 15)])
def test_redis_that_comes_back_empty_finds_its_workers_again(
    clinic: Clinic, machine: Machine, seconds: float
) -> None:
    """One worker is busy meanwhile, the other idle; afterwards both take new work."""
    machine.orders.arm("hearing", "hold")
    busy = clinic.upload()
    machine.orders.wait_until_taken("hearing")
    before = machine.keeper["redis"].pid
    lose_redis(machine, seconds)
    wait_for(lambda: machine.keeper["redis"].pid not in (0, before), 30)
    machine.orders.release("hearing")
    clinic.wait_until_processed(busy, *[clinic.upload() for _ in range(3)], seconds=60)


def test_a_redis_that_freezes_while_work_ends_finds_all_workers_taking_more(
    clinic: Clinic, machine: Machine
) -> None:
    """It answers late and keeps its connections, as one behind a network that was cut and returned."""
    machine.orders.arm("hearing", "hold", times=len(machine.workers))
    sessions = [clinic.upload() for _ in machine.workers]
    machine.orders.wait_until_taken("hearing", len(machine.workers))
    before = {name: len(machine.log_of(name)) for name in machine.workers}
    machine.keeper["redis"].send(signal.SIGSTOP)
    machine.orders.release("hearing")
    for name in machine.workers:
        wait_for(lambda name=name: "Couldn't ack" in machine.log_of(name)[before[name] :], 60)  # type: ignore[misc]
    machine.keeper["redis"].send(signal.SIGCONT)
    machine.orders.arm("claimed.transcribe", "hold", times=len(machine.workers))
    sessions += [clinic.upload() for _ in machine.workers]
    machine.orders.wait_until_taken("claimed.transcribe", len(machine.workers))
    machine.orders.release("claimed.transcribe")
    clinic.wait_until_processed(*sessions)


def test_every_message_many_times_has_each_effect_once(clinic: Clinic, machine: Machine) -> None:
    machine.orders.arm("claimed.transcribe", "hold", times=len(machine.workers))
    sessions = [clinic.upload() for _ in range(3)]
    machine.orders.wait_until_taken("claimed.transcribe", len(machine.workers))
    queue = WorkQueue(make_app(machine.redis.url))
    for session_id in sessions * 5:
        assert queue.publish(session_id)
    with machine.connect_to_redis() as redis:
        for name in QUEUES:
            for message in redis.lrange(name, 0, -1):  # type: ignore[union-attr]  # not asynchronous
                assert json.loads(message)
                redis.lpush(name, message)
    machine.orders.release("claimed.transcribe")
    clinic.wait_until_processed(*sessions)


@pytest.mark.long
def test_what_dispatchers_miss_while_they_are_down_they_do_when_they_are_back(
    clinic: Clinic, machine: Machine
) -> None:
    machine.keeper.hold_down("dispatcher")
    machine.orders.arm("claimed.transcribe", "kill worker", times=2)
    sessions = [clinic.upload() for _ in range(3)]
    machine.orders.wait_until_taken("claimed.transcribe", 2)
    machine.flush_redis()
    machine.keeper.bring_up("dispatcher")
    clinic.wait_until_processed(*sessions, seconds=60)


@pytest.mark.long
def test_a_dispatcher_killed_between_putting_off_and_sending_costs_a_pause(
    clinic: Clinic, machine: Machine
) -> None:
    machine.orders.arm("put_off", "kill")
    machine.orders.arm("claimed.extract_notes", "kill")
    session_id = clinic.upload()
    machine.orders.wait_until_taken("put_off")
    clinic.wait_until_processed(session_id)


def test_a_dispatcher_that_meets_an_unexpected_error_tells_nothing_and_goes_on(
    clinic: Clinic, machine: Machine
) -> None:
    ended = len(machine.keeper["dispatcher"].exit_codes)
    machine.orders.arm("put_off", "raise")
    machine.orders.arm("finished.transcribe", "hold")
    session_id = clinic.upload()
    machine.orders.wait_until_taken("finished.transcribe")
    machine.flush_redis()
    machine.orders.wait_until_taken("put_off")  # the session is held, so the dispatcher must find it
    machine.orders.release("finished.transcribe")
    clinic.wait_until_processed(session_id)
    assert len(machine.keeper["dispatcher"].exit_codes) == ended


@pytest.mark.long
def test_two_dispatchers_send_no_session_twice_for_one_pause(clinic: Clinic, machine: Machine) -> None:
    second = machine.keep("dispatcher", "dispatcher.2")
    wait_for(lambda: second.pid, 10)
    for name in machine.workers:
        machine.keeper.hold_down(name)
    machine.flush_redis()
    session_id = clinic.upload()
    wait_for(lambda: session_row(machine, session_id).dispatches >= 3, 30)
    machine.keeper.hold_down("dispatcher.2", signal.SIGTERM)
    machine.keeper.hold_down("dispatcher", signal.SIGTERM)
    sent = [
        line
        for name in ("dispatcher", "dispatcher.2")
        for line in machine.log_of(name).splitlines()
        if str(session_id) in line and "dispatched_again" in line
    ]
    assert len(sent) == session_row(machine, session_id).dispatches
    machine.calm_down(but=("dispatcher.2",))
    clinic.wait_until_processed(session_id)
