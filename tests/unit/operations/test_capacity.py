"""The simulation of capacity, where the answer is known without it."""

import pytest

from benchmarks.load.capacity import BUSY_AT_MOST, Load, fewest_workers, simulate

LOAD = Load(per_hour=20, minutes=10, decode=0.01, transcribe=0.2, unite=1, extract=2, persist=3)


def test_one_session_takes_the_sum_of_its_steps_on_one_worker() -> None:
    (seconds,) = simulate(LOAD, 1, 0, arrivals=[(0.0, 600.0)]).to_notes
    assert seconds == pytest.approx(600 * 0.01 + 600 * 0.2 + 1 + 2 + 3)


def test_its_ten_chunks_are_shared_by_ten_workers() -> None:
    (seconds,) = simulate(LOAD, 10, 0, arrivals=[(0.0, 600.0)]).to_notes
    assert seconds == pytest.approx(600 * 0.01 + 60 * 0.2 + 1 + 2 + 3)


def test_a_worker_that_never_rests_is_busy_all_the_time() -> None:
    found = simulate(LOAD, 1, 0, arrivals=[(0.0, 600.0)] * 5)
    assert found.utilisation == pytest.approx(1.0)
    assert len(found.to_notes) == 5


def test_more_workers_never_make_anybody_wait_longer_on_average() -> None:
    means = [sum(simulate(LOAD, workers, 8).to_notes) for workers in (1, 2, 4, 8)]
    assert means == sorted(means, reverse=True)


def test_no_plan_lets_the_queue_grow_for_ever() -> None:
    heavy = Load(per_hour=200, minutes=50)
    assert heavy.offered / fewest_workers(heavy, within_minutes=1000, hours=1) <= BUSY_AT_MOST
