"""Sealing values anew under a later version of their key, for migrations that make sealed columns."""

from alembic import op

from migrations.row_security import OWN_PRACTICE
from shared.db.connection.engine import SEALER


def make_functions() -> None:
    """Make what tells the version of the key that sealed a value, and whether that version was retired."""
    op.execute(
        # As in shared.vault.sealing: the byte 1, or the byte 2 and the version in four bytes.
        "CREATE FUNCTION sealed_version(sealed bytea) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS $$"
        " SELECT CASE get_byte(sealed, 0) WHEN 2 THEN"
        " (get_byte(sealed, 1)::bigint << 24) + (get_byte(sealed, 2) << 16)"
        " + (get_byte(sealed, 3) << 8) + get_byte(sealed, 4) ELSE 1 END $$"
    )
    # Volatile: it looks at the moment of each row, not at that of the statement's beginning.
    op.execute(
        "CREATE FUNCTION is_under_retired_key(subject uuid, VARIADIC sealed bytea[]) RETURNS boolean"
        " LANGUAGE plpgsql VOLATILE AS $$"
        " DECLARE least bigint := (SELECT version FROM subject_rotations WHERE subject_id = subject);"
        " BEGIN RETURN least IS NOT NULL"
        " AND EXISTS (SELECT FROM unnest(sealed) AS one WHERE sealed_version(one) < least);"
        " END $$"
    )
    # The code says that the same may be tried again: by then it is sealed under the present version.
    op.execute(
        "CREATE FUNCTION refuse_retired_key() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'a value is sealed under a former version of its key'"
        " USING ERRCODE = 'lock_not_available';"
        " END $$"
    )


def allow(table: str, subject: str, *columns: str) -> None:
    """Let the sealer replace the values of these columns; refuse values under a retired key from all.

    After each row, when the transaction has its number: a rotation waits for all that have one.
    """
    listed = ", ".join(columns)
    op.execute(
        f"CREATE POLICY sealer ON {table} TO {SEALER} USING ({OWN_PRACTICE}) WITH CHECK ({OWN_PRACTICE})"
    )
    op.execute(f"GRANT SELECT, UPDATE ({listed}) ON {table} TO {SEALER}")
    values = ", ".join(f"NEW.{column}" for column in columns)
    op.execute(
        f"CREATE TRIGGER retired_key AFTER INSERT OR UPDATE OF {listed} ON {table} FOR EACH ROW"
        f" WHEN (is_under_retired_key(NEW.{subject}, {values})) EXECUTE FUNCTION refuse_retired_key()"
    )
