"""Every engine has its row of facts, and one that sends what was said away needs the practice's leave."""

import pytest

from shared.domain import engines
from shared.domain.engines import ENGINES, Away
from workers.engines import registry


def test_every_engine_that_can_be_built_is_in_the_table_and_the_other_way_round() -> None:
    assert set(registry.TRANSCRIBERS) == set(engines.TRANSCRIBERS)
    assert set(registry.EXTRACTORS) == set(engines.EXTRACTORS)


def test_no_fact_of_an_engine_has_a_default() -> None:
    """A new engine must say whether it sends recordings away."""
    with pytest.raises(TypeError, match="sends_away"):
        engines.Engine(name="cloud", transcribes=True, writes_notes=False, takes_model=False)  # type: ignore[call-arg]


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
@pytest.mark.parametrize("in_house", [True, False])
def test_what_is_sent_away_follows_from_the_table(engine: engines.Engine, in_house: bool) -> None:
    expected = engine.sends_away is Away.ALWAYS or (engine.sends_away is not Away.NEVER and not in_house)
    assert engines.sends_away(engine.name, in_house) is expected
    assert engines.sends_away(f"{engine.name}:some-model", in_house) is expected


def test_an_engine_that_is_not_in_the_table_counts_as_one_that_sends_away() -> None:
    assert engines.sends_away("new-cloud", in_house=True)
