"""What the dispatcher does every so often."""

import pytest

from workers.dispatcher import Chore


@pytest.mark.parametrize(
    ("seconds", "times"), [(20.0, [1, 1, 1, 2, 2, 2, 3, 3]), (600.0, [1, 2, 3])], ids=["often", "seldom"]
)
def test_a_chore_is_done_at_once_and_then_once_in_its_time(seconds: float, times: list[int]) -> None:
    done: list[str] = []
    chore = Chore(60.0, lambda: done.append("done"))

    def after_a_look() -> int:
        chore.do_if_due(seconds)
        return len(done)

    assert [after_a_look() for _ in times] == times
