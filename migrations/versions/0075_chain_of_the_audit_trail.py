"""The chain of the audit trail: which lines follow which, proved by codes that only the key store can make."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import row_security

revision: str = "0075"
down_revision: str | None = "0072"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "audit_batches",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_transaction", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.Column("event_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("codes", sa.LargeBinary(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("practice_id", "number"),
    )
    op.create_index("audit_batches_by_time", "audit_batches", ["sealed_at"])
    op.create_index("audit_batches_by_last_line", "audit_batches", ["last_id"])
    # Codes and ids are random: compressing them costs time and gains nothing.
    for column in ("codes", "event_ids"):
        op.execute(f"ALTER TABLE audit_batches ALTER COLUMN {column} SET STORAGE EXTERNAL")
    row_security.protect("audit_batches", "SELECT")
    row_security.open_to_operator("audit_batches", "SELECT")
    op.execute(
        "CREATE POLICY operator_insert ON audit_batches FOR INSERT TO sessionscribe_operator WITH CHECK (true)"
    )
    op.execute("GRANT INSERT ON audit_batches TO sessionscribe_operator")
    # The dispatcher chains the lines of all practices at once: ids, codes and addresses, nothing clinical.
    row_security.open_to_operator("audit_events", "SELECT")
    for name, events, scope in (
        ("append_only", "UPDATE OR DELETE", "ROW"), ("never_emptied", "TRUNCATE", "STATEMENT")
    ):  # fmt: skip
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {events} ON audit_batches"
            f" FOR EACH {scope} EXECUTE FUNCTION refuse_change()"
        )
