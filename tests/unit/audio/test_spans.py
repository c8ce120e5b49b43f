"""Among many spans the same are found as by looking at all of them."""

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.transcripts.spans import Spans
from shared.domain.values import Turn

TIMES = st.integers(0, 30)
TURNS = st.lists(st.tuples(TIMES, st.integers(0, 9)).map(lambda t: Turn(t[0], t[0] + t[1], "x")), min_size=1)


def shared(turn: Turn, start: float, end: float) -> float:
    """Seconds in common; negative is the distance."""
    return min(turn.end, end) - max(turn.start, start)


@given(TURNS, TIMES, st.integers(0, 9))
def test_the_one_that_shares_most_or_is_nearest_is_found(turns, start, length):
    end = start + length
    best = max(range(len(turns)), key=lambda i: shared(turns[i], start, end))
    around = Spans(turns).around(start, end)
    found = max(around, key=lambda i: shared(turns[i], start, end))
    assert shared(turns[found], start, end) == shared(turns[best], start, end)
    assert around == sorted(around)


@given(TURNS, TIMES, st.integers(0, 9))
def test_all_that_share_a_moment_are_found(turns, start, length):
    end = start + length
    touching = {i for i, turn in enumerate(turns) if shared(turn, start, end) >= 0}
    assert touching <= set(Spans(turns).around(start, end))


def test_of_a_thousand_a_few_are_looked_at():
    turns = [Turn(i, i + 0.9, "x") for i in range(1000)]
    assert Spans(turns).around(500.2, 501.1) == [499, 500, 501, 502]


def test_nothing_is_near_where_there_is_nothing():
    assert Spans([]).around(1.0, 2.0) == []
