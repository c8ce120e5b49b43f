"""The connection to Postgres: one visible transaction at a time, each for one practice."""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from psycopg2 import Error as DriverError
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from shared.db.connection import deferred, dialect
from shared.domain.errors import Unavailable

# Bounds on what one statement may cost others. Without them a lock that is never released
# stops every request and every worker behind it.
_SERVER_OPTIONS = (
    "-c statement_timeout=30000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=60000"
)

# A Postgres whose machine vanished answers nothing; without these we would wait for many minutes.
_KEEPALIVES = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


# The roles that migration 0002 makes. The user of DATABASE_URL is a member of both and takes one
# for the length of a transaction: as itself it sees no row, for row-level security is forced.
APPLICATION, OPERATOR = "sessionscribe_app", "sessionscribe_operator"
# And that of migration 0100, past the triggers that forbid changes: it changes sealed values alone.
SEALER = "sessionscribe_sealer"

# Both are transaction-local, so that a pooled connection carries neither over to the next borrower;
# sent at once with what begins the transaction, because each costs a round trip.
_ACT_AS = text("BEGIN; SELECT set_config('role', :role, true), set_config('app.practice', :practice, true)")


# A connection that was used within this time, and says nothing, is taken to be alive.
ASKED_AFTER_SECONDS = 0.5


class DatabaseError(RuntimeError):
    """The database refused a statement. Its own words are withheld: they can hold the row."""


class Database:
    """A pool of connections; safe to share between threads, to be made anew after a fork."""

    def __init__(self, url: str, pool_size: int = 5) -> None:
        address = make_url(url).set(drivername=dialect.NAME)
        self._engine = create_engine(
            address,
            isolation_level="AUTOCOMMIT",  # the driver's: transactions begin with _ACT_AS
            pool_size=pool_size,
            max_overflow=5,
            pool_timeout=10,
            hide_parameters=True,
            connect_args={
                **_KEEPALIVES,
                "connect_timeout": 5,
                "options": _SERVER_OPTIONS,
                "application_name": "sessionscribe",
            },
        )
        event.listen(self._engine, "checkin", _note_use)
        event.listen(self._engine, "checkout", _ask_if_it_lives)
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)

    @contextmanager
    def transaction(self, practice_id: UUID) -> Iterator[DbSession]:
        """A transaction that commits when the block ends and rolls back when it raises.

        It sees and writes rows of this practice and no other, also if a query has no such filter.
        Raises Unavailable where Postgres is away and DatabaseError where it refuses: never
        the driver's own error, whose text may hold what was said in a session.
        """
        with self._acting_as(APPLICATION, str(practice_id)) as db:
            yield db

    @contextmanager
    def operating(self) -> Iterator[DbSession]:
        """As ``transaction``, over all practices, for finding out whose turn or whose key it is.

        It sees practices, people, keys, steps and the state of sessions; it can put off a session
        and note a key's use, and nothing else: what was said is out of its reach.
        """
        with self._acting_as(OPERATOR, "") as db:
            yield db

    @contextmanager
    def sealing(self, practice_id: UUID) -> Iterator[DbSession]:
        """As ``transaction``, for replacing sealed values by themselves under another version of their key.

        It sees the tables with such values, and can change these columns and nothing else.
        """
        with self._acting_as(SEALER, str(practice_id)) as db:
            yield db

    @contextmanager
    def _acting_as(self, role: str, practice: str) -> Iterator[DbSession]:
        try:
            with self._sessions.begin() as db:
                db.execute(_ACT_AS, {"role": role, "practice": practice})
                deferred.keep(db)
                yield db
                deferred.send(db, "COMMIT")
        except DBAPIError as error:
            raise _as_ours(error) from None
        except PoolTimeout:
            raise Unavailable("The database is busy; try again.", "database_unavailable") from None
        except SQLAlchemyError as error:
            raise DatabaseError(f"a query could not be run ({type(error).__name__})") from None

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _note_use(connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["used_at"] = time.monotonic()


def _ask_if_it_lives(connection: Any, record: ConnectionPoolEntry, proxy: object) -> None:
    """Have the pool make a new connection if this one is dead.

    Asked every time, it would be a third of a worker's round trips: one that has answered just now
    is asked only if its socket has something to read, as it has once the server has hung up.
    """
    used_at = record.info.get("used_at")
    if used_at is None:
        return
    try:
        if time.monotonic() - used_at < ASKED_AFTER_SECONDS and not _has_news(connection):
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.rollback()
    except DriverError:
        raise DisconnectionError from None


def _has_news(connection: Any) -> bool:
    """Whether the server has sent something unasked, or hung up; costs no round trip."""
    poll = select.poll()  # not select(): it knows no descriptor above 1023
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _as_ours(error: DBAPIError) -> Exception:
    sqlstate = getattr(error.orig, "pgcode", None) or "no code"
    # 57P: the server is shutting down; 53: out of connections, disk or memory; 55P03, 57014: timeouts.
    away = isinstance(error, OperationalError) or error.connection_invalidated
    if away or sqlstate[:3] == "57P" or sqlstate[:2] == "53" or sqlstate in ("55P03", "57014"):
        return Unavailable("The database is not available; try again.", "database_unavailable")
    return DatabaseError(f"Postgres refused a statement ({type(error.orig).__name__}, {sqlstate})")
