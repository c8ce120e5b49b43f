"""What the dispatcher does every so often."""

from workers.dispatcher import Turn


def test_a_turn_comes_at_once_and_then_once_in_its_time() -> None:
    turn = Turn(60.0)
    assert [turn.comes_after(20.0) for _ in range(8)] == [
        True, False, False, True, False, False, True, False,
    ]  # fmt: skip


def test_looks_that_are_further_apart_than_the_turn_bring_it_each_time() -> None:
    turn = Turn(60.0)
    assert [turn.comes_after(600.0) for _ in range(3)] == [True, True, True]
