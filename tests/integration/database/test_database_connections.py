"""A connection that died in the pool costs its next user nothing."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from shared.db.connection.engine import Database
from shared.settings import Settings
from tests.database import everything
from tests.waiting import wait_for


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """With a pool of its own: from the one that all tests share another connection may come next."""
    database = Database(settings.database_url, pool_size=1)
    yield database
    database.close()


def backend(database: Database) -> int:
    with database.operating() as db:
        return int(db.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_a_connection_that_the_server_ended_a_moment_ago_is_not_handed_out(
    database: Database, settings: Settings
) -> None:
    first = backend(database)
    with everything(settings.database_url) as db:
        assert db.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": first}).scalar_one()
        alive = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
        wait_for(lambda: db.execute(alive, {"pid": first}).scalar_one() == 0)
    assert backend(database) != first


def test_a_connection_that_lives_is_used_again(database: Database) -> None:
    assert backend(database) == backend(database)
