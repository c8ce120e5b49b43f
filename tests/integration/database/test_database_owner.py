"""Processes log in with a user that owns nothing; migrations alone log in with the owner."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

import migrations
from cli.local import database_checks
from embedded.postgres import DATABASE, LOGIN, OWNER, SUPERUSER, EmbeddedPostgres
from embedded.stack import MIGRATIONS_URL, Stack
from shared.db.connection.engine import APPLICATION, OPERATOR, SEALER
from shared.settings import load
from tests.integration.database.test_migrations import as_superuser, works
from tests.stack import running, temporary_folder

HARM = (
    "ALTER TABLE notes NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE notes DISABLE ROW LEVEL SECURITY",
    "DROP POLICY own_practice ON notes",
    "DROP TRIGGER append_only ON audit_events",
    "ALTER TABLE audit_events DISABLE TRIGGER ALL",
    "DROP TABLE audit_events CASCADE",
    "TRUNCATE audit_events",
    "DROP FUNCTION refuse_change() CASCADE",
    "CREATE TABLE mine ()",
    "CREATE ROLE mine",
    f"GRANT {OPERATOR} TO {LOGIN} WITH INHERIT TRUE",
    f"SET ROLE {OWNER}",
    f"DROP DATABASE {DATABASE}",
    "SELECT * FROM sessions",
)


def refused(url: str, statement: str) -> bool:
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        try:
            cursor.execute(statement)
        except psycopg2.Error as error:
            return error.pgcode in ("42501", "55006")  # insufficient_privilege; the database in use
        return False


@pytest.mark.parametrize("statement", HARM)
def test_the_login_of_the_processes_can_take_no_wall_away(postgres: EmbeddedPostgres, statement: str) -> None:
    assert refused(postgres.url, statement)


@pytest.fixture(scope="module")
def of_before() -> Iterator[EmbeddedPostgres]:
    """A cluster as an older release made it: one login that owns all and made the roles."""
    with temporary_folder() as folder:
        server = EmbeddedPostgres(folder / "postgres", fsync=False)
        with running(server, folder):
            password = server.url.split(":")[2].split("@")[0]
            as_superuser(
                server,
                f"CREATE ROLE {LOGIN} LOGIN CREATEDB CREATEROLE PASSWORD '{password}'",
                f"CREATE DATABASE {DATABASE} OWNER {LOGIN}",
                database="postgres",
            )
            migrations.upgrade(server.url)
            yield server


def findings(server: EmbeddedPostgres) -> dict[str, str]:
    known = load({
        "DATABASE_URL": server.url, "REDIS_URL": "redis://localhost", "STORAGE_URL": "file:///nowhere",
        "SESSIONSCRIBE_KEYS_DIR": "/nowhere",
    })  # fmt: skip
    return {found.text: found.verdict for found in database_checks.examine(known) if found.part == "database"}


def test_a_database_of_an_older_release_changes_hands_and_goes_on(of_before: EmbeddedPostgres) -> None:
    worst = {text: verdict for text, verdict in findings(of_before).items() if verdict == "bad"}
    assert "owns tables or the database and may make roles" in " ".join(worst)
    assert works(of_before.url)
    for _ in range(2):
        of_before.create_database()
    assert set(findings(of_before).values()) == {"good"}
    assert not [statement for statement in HARM if not refused(of_before.url, statement)]
    assert works(of_before.url)
    migrations.upgrade(of_before.owner_url)
    assert owners(of_before) == {OWNER}


def owners(server: EmbeddedPostgres) -> set[str]:
    url = server.url_of(DATABASE, SUPERUSER).replace("+psycopg2", "")
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " UNION SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        )
        return {row[0] for row in cursor.fetchall()}


def test_the_roles_of_the_database_are_those_of_the_code() -> None:
    script = (Path(__file__).parents[3] / "deploy" / "postgres-roles.sql").read_text()
    for role in (APPLICATION, OPERATOR, SEALER, LOGIN, OWNER):
        assert f"'{role}'" in script


def test_only_the_release_step_is_given_the_owners_address(tmp_path: Path) -> None:
    lines = ["release: true", "web: true", "worker: true", "dispatcher: true", "courier: true"]
    settings = {MIGRATIONS_URL: "postgresql://owner@h/d", f"{MIGRATIONS_URL}_FILE": "/x", "WORKERS": "1"}
    stack = Stack(tmp_path, lines, settings)
    given = {
        program.name: {name for name in program.env if name.startswith(MIGRATIONS_URL)}
        for entry in stack._entries
        for program in stack._programs(entry)
    }
    assert given.pop("release") == {MIGRATIONS_URL, f"{MIGRATIONS_URL}_FILE"}
    assert set(map(len, given.values())) == {0}
