"""The faults that ``make mutants`` makes in Postgres' walls: each is there, and is taken back whole."""

from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from shared.services.resources import Resources
from tests.database import everything
from tests.mutants import walls


def state(resources: Resources) -> set[str]:
    """Every policy, trigger and forced wall, as Postgres shows it."""
    queries = (
        "SELECT p::text FROM pg_policies AS p",
        "SELECT concat(tgrelid::regclass, tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT concat(relname, relforcerowsecurity) FROM pg_class WHERE relkind = 'r'",
    )
    with everything(resources) as db:
        return {row for query in queries for row in db.scalars(text(query))}


def test_each_fault_changes_one_thing_and_is_taken_back(
    resources: Resources, postgres: EmbeddedPostgres
) -> None:
    every = walls.faults(postgres)
    assert len({one.name for one in every}) == len(every) > 100
    before = state(resources)
    of_each_kind = {one.make.split()[1] + one.make.split()[-2]: one for one in every}
    assert len(of_each_kind) >= 4
    for one in of_each_kind.values():
        with walls.broken(postgres, one):
            assert len(before - state(resources)) == 1, one
        assert state(resources) == before
