"""What ``doctor`` asks the database: who we are there, its schema, walls and clock, signs of life."""

from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import UTC, datetime

import psycopg2
from alembic.script import ScriptDirectory

import migrations
from cli.local.findings import Finding, bad, doubtful, good
from shared.db.connection.engine import APPLICATION, OPERATOR
from shared.settings import Settings

_MOST_SKEW_SECONDS = 2.0
_ALIVE_SECONDS = 60
_PROCESSES = ("worker", "dispatcher")
Cursor = psycopg2.extensions.cursor


def examine(known: Settings) -> Iterator[Finding]:
    """Every finding about the database; a single one if it does not answer."""
    try:
        connection = psycopg2.connect(known.database_url.replace("+psycopg2", ""), connect_timeout=5)
    except psycopg2.Error:
        yield bad(
            "database",
            "does not answer, or refuses the login",
            "Check DATABASE_URL and start Postgres. Uploads answer 503 until then; nothing is lost.",
        )
        return
    with closing(connection), connection.cursor() as cursor:
        connection.autocommit = True
        yield good("database", f"answers, PostgreSQL {connection.server_version // 10000}")
        yield from _user(cursor)
        if not (yield from _schema(cursor)):
            return
        yield from _walls(cursor)
        yield from _clock(cursor)
        yield from _signs(cursor)


def _user(cursor: Cursor) -> Iterator[Finding]:
    cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
    if _one(cursor):
        yield bad(
            "database",
            "its user is a superuser or bypasses row-level security",
            "No policy binds that user: make another, who owns the database and has CREATEROLE at most.",
        )
    cursor.execute(
        "SELECT count(*) FROM pg_roles WHERE rolname IN (%s, %s) AND pg_has_role(oid, 'MEMBER')",
        (APPLICATION, OPERATOR),
    )
    if _one(cursor) != 2:
        yield bad(
            "database",
            f"its user may not take the roles {APPLICATION} and {OPERATOR}",
            "Run the migrations as a user with CREATEROLE, or let an administrator make and grant them.",
        )


def _schema(cursor: Cursor) -> Generator[Finding, None, bool]:
    """Whether the schema is the one of this release; gives False if there is none to look at."""
    head = ScriptDirectory.from_config(migrations.configuration("postgresql://")).get_current_head()
    cursor.execute("SELECT to_regclass('public.alembic_version') IS NOT NULL")
    if not _one(cursor):
        yield bad(
            "schema", "there is none yet", "Run `sessionscribe setup`, or the `release` step of the Procfile."
        )
        return False
    cursor.execute("SELECT version_num FROM alembic_version")
    found = str(_one(cursor))
    if found == head:
        yield good("schema", f"up to date ({found})")
    elif found < str(head):
        yield bad(
            "schema", f"is at {found}, this release needs {head}", "Run the `release` step of the Procfile."
        )
    else:
        yield doubtful("schema", f"is at {found}, newer than this release ({head})", "Update this one too.")
    return True


def _walls(cursor: Cursor) -> Iterator[Finding]:
    cursor.execute(
        "SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND attname = 'practice_id'"
        " AND NOT attisdropped AND NOT (relrowsecurity AND relforcerowsecurity) ORDER BY relname"
    )
    open_tables = [row[0] for row in cursor.fetchall()]
    if open_tables:
        yield bad(
            "walls",
            f"row-level security is off on {', '.join(open_tables)}",
            "Somebody switched it off: ALTER TABLE … ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY.",
        )
    else:
        yield good("walls", "row-level security is forced on every table of a practice")


def _clock(cursor: Cursor) -> Iterator[Finding]:
    before = datetime.now(UTC)
    cursor.execute("SELECT clock_timestamp()")
    theirs = _one(cursor)
    after = datetime.now(UTC)
    skew = max((before - theirs).total_seconds(), (theirs - after).total_seconds(), 0.0)
    if skew > _MOST_SKEW_SECONDS:
        yield doubtful(
            "clock",
            f"this machine and the database differ by {skew:.0f} s",
            "Run NTP on both: receivers of webhooks refuse old timestamps, and keys expire early or late.",
        )
    else:
        yield good("clock", "agrees with the database's")


def _signs(cursor: Cursor) -> Iterator[Finding]:
    cursor.execute("SELECT to_regclass('public.signs_of_life') IS NOT NULL")
    if not _one(cursor):
        return
    cursor.execute("SET ROLE " + OPERATOR)
    cursor.execute(
        "SELECT kind, count(*) FROM signs_of_life"
        " WHERE seen_at > now() - make_interval(secs => %s) GROUP BY kind",
        (_ALIVE_SECONDS,),
    )
    alive = dict(cursor.fetchall())
    cursor.execute("RESET ROLE")
    for kind in _PROCESSES:
        if alive.get(kind):
            yield good("processes", f"{alive[kind]} × {kind} alive")
        else:
            yield bad(
                "processes",
                f"no {kind} has given a sign of life for {_ALIVE_SECONDS} s",
                "Start one (see the Procfile) and look at its log. Nothing is lost; nothing goes on.",
            )


def _one(cursor: Cursor):  # type: ignore[no-untyped-def]  # whatever the query's one column holds
    row = cursor.fetchone()
    return row[0] if row else None
