"""Old lines of the audit trail may go by a rule, after six years, and a sealed row says that they did."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security

revision: str = "0112"
down_revision: str | None = "0111"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# Six years, two of which may be leap years. Postgres refuses to remove younger lines, for every role.
_LEAST = "interval '2192 days'"
_TABLES = (("audit_events", "at"), ("audit_batches", "sealed_at"))


def upgrade() -> None:
    op.create_table(
        "audit_removals",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("upto", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        sa.PrimaryKeyConstraint("practice_id", "number"),
    )
    row_security.protect("audit_removals", "SELECT, INSERT")
    row_security.open_to_operator("audit_removals", "SELECT")
    _append_only_but_for_what_is_old()


def _append_only_but_for_what_is_old() -> None:
    for table, column in _TABLES:
        op.execute(
            f"CREATE FUNCTION refuse_removal_of_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF OLD.{column} < now() - {_LEAST} THEN RETURN OLD; END IF;"
            " RAISE EXCEPTION 'the audit trail is append-only: lines stay for six years' USING ERRCODE = 'insufficient_privilege';"
            " END $$"
        )
        op.execute(f"DROP TRIGGER append_only ON {table}")
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER kept_for_years BEFORE DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION refuse_removal_of_{table}()"
        )
        op.execute(
            f"CREATE POLICY operator_delete ON {table} FOR DELETE TO sessionscribe_operator USING (true)"
        )
        op.execute(f"GRANT DELETE ON {table} TO sessionscribe_operator")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_removals"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER never_emptied BEFORE TRUNCATE ON audit_removals"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
