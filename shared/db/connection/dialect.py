"""psycopg2 with transactions that cost no round trips of their own.

The driver sends BEGIN by itself, before the first statement, and COMMIT after the last: two of the four
round trips of a transaction that asks one thing. Here it sends neither. BEGIN goes with the statement
that says whose rows the transaction sees, COMMIT with what is sent last (``shared/db/connection/engine.py``),
and only where nothing is, alone.
"""

from typing import Any

from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2

NAME = "postgresql+fewtrips"
registry.register("postgresql.fewtrips", __name__, "FewTrips")


class FewTrips(PGDialect_psycopg2):
    """For connections in the driver's autocommit mode: what the server says of the transaction counts."""

    driver = "fewtrips"
    supports_statement_cache = True

    def do_begin(self, dbapi_connection: Any) -> None:
        """Send nothing yet: BEGIN goes out with the first statement."""

    def do_commit(self, dbapi_connection: Any) -> None:
        _end(dbapi_connection, "COMMIT")

    def do_rollback(self, dbapi_connection: Any) -> None:
        _end(dbapi_connection, "ROLLBACK")


def _end(connection: Any, statement: str) -> None:
    if connection.get_transaction_status() != TRANSACTION_STATUS_IDLE:
        with connection.cursor() as cursor:
            cursor.execute(statement)
