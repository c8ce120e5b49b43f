"""The database as nobody sees it but tests: all practices at once, to prepare and to look."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from uuid import UUID

import psycopg2
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session as DbSession

from embedded.postgres import DATABASE, LOGIN, SUPERUSER, EmbeddedPostgres
from shared.services.resources import Resources

# Row-level security does not bind it. The login may take it, so that a test needs no second address.
INSPECTOR = "test_inspector"


def make_inspector(postgres: EmbeddedPostgres) -> None:
    """Make the role by which tests see everything."""
    url = postgres.url_of(DATABASE, SUPERUSER).replace("+psycopg2", "")
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {INSPECTOR} SUPERUSER")
        cursor.execute(f"GRANT {INSPECTOR} TO {LOGIN} WITH INHERIT FALSE, SET TRUE")


@contextmanager
def everything(resources: Resources | str) -> Iterator[DbSession]:
    """A transaction past both walls; takes resources, or a database's address."""
    url = resources if isinstance(resources, str) else resources.settings.database_url
    with DbSession(_engine(url), expire_on_commit=False) as db, db.begin():
        db.execute(text(f"SET LOCAL ROLE {INSPECTOR}"))
        yield db


@lru_cache
def _engine(url: str) -> Engine:
    """Keeps a connection between tests: a new one learns the whole catalog first, which takes 20 ms."""
    return create_engine(url, pool_pre_ping=True, pool_size=1, max_overflow=20)


def empty(database_url: str) -> None:
    """Remove all rows; for that the audit trail's triggers must look away.

    Only tables that hold rows are touched: to truncate them all costs more than most tests.
    """
    with everything(database_url) as db:
        # Asked of Postgres: of our own metadata only what this process has imported is known.
        tables = db.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        names = sorted(set(tables) - {"alembic_version"})
        asked = " UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in names)
        db.execute(text("SET LOCAL session_replication_role = replica"))
        for name in db.scalars(text(asked)).all():
            db.execute(text(f"DELETE FROM {name}"))


def is_locked(resources: Resources, table: str, row_id: UUID) -> bool:
    """Whether a transaction under way keeps others from changing the row."""
    with everything(resources) as db:
        free = text(f"SELECT id FROM {table} WHERE id = :id FOR NO KEY UPDATE SKIP LOCKED")
        return db.scalar(free, {"id": row_id}) is None
