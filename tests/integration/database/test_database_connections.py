"""A connection that died in the pool costs its next user nothing."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import text

from shared.db.connection.engine import Database
from shared.settings import Settings
from tests.database import everything
from tests.waiting import wait_for


@pytest.fixture
def alone(settings: Settings) -> Iterator[Database]:
    """A pool of one: what the tests of a process share may have several connections."""
    with closing(Database(settings.database_url, pool_size=1)) as database:
        yield database


def backend(database: Database) -> int:
    with database.operating() as db:
        return int(db.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_a_connection_that_the_server_ended_a_moment_ago_is_not_handed_out(
    alone: Database, settings: Settings
) -> None:
    first = backend(alone)
    with everything(settings.database_url) as db:
        assert db.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": first}).scalar_one()
        alive = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
        wait_for(lambda: db.execute(alive, {"pid": first}).scalar_one() == 0)
    assert backend(alone) != first


def test_a_connection_that_lives_is_used_again(alone: Database) -> None:
    assert backend(alone) == backend(alone)
