"""The migrations where a database is not the first of its cluster, not empty, or its user not mighty."""

from contextlib import closing
from uuid import uuid4

import psycopg2
import pytest
from alembic import command
from sqlalchemy import text

import migrations
from embedded.postgres import DATABASE, OWNER, SUPERUSER, EmbeddedPostgres
from shared.db.connection.engine import APPLICATION, OPERATOR, SEALER, Database, DatabaseError
from tests.database import everything


def works(url: str) -> bool:
    """Whether both roles can be taken, and the wall stands."""
    mine, other = uuid4(), uuid4()
    with closing(Database(url, pool_size=1)) as database:
        with database.transaction(mine) as db:
            db.execute(text("INSERT INTO practices (id, name) VALUES (:id, 'Mine')"), {"id": mine})
        with database.transaction(other) as db:
            hidden = db.execute(text("SELECT count(*) FROM practices")).scalar_one() == 0
        with database.operating() as db:
            return hidden and mine in db.scalars(text("SELECT id FROM practices")).all()


def as_superuser(postgres: EmbeddedPostgres, *statements: str, database: str = DATABASE) -> None:
    with closing(
        psycopg2.connect(postgres.url_of(database, SUPERUSER).replace("+psycopg2", ""))
    ) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def test_a_second_database_of_a_cluster_shares_the_roles(postgres: EmbeddedPostgres) -> None:
    postgres.create_database("second")
    migrations.upgrade(postgres.url_of("second", OWNER))
    migrations.upgrade(postgres.url_of("second", OWNER))
    assert works(postgres.url_of("second"))
    as_superuser(postgres, "DROP DATABASE second")


def test_a_user_who_may_not_make_roles_migrates_where_they_are_made(postgres: EmbeddedPostgres) -> None:
    as_superuser(
        postgres,
        "CREATE ROLE plain LOGIN PASSWORD 'plain'",
        f"GRANT {APPLICATION}, {OPERATOR}, {SEALER} TO plain WITH INHERIT FALSE, SET TRUE",
        "CREATE DATABASE third OWNER plain",
    )
    address = postgres.url_of("third").split("@")[1]
    url = f"postgresql://plain:plain@{address}"
    migrations.upgrade(url)
    assert works(url)
    as_superuser(postgres, "DROP DATABASE third WITH (FORCE)", "DROP ROLE plain")


def test_a_database_with_records_gets_its_walls(postgres: EmbeddedPostgres) -> None:
    postgres.create_database("fourth")
    url = postgres.url_of("fourth")
    owner_url = postgres.url_of("fourth", OWNER)
    command.upgrade(migrations.configuration(owner_url), "0001")
    practice, person = uuid4(), uuid4()
    with everything(url) as db:
        values = {"practice": practice, "person": person, "key": uuid4()}
        db.execute(text("INSERT INTO practices (id, name) VALUES (:practice, 'Old')"), values)
        db.execute(
            text(
                "INSERT INTO therapists (id, practice_id, name, role)"
                " VALUES (:person, :practice, 'Office', 'administrator')"
            ),
            values,
        )
        db.execute(
            text(
                "INSERT INTO api_keys (id, practice_id, therapist_id, prefix, digest, label, scopes)"
                " VALUES (:key, :practice, :person, 'p', '', '', '{keys}')"
            ),
            values,
        )
    migrations.upgrade(owner_url)
    with closing(Database(url, pool_size=1)) as database:
        with database.transaction(practice) as db:
            assert db.scalars(text("SELECT scopes FROM api_keys")).all() == [
                ["keys", "therapists", "templates:write"]
            ]
        with database.transaction(uuid4()) as db:
            assert db.scalars(text("SELECT id FROM therapists")).all() == []
    as_superuser(postgres, "DROP DATABASE fourth WITH (FORCE)")


def test_consents_of_before_become_a_history_of_every_scope(postgres: EmbeddedPostgres) -> None:
    postgres.create_database("fifth")
    url, owner_url = postgres.url_of("fifth"), postgres.url_of("fifth", OWNER)
    command.upgrade(migrations.configuration(owner_url), "0062")
    values = {"practice": uuid4(), "person": uuid4(), "patient": uuid4(), "none": uuid4()}
    with everything(url) as db:
        db.execute(text("INSERT INTO practices (id, name) VALUES (:practice, 'Old')"), values)
        for statement in (
            "INSERT INTO therapists (id, practice_id, name, role)"
            " VALUES (:person, :practice, 'A', 'therapist')",
            "INSERT INTO patients (id, practice_id, therapist_id, name)"
            " VALUES (:none, :practice, :person, '')",
            "INSERT INTO patients (id, practice_id, therapist_id, name, consent_given_at, consent_method,"
            " consent_revoked_at)"
            " VALUES (:patient, :practice, :person, '', '2026-01-05', 'written', '2026-02-05')",
        ):
            db.execute(text(statement), values)
    migrations.upgrade(owner_url)
    with closing(Database(url, pool_size=1)) as database, database.transaction(values["practice"]) as db:
        rows = db.execute(text("SELECT patient_id, scope, event, at::date::text, method FROM consents"))
        assert {tuple(row) for row in rows} == {
            (values["patient"], scope, *rest)
            for scope in ("recording", "ai_notes", "sending_away")
            for rest in (("given", "2026-01-05", "written"), ("withdrawn", "2026-02-05", None))
        }
    as_superuser(postgres, "DROP DATABASE fifth WITH (FORCE)")


def test_before_the_migrations_nothing_is_answered_in_the_owners_name(postgres: EmbeddedPostgres) -> None:
    postgres.create_database("empty")
    with (
        closing(Database(postgres.url_of("empty"), pool_size=1)) as database,
        pytest.raises(DatabaseError),
        database.transaction(uuid4()) as db,
    ):
        db.execute(text("SELECT * FROM sessions"))
    as_superuser(postgres, "DROP DATABASE empty")
