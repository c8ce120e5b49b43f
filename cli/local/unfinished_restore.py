"""Marks of a restore that has not ended: in the database, and in the data folder of an embedded stack."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
from psycopg2 import sql

from cli.exits import CommandError, Exit
from migrations.row_security import role_statements

_TABLE = "restore_has_not_ended"
_FILE = "restore.unfinished"
_OTHERS = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> %s"
_FUNCTIONS = (
    "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    " AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')"
)


def is_in(data: Path) -> bool:
    """Whether a restore into this data folder has begun and not ended."""
    return (data / _FILE).exists()


def note_in(data: Path) -> None:
    """Have ``is_in`` say so until ``forget_in``."""
    (data / _FILE).touch(mode=0o600)


def forget_in(data: Path) -> None:
    """The restore has ended."""
    (data / _FILE).unlink(missing_ok=True)


def require_room(url: str) -> None:
    """Raise CommandError unless the database is empty, or holds what a restore left that did not end."""
    with _connected(url) as cursor:
        if not _is_begun(cursor) and _others(cursor):
            raise CommandError("The database is not empty; restore into a new one.", Exit.REFUSED)


def begin(url: str) -> None:
    """Mark the database, remove what an earlier attempt left, and make the roles, which no dump holds."""
    with _connected(url) as cursor:
        cursor.execute(sql.SQL("CREATE TABLE IF NOT EXISTS {} ()").format(sql.Identifier(_TABLE)))
        for table in _others(cursor):
            cursor.execute(sql.SQL("DROP TABLE {} CASCADE").format(sql.Identifier(table)))
        cursor.execute(_FUNCTIONS)
        for (function,) in cursor.fetchall():
            cursor.execute(f"DROP FUNCTION {function} CASCADE")
        for statement in role_statements():
            cursor.execute(statement)


def end(url: str) -> None:
    """Remove the mark: what is there may be used."""
    with _connected(url) as cursor:
        cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(_TABLE)))


def require_none(url: str) -> None:
    """Raise CommandError while the database holds a restore that has not ended, or cannot be asked."""
    with _connected(url) as cursor:
        if _is_begun(cursor):
            raise CommandError(
                "A restore into this database has not ended. Run it again before anything uses the database.",
                Exit.REFUSED,
            )


def _is_begun(cursor: psycopg2.extensions.cursor) -> bool:
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", (f"public.{_TABLE}",))
    row = cursor.fetchone()
    return bool(row and row[0])


def _others(cursor: psycopg2.extensions.cursor) -> list[str]:
    cursor.execute(_OTHERS, (_TABLE,))
    return [row[0] for row in cursor.fetchall()]


@contextmanager
def _connected(url: str) -> Iterator[psycopg2.extensions.cursor]:
    """A cursor in a transaction; raises CommandError if the login fails."""
    try:
        connection = psycopg2.connect(url.replace("+psycopg2", ""))
    except (psycopg2.Error, ValueError):
        raise CommandError("The database does not answer, or refuses the login.", Exit.UNAVAILABLE) from None
    with closing(connection), connection, connection.cursor() as cursor:
        yield cursor
