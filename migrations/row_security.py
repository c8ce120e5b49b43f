"""The second wall around a practice's rows, for migrations that make or open tables."""

from alembic import op

from shared.db.connection.engine import APPLICATION, OPERATOR, SEALER

# Empty after a transaction that had set it, NULL before the first: both must match no row.
_THIS_PRACTICE = "nullif(current_setting('app.practice', true), '')::uuid"
OWN_PRACTICE = f"practice_id = {_THIS_PRACTICE}"


def protect(table: str, rights: str, *, column: str = "practice_id") -> None:
    """Let the application use ``table`` within its own practice, and nobody else at all.

    ``rights`` is what the application needs: ``SELECT, INSERT``. Forced, so that it binds the
    tables' owner too: from then on a migration that reads or changes rows of the table (rather
    than its shape) must lift it with ``ALTER TABLE … NO FORCE ROW LEVEL SECURITY`` and put it
    back, for it would find none.
    """
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    own = f"{column} = {_THIS_PRACTICE}"
    op.execute(f"CREATE POLICY own_practice ON {table} TO {APPLICATION} USING ({own}) WITH CHECK ({own})")
    op.execute(f"GRANT {rights} ON {table} TO {APPLICATION}")


def open_to_operator(table: str, *rights: str) -> None:
    """Let the operator use ``table`` across practices; ``rights`` as ``SELECT (id, status)``."""
    for right in rights:
        verb = right.split(" ", 1)[0]
        checked = "" if verb in ("SELECT", "DELETE") else " WITH CHECK (true)"
        op.execute(
            f"CREATE POLICY operator_{verb.lower()} ON {table} FOR {verb} TO {OPERATOR} USING (true){checked}"
        )
        op.execute(f"GRANT {right} ON {table} TO {OPERATOR}")


def make_roles() -> None:
    """Make the three roles where they are missing, and let the migrating user take them.

    Roles belong to the whole cluster: another of our databases may have made them, and where
    the user may not make roles an administrator does so beforehand.
    """
    for statement in role_statements():
        op.execute(statement)


def role_statements() -> list[str]:
    """The statements of ``make_roles``: a dump holds no roles, so a restored one needs them before."""
    return [
        statement
        for role in (APPLICATION, OPERATOR, SEALER)
        for statement in (_MAKE_ROLE.format(role=role), f"GRANT USAGE ON SCHEMA public TO {role}")
    ]


# From Postgres 16 on, who makes a role may administer it, not yet take it; and whoever inherited
# from it would have its policies without taking it.
_MAKE_ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} NOLOGIN NOINHERIT;
    END IF;
    IF current_setting('server_version_num')::int < 160000 THEN
        IF NOT pg_has_role(current_user, '{role}', 'MEMBER') THEN
            EXECUTE format('GRANT {role} TO %I', current_user);
        END IF;
    ELSIF NOT pg_has_role(current_user, '{role}', 'SET') THEN
        EXECUTE format('GRANT {role} TO %I WITH INHERIT FALSE, SET TRUE', current_user);
    END IF;
END
$$
"""
