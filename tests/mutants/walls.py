"""Faults in Postgres' own walls: a policy that lets everything through, a trigger that is off."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg2

from embedded.postgres import DATABASE, SUPERUSER, EmbeddedPostgres

# Foreign keys are triggers too, of which Postgres itself says that they are internal.
_TRIGGERS = """
SELECT 'leave out the trigger ' || tgname || ' of ' || tgrelid::regclass,
    format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname),
    format('ALTER TABLE %s ENABLE TRIGGER %I', tgrelid::regclass, tgname)
FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE NOT tgisinternal AND relnamespace = 'public'::regnamespace
"""
_READING = """
SELECT 'all practices pass ' || policyname || ' of ' || tablename,
    format('ALTER POLICY %I ON %I USING (true)', policyname, tablename),
    format('ALTER POLICY %I ON %I USING (%s)', policyname, tablename, qual)
FROM pg_policies WHERE qual <> 'true'
"""
_WRITING = """
SELECT 'rows for all practices pass ' || policyname || ' of ' || tablename,
    format('ALTER POLICY %I ON %I WITH CHECK (true)', policyname, tablename),
    format('ALTER POLICY %I ON %I WITH CHECK (%s)', policyname, tablename, with_check)
FROM pg_policies WHERE with_check <> 'true'
"""
_FORCED = """
SELECT 'the owner passes the wall of ' || relname,
    format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', relname),
    format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', relname)
FROM pg_class WHERE relforcerowsecurity
"""


@dataclass(frozen=True)
class Fault:
    """What is wrong, and the statements that bring it about and take it back."""

    name: str
    make: str
    undo: str


def faults(postgres: EmbeddedPostgres) -> list[Fault]:
    """Every fault of the migrated database."""
    found: list[Fault] = []
    for query in (_READING, _WRITING, _FORCED, _TRIGGERS):
        found += [Fault(*row) for row in _asked(postgres, query)]
    return found


@contextmanager
def broken(postgres: EmbeddedPostgres, fault: Fault) -> Iterator[None]:
    """The database with this fault."""
    _asked(postgres, fault.make)
    try:
        yield
    finally:
        _asked(postgres, fault.undo)


def _asked(postgres: EmbeddedPostgres, statement: str) -> list[tuple[str, str, str]]:
    url = postgres.url_of(DATABASE, SUPERUSER).replace("+psycopg2", "")
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []
