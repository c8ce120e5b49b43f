"""What ``doctor`` asks the database: who we are there, its schema, walls and clock, signs of life."""

import socket
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import UTC, datetime

import psycopg2
from alembic.script import ScriptDirectory
from psycopg2.extensions import parse_dsn

import migrations
from cli.local.findings import Finding, bad, doubtful, good
from shared.db.connection.engine import APPLICATION, OPERATOR, SEALER
from shared.db.queries.work import heartbeats
from shared.settings import Settings

_MOST_SKEW_SECONDS = 2.0
_CONNECT_SECONDS = 5
# A database that locks everything is told too.
_LIMITS = "-c statement_timeout=10000 -c lock_timeout=5000"
_DOES = {
    heartbeats.WORKER: "no recording is worked on",
    heartbeats.DISPATCHER: "lost messages are not sent again, deletions wait",
    heartbeats.COURIER: "no webhook is delivered",
}
_ROLES = "Run deploy/postgres-roles.sql as a superuser: see docs/operations.md."
Cursor = psycopg2.extensions.cursor


def examine(known: Settings) -> Iterator[Finding]:
    """Every finding about the database; a single one if the login fails."""
    url = known.database_url.replace("+psycopg2", "")
    try:
        connection = psycopg2.connect(url, connect_timeout=_CONNECT_SECONDS, options=_LIMITS)
    except psycopg2.Error:
        yield _unreachable(url)
        return
    try:
        with closing(connection), connection.cursor() as cursor:
            connection.autocommit = True
            yield good("database", f"answers, PostgreSQL {connection.server_version // 10000}")
            yield from _user(cursor)
            if not (yield from _schema(cursor)):
                return
            yield from _walls(cursor)
            yield from _clock(cursor)
            yield from _signs(cursor)
    except psycopg2.Error as error:
        yield bad("database", f"refused a question ({error.pgcode or 'no code'})", "Look at Postgres' log.")


def _unreachable(url: str) -> Finding:
    """Say why the login fails: nothing listens, the login is refused, or the database is missing.

    The server's message may be in any language, so this tries each case instead of reading it.
    """
    parts = parse_dsn(url)
    host, port = parts.get("host", ""), int(parts.get("port") or 5432)
    meanwhile = "Uploads answer 503 until then; nothing is lost."
    if host and not host.startswith("/") and not _listens(host, port):
        return bad(
            "database",
            "does not answer: nothing listens at the host and port of DATABASE_URL",
            f"Start Postgres, or correct host and port. {meanwhile}",
        )
    for other in ("postgres", "template1"):
        try:
            psycopg2.connect(url, dbname=other, connect_timeout=_CONNECT_SECONDS).close()
        except psycopg2.Error:
            continue
        return bad(
            "database",
            "does not exist, or its user may not connect to it; the server accepts the login",
            f"Make the database that DATABASE_URL names, or correct the name. {meanwhile}",
        )
    return bad(
        "database",
        "refuses the login: wrong user or password, or the server does not answer",
        f"Correct user and password in DATABASE_URL. {meanwhile}",
    )


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), _CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def _user(cursor: Cursor) -> Iterator[Finding]:
    cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
    if _one(cursor):
        yield bad(
            "database",
            "its user is a superuser or bypasses row-level security",
            f"No policy binds that user. {_ROLES}",
        )
    elif powers := _powers(cursor):
        yield bad(
            "database",
            f"its user {' and '.join(powers)}, and could take row-level security and the audit trail away",
            f"Processes log in with a user that owns nothing, migrations with another. {_ROLES}",
        )
    else:
        yield good("database", "its user owns nothing")
    cursor.execute(
        "SELECT count(*) FROM pg_roles WHERE rolname IN (%s, %s, %s) AND pg_has_role(oid, 'MEMBER')",
        (APPLICATION, OPERATOR, SEALER),
    )
    if _one(cursor) != 3:
        roles = f"{APPLICATION}, {OPERATOR} and {SEALER}"
        yield bad("database", f"its user may not take the roles {roles}", _ROLES)


def _powers(cursor: Cursor) -> list[str]:
    """By what the user could change the schema."""
    found = []
    cursor.execute(
        "SELECT EXISTS (SELECT FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass"
        " AND refobjid = current_user::regrole AND deptype = 'o')"
    )
    if _one(cursor):
        found.append("owns tables or the database")
    cursor.execute(
        "SELECT pg_has_role(datdba, 'MEMBER') AND datdba <> current_user::regrole"
        " FROM pg_database WHERE datname = current_database()"
    )
    if _one(cursor):
        found.append("may take the owner's role")
    cursor.execute("SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user")
    if _one(cursor):
        found.append("may make roles")
    return found


def _schema(cursor: Cursor) -> Generator[Finding, None, bool]:
    """Whether the schema is the one of this release; gives False if there is none to look at."""
    scripts = ScriptDirectory.from_config(migrations.configuration("postgresql://"))
    head = scripts.get_current_head()
    cursor.execute("SELECT to_regclass('public.alembic_version') IS NOT NULL")
    if not _one(cursor):
        yield bad(
            "schema", "there is none yet", "Run `sessionscribe setup`, or the `release` step of the Procfile."
        )
        return False
    cursor.execute("SELECT has_table_privilege('alembic_version', 'SELECT')")
    if not _one(cursor):
        cursor.execute("SET ROLE " + OPERATOR)
    cursor.execute("SELECT version_num FROM alembic_version")
    found = str(_one(cursor))
    cursor.execute("RESET ROLE")
    if found == head:
        yield good("schema", f"up to date ({found})")
    elif found in {script.revision for script in scripts.walk_revisions()}:
        yield bad("schema", f"is at {found}, this release needs {head}", "Run the `release` step.")
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
            "Switch it on again: ALTER TABLE … ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY.",
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
            "Run NTP on both. Times of records, keys and webhooks are the database's; S3, TLS and engines' "
            "servers refuse a machine whose own clock is off.",
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
        (heartbeats.FRESH_SECONDS,),
    )
    alive = dict(cursor.fetchall())
    cursor.execute("RESET ROLE")
    for kind in heartbeats.KINDS:
        if alive.get(kind):
            yield good("processes", f"{alive[kind]} × {kind} alive")
        else:
            yield bad(
                "processes",
                f"no {kind} has given a sign of life for {heartbeats.FRESH_SECONDS:.0f} s: {_DOES[kind]}",
                "Start one (see the Procfile) and look at its log. Nothing is lost meanwhile.",
            )


def _one(cursor: Cursor):  # type: ignore[no-untyped-def]  # the type of the query's one column
    row = cursor.fetchone()
    return row[0] if row else None
