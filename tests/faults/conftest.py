"""A machine to be broken, one for all tests that leave it whole, and a clinic that uses it."""

import os
from collections.abc import Iterator

import pytest

from tests.faults.clinic import Clinic
from tests.faults.listening import RedisListener, listening_to_redis
from tests.faults.machine import Machine, running_machine
from tests.faults.oracle import judge


@pytest.fixture(scope="session")
def machine() -> Iterator[Machine]:
    """Two workers, leases of three seconds; recordings lie on a small disk where we may mount one."""
    with running_machine(small_disk=True) as machine:
        yield machine


@pytest.fixture(scope="session")
def listener(machine: Machine) -> Iterator[RedisListener]:
    with listening_to_redis(machine.redis.admin_url, machine.marker) as listener:
        yield listener


@pytest.fixture
def small_disk(machine: Machine) -> Machine:
    """The machine, if its recordings lie on a disk that a test can fill."""
    if not os.path.ismount(machine.disk):
        pytest.skip("only root can mount a small disk")
    return machine


@pytest.fixture
def clinic(machine: Machine) -> Iterator[Clinic]:
    """A therapist's practice on a machine that is well, and is brought up again afterwards."""
    machine.wait_until_up()
    try:
        with Clinic(machine) as clinic:
            yield clinic
    finally:
        machine.calm_down()


@pytest.fixture
def expect_all_well(clinic: Clinic, listener: RedisListener) -> Iterator[None]:
    """After the test the oracle finds nothing wrong."""
    yield
    clinic.machine.orders.disarm()
    problems = judge(clinic, listener).problems
    if problems:
        clinic.machine.show()
    assert problems == []
