"""Everything at once, briefly; and the control, without which a pass would say nothing."""

import pytest

from tests.faults import chaos

pytestmark = pytest.mark.chaos


@pytest.mark.parametrize("seed", [17, 28])
def test_nothing_is_lost_stuck_doubled_or_told_whatever_breaks(seed: int) -> None:
    made = chaos.run(seed, seconds=25)
    assert made.verdict.accepted > 0
    assert sum(made.faults.values()) > 5
    assert made.verdict.problems == []


def test_without_a_dispatcher_the_same_run_fails() -> None:
    made = chaos.run(28, seconds=25, dispatcher=False, settled_within=20)
    assert made.verdict.stuck != []
