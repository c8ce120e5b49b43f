"""Webhooks: endpoints, messages, attempts."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import row_security

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def _moment(name: str, *, default: str | None = None, nullable: bool = True) -> sa.Column[sa.DateTime]:
    server_default = sa.text(default) if default else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=server_default, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("old_secret", sa.LargeBinary(), nullable=True),
        _moment("old_secret_until"),
        sa.Column("events", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("pause", sa.String(), nullable=True),
        _moment("paused_at"),
        _moment("failing_since"),
        _moment("created_at", default="now()", nullable=False),
        sa.CheckConstraint("(paused_at IS NULL) = (pause IS NULL)", name="pause_has_a_reason"),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("practice_id", "id"),
    )
    op.create_index("ix_webhook_endpoints_practice_id", "webhook_endpoints", ["practice_id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        _moment("created_at", default="now()", nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _moment("due_at", default="now()", nullable=False),
        _moment("ended_at"),
        sa.ForeignKeyConstraint(
            ["practice_id", "endpoint_id"], ["webhook_endpoints.practice_id", "webhook_endpoints.id"]
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("practice_id", "id"),
    )
    newest_first = [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")]
    op.create_index("webhook_deliveries_by_endpoint", "webhook_deliveries", ["endpoint_id", *newest_first])
    op.create_index(
        "webhook_deliveries_due",
        "webhook_deliveries",
        ["endpoint_id", "due_at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "webhook_attempts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        _moment("at", default="clock_timestamp()", nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["practice_id", "delivery_id"], ["webhook_deliveries.practice_id", "webhook_deliveries.id"]
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("webhook_attempts_by_delivery", "webhook_attempts", ["delivery_id", "id"])
    _walls()


def _walls() -> None:
    row_security.protect("webhook_endpoints", "SELECT, INSERT, UPDATE, DELETE")
    row_security.protect("webhook_deliveries", "SELECT, INSERT, UPDATE, DELETE")
    row_security.protect("webhook_attempts", "SELECT, INSERT, DELETE")
    op.execute("GRANT USAGE ON SEQUENCE webhook_attempts_id_seq TO sessionscribe_app")
    # Who delivers takes what is due of any practice, and then acts within that one.
    row_security.open_to_operator("webhook_endpoints", "SELECT (id, practice_id, pause)")
    row_security.open_to_operator(
        "webhook_deliveries",
        "SELECT (id, practice_id, endpoint_id, state, attempts, due_at, created_at, ended_at)",
        "UPDATE (due_at, attempts)",
        "DELETE",
    )
    row_security.open_to_operator("webhook_attempts", "SELECT (id, delivery_id, at)", "DELETE")
