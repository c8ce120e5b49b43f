"""People sign in: logins, browser sessions, invitations, failed tries."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations import row_security
from shared.db.connection.engine import OPERATOR

revision: str = "0045"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def _moment(name: str, *, given: bool = False) -> sa.Column[sa.DateTime]:
    """A point in time: now where ``given``, else nothing at first."""
    default = sa.text("now()") if given else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=not given)


def _person(column: str = "therapist_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["practice_id", column], ["therapists.practice_id", "therapists.id"])


def upgrade() -> None:
    op.create_table(
        "logins",
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("passphrase_hash", sa.String(), nullable=False),
        _moment("created_at", given=True),
        _moment("changed_at", given=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        _person(),
        sa.PrimaryKeyConstraint("therapist_id"),
        sa.UniqueConstraint("name"),
    )
    op.create_index("ix_logins_practice_id", "logins", ["practice_id"])
    op.create_table(
        "browser_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("agent", sa.LargeBinary(), nullable=False),
        _moment("created_at", given=True),
        _moment("seen_at", given=True),
        _moment("ended_at"),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        _person(),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index(
        "browser_sessions_by_person",
        "browser_sessions",
        ["therapist_id", sa.literal_column("created_at DESC")],
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        _moment("created_at", given=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _moment("used_at"),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"]),
        _person(),
        _person("created_by"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_invitations_therapist_id", "invitations", ["therapist_id"])
    op.create_table(
        "failed_tries",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        _moment("last_at", given=True),
        _moment("blocked_until"),
        sa.PrimaryKeyConstraint("subject"),
    )
    _walls()


def _walls() -> None:
    for table in ("logins", "browser_sessions", "invitations"):
        row_security.protect(table, "SELECT, INSERT, UPDATE, DELETE")
    # Before it is known whose cookie, name or code it is; hashes of passphrases stay out of reach.
    row_security.open_to_operator("logins", "SELECT (name, practice_id, therapist_id)")
    row_security.open_to_operator(
        "browser_sessions",
        "SELECT (id, practice_id, therapist_id, digest, created_at, seen_at, ended_at)",
        "UPDATE (seen_at)",
    )
    row_security.open_to_operator(
        "invitations", "SELECT (id, practice_id, therapist_id, digest, created_by, expires_at, used_at)"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON failed_tries TO {OPERATOR}")
