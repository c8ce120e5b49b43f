"""What chunks took, added up."""

from shared.domain.transcripts.usage import total_usage
from shared.domain.values import Usage


def test_usage_is_added_up_for_each_engine():
    used = [Usage("a", 2, 10.0, 0.01), Usage("b", 1, 5.0, 0.0), Usage("a", 3, 20.0, 0.02)]
    assert total_usage(used) == (Usage("a", 5, 30.0, 0.03), Usage("b", 1, 5.0, 0.0))


def test_a_sum_with_an_unknown_cost_is_unknown():
    assert total_usage([Usage("a", 1, 1.0, 0.1), Usage("a", 1, 1.0, None)]) == (Usage("a", 2, 2.0, None),)


def test_nothing_that_was_heard_took_nothing():
    assert total_usage([]) == ()
