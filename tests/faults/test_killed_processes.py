"""Whatever process is killed, and wherever it is, each step has its effect once."""

import pytest

from tests.faults.clinic import Clinic

STEPS = ("transcribe", "transcribe_chunk", "extract_notes", "persist")

pytestmark = pytest.mark.usefixtures("expect_all_well")


def test_nothing_is_wrong_when_nothing_breaks(clinic: Clinic) -> None:
    clinic.wait_until_processed(clinic.upload(), clinic.upload(3))


def kill_in_each_step(clinic: Clinic, places: list[str], action: str, sessions: int) -> None:
    """Have each step of some session end its worker at each of the places, and wait for the work."""
    orders = clinic.machine.orders
    wanted = [f"{place}.{step}" for place in places for step in STEPS]
    for place in wanted:
        orders.arm(place, action)
    accepted = [clinic.upload() for _ in range(sessions)]
    for place in wanted:
        orders.wait_until_taken(place, seconds=150)
    clinic.wait_until_processed(*accepted)


def test_a_child_killed_before_or_after_the_end_of_any_step_changes_nothing(clinic: Clinic) -> None:
    kill_in_each_step(clinic, ["finishing", "ended"], "kill", sessions=4)


@pytest.mark.long
def test_a_worker_killed_in_any_step_changes_nothing(clinic: Clinic) -> None:
    kill_in_each_step(clinic, ["claimed"], "kill worker", sessions=3)


@pytest.mark.long
@pytest.mark.parametrize("action", ["kill", "kill worker"])
@pytest.mark.parametrize("place", ["claimed", "finishing", "finished", "ended"])
def test_whatever_is_killed_at_whatever_place_of_a_step_changes_nothing(
    clinic: Clinic, place: str, action: str
) -> None:
    kill_in_each_step(clinic, [place], action, sessions=3)
